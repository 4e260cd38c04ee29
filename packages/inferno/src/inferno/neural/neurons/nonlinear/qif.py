"""Quadratic integrate-and-fire neurons."""

from __future__ import annotations

from collections.abc import Sequence

from .membrane import QuadraticNeuron

__all__ = ["QIF"]


class QIF(QuadraticNeuron):
    r"""Quadratic integrate-and-fire neurons.

    $$
    \tau \frac{dV}{dt} = a (V - V_\text{rest}) (V - V_c) + R I
    $$

    Args:
        shape: shape of the group; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        rest_v: rest voltage in mV.
        crit_v: critical voltage $V_c$ in mV, above which a spike takes off.
        affinity: strength $a$ of the attraction to rest and repulsion from critical.
        reset_v: voltage after a spike in mV.
        thresh_v: threshold in mV.
        refrac_t: length of the absolute refractory period in ms.
        time_constant: membrane time constant $\tau$ in ms.
        resistance: membrane resistance $R$ in MOhm.
        batch_size: number of samples simulated side by side.

    Raises:
        ValueError: if a size, time, time constant or resistance is out of range, or
            ``rest_v < crit_v <= thresh_v`` or ``reset_v < thresh_v`` does not hold.

    Reference:
        *Neuronal Dynamics*, Gerstner, Kistler, Naud and Paninski (2014), section 5.3.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        rest_v: float,
        crit_v: float,
        affinity: float,
        reset_v: float,
        thresh_v: float,
        refrac_t: float,
        time_constant: float,
        resistance: float = 1.0,
        batch_size: int = 1,
    ) -> None:
        QuadraticNeuron.__init__(
            self,
            shape,
            step_time,
            rest_v,
            crit_v,
            affinity,
            reset_v,
            thresh_v,
            refrac_t,
            time_constant,
            resistance,
            batch_size,
        )
