"""Generalized leaky integrate-and-fire neurons of the first kind."""

from __future__ import annotations

from collections.abc import Sequence

from .membrane import LinearNeuron

__all__ = ["GLIF1"]


class GLIF1(LinearNeuron):
    r"""Generalized leaky integrate-and-fire neurons 1: plain leaky neurons.

    $$
    V(t + \Delta t) = V_\text{rest} + (V(t) - V_\text{rest} - R I) e^{-\Delta t / \tau} + R I
    $$

    Args:
        shape: shape of the group; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        rest_v: rest voltage in mV.
        reset_v: voltage after a spike in mV.
        thresh_v: threshold in mV.
        refrac_t: length of the absolute refractory period in ms.
        time_constant: membrane time constant $\tau$ in ms.
        resistance: membrane resistance $R$ in MOhm.
        batch_size: number of samples simulated side by side.

    Raises:
        ValueError: if a size, time, time constant or resistance is out of range, or
            ``rest_v`` or ``reset_v`` does not lie under ``thresh_v``.

    Reference:
        Teeter et al. (2018), Nature Communications 9, 709.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        rest_v: float,
        reset_v: float,
        thresh_v: float,
        refrac_t: float,
        time_constant: float,
        resistance: float = 1.0,
        batch_size: int = 1,
    ) -> None:
        LinearNeuron.__init__(
            self,
            shape,
            step_time,
            rest_v,
            reset_v,
            thresh_v,
            refrac_t,
            time_constant,
            resistance,
            batch_size,
        )
