"""Exponential integrate-and-fire neurons."""

from __future__ import annotations

from collections.abc import Sequence

from .membrane import ExponentialNeuron

__all__ = ["EIF"]


class EIF(ExponentialNeuron):
    r"""Exponential integrate-and-fire neurons.

    $$
    \tau \frac{dV}{dt} = -(V - V_\text{rest}) + \Delta_T e^{(V - V_T) / \Delta_T} + R I
    $$

    Args:
        shape: shape of the group; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        rest_v: rest voltage in mV.
        rheobase_v: voltage $V_T$ at which a spike takes off in mV.
        sharpness: steepness $\Delta_T$ of the take-off in mV.
        reset_v: voltage after a spike in mV.
        thresh_v: threshold in mV.
        refrac_t: length of the absolute refractory period in ms.
        time_constant: membrane time constant $\tau$ in ms.
        resistance: membrane resistance $R$ in MOhm.
        batch_size: number of samples simulated side by side.

    Raises:
        ValueError: if a size, time, time constant or resistance is out of range, or
            ``rest_v < rheobase_v <= thresh_v`` or ``reset_v < thresh_v`` does not hold.

    Reference:
        *Neuronal Dynamics*, Gerstner, Kistler, Naud and Paninski (2014), section 5.2.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        rest_v: float,
        rheobase_v: float,
        sharpness: float,
        reset_v: float,
        thresh_v: float,
        refrac_t: float,
        time_constant: float,
        resistance: float = 1.0,
        batch_size: int = 1,
    ) -> None:
        ExponentialNeuron.__init__(
            self,
            shape,
            step_time,
            rest_v,
            rheobase_v,
            sharpness,
            reset_v,
            thresh_v,
            refrac_t,
            time_constant,
            resistance,
            batch_size,
        )
