"""Thresholding with spikes through which gradients flow."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ._scalars import Scalar

__all__ = ["voltage_thresholding_surrogate"]


def voltage_thresholding_surrogate(
    inputs: Tensor,
    refracs: Tensor,
    dynamics: Callable[[Tensor], Tensor],
    voltages: Tensor | None = None,
    *,
    step_time: Scalar,
    reset_v: float | Callable[[Tensor], Tensor],
    thresh_v: Scalar,
    refrac_t: Scalar,
    surrogate: Callable[[Tensor], Tensor],
    scale: float,
    detach_reset: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Advances voltages by one step, with spikes that have gradients.

    The numbers are those of `voltage_thresholding_constant` and `voltage_thresholding_linear`.
    With the surrogate $\sigma$ of the Heaviside step,

    $$
    s = [r' = 0] \, \sigma \! \left( \frac{V' - \Theta}{c} \right), \quad
    V = V' + s \, (V_\text{reset}(V') - V')
    $$

    Remaining refractory periods have no gradient.

    Args:
        inputs: presynaptic currents in nA, shape ``([B], *shape)``.
        refracs: remaining refractory periods in ms, like ``inputs``.
        dynamics: maps masked currents to the voltages after integration.
        voltages: voltages in mV held by refractory neurons; ``None`` lets their voltages evolve.
        step_time: length of the step in ms.
        reset_v: voltage after a spike in mV, or a function of the voltages that gives it.
        thresh_v: threshold in mV, broadcast against ``inputs``.
        refrac_t: length of the absolute refractory period in ms.
        surrogate: spike function, such as a `Surrogate`.
        scale: voltage $c$ that the surrogate takes for one, in mV.
        detach_reset: let no gradient flow through the choice between reset and not.

    Returns:
        Spikes (0 or 1, in the type of the voltages), voltages and remaining refractory periods.

    Reference:
        Neftci, Mostafa and Zenke (2019), IEEE Signal Processing Magazine 36, 51-63.
    """
    refracs = (refracs - step_time).clamp(min=0.0)
    active = refracs == 0
    integrated = dynamics(inputs * active)
    if voltages is not None:
        integrated = torch.where(active, integrated, voltages)
    excess = (integrated - thresh_v) / scale
    spikes = surrogate(excess) * active
    reset = reset_v(integrated) if callable(reset_v) else integrated.new_full((), reset_v)
    gate = spikes.detach() if detach_reset else spikes
    refracs = torch.where(active & (excess >= 0), refrac_t, refracs)
    # `lerp` gives its ends exactly, so that voltages after a spike are those of the hard step
    return spikes, torch.lerp(integrated, reset, gate), refracs
