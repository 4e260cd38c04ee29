"""Membrane voltage: integration of one step, and thresholding with reset and refractoriness."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ._scalars import Scalar, decay_factor

__all__ = [
    "voltage_integration_exponential",
    "voltage_integration_linear",
    "voltage_integration_quadratic",
    "voltage_thresholding_constant",
    "voltage_thresholding_linear",
]


def voltage_thresholding_constant(
    inputs: Tensor,
    refracs: Tensor,
    dynamics: Callable[[Tensor], Tensor],
    voltages: Tensor | None = None,
    *,
    step_time: Scalar,
    reset_v: Scalar,
    thresh_v: Scalar,
    refrac_t: Scalar,
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Advances voltages by one step and resets the neurons that spike to a constant.

    $$
    r' = \max(r - \Delta t, 0), \quad
    V' = f(I \, [r' = 0]), \quad
    s = [r' = 0] \, [V' \geq \Theta]
    $$

    Spiking neurons get $V \leftarrow V_\text{reset}$ and $r \leftarrow r_\text{abs}$.

    Args:
        inputs: presynaptic currents in nA, shape ``([B], *shape)``.
        refracs: remaining refractory periods in ms, like ``inputs``.
        dynamics: maps masked currents to the voltages after integration.
        voltages: voltages in mV held by refractory neurons; ``None`` lets their voltages evolve.
        step_time: length of the step in ms.
        reset_v: voltage after a spike, in mV.
        thresh_v: threshold in mV, broadcast against ``inputs``.
        refrac_t: length of the absolute refractory period in ms.

    Returns:
        Spikes (boolean), voltages and remaining refractory periods after the step.
    """
    spikes, integrated, refracs = _threshold(
        inputs, refracs, dynamics, voltages, step_time, thresh_v, refrac_t
    )
    return spikes, torch.where(spikes, reset_v, integrated), refracs


def voltage_thresholding_linear(
    inputs: Tensor,
    refracs: Tensor,
    dynamics: Callable[[Tensor], Tensor],
    voltages: Tensor | None = None,
    *,
    step_time: Scalar,
    rest_v: Scalar,
    v_slope: Scalar,
    v_intercept: Scalar,
    thresh_v: Scalar,
    refrac_t: Scalar,
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Advances voltages by one step and resets the neurons that spike in proportion to them.

    As `voltage_thresholding_constant`, with the reset

    $$
    V \leftarrow V_\text{rest} + m (V - V_\text{rest}) - b
    $$

    Args:
        inputs: presynaptic currents in nA, shape ``([B], *shape)``.
        refracs: remaining refractory periods in ms, like ``inputs``.
        dynamics: maps masked currents to the voltages after integration.
        voltages: voltages in mV held by refractory neurons; ``None`` lets their voltages evolve.
        step_time: length of the step in ms.
        rest_v: rest voltage in mV.
        v_slope: share $m$ of the deviation from rest that stays after a spike.
        v_intercept: amount $b$ subtracted after a spike, in mV.
        thresh_v: threshold in mV, broadcast against ``inputs``.
        refrac_t: length of the absolute refractory period in ms.

    Returns:
        Spikes (boolean), voltages and remaining refractory periods after the step.
    """
    spikes, integrated, refracs = _threshold(
        inputs, refracs, dynamics, voltages, step_time, thresh_v, refrac_t
    )
    reset_v = rest_v + v_slope * (integrated - rest_v) - v_intercept
    return spikes, torch.where(spikes, reset_v, integrated), refracs


def voltage_integration_linear(
    masked_inputs: Tensor,
    voltages: Tensor,
    *,
    step_time: Scalar,
    time_constant: Scalar,
    rest_v: Scalar,
    resistance: Scalar,
) -> Tensor:
    r"""Integrates a leaky membrane exactly, for a current that is constant over the step.

    $$
    V(t + \Delta t) = V_\text{rest} + (V(t) - V_\text{rest} - R I) e^{-\Delta t / \tau} + R I
    $$

    Args:
        masked_inputs: currents in nA, zero where a neuron is refractory.
        voltages: voltages in mV, like ``masked_inputs``.
        step_time: length of the step in ms.
        time_constant: membrane time constant in ms.
        rest_v: rest voltage in mV.
        resistance: membrane resistance in MOhm.

    Returns:
        Voltages after the step.
    """
    decay = decay_factor(step_time, time_constant)
    external = resistance * masked_inputs
    return rest_v + (voltages - rest_v - external) * decay + external


def voltage_integration_quadratic(
    masked_inputs: Tensor,
    voltages: Tensor,
    *,
    step_time: Scalar,
    rest_v: Scalar,
    crit_v: Scalar,
    affinity: Scalar,
    time_constant: Scalar,
    resistance: Scalar,
) -> Tensor:
    r"""Integrates a quadratic membrane by one Euler step.

    $$
    V(t + \Delta t) = V(t) + \frac{\Delta t}{\tau}
    \left[ a (V(t) - V_\text{rest}) (V(t) - V_\text{crit}) + R I \right]
    $$

    Args:
        masked_inputs: currents in nA, zero where a neuron is refractory.
        voltages: voltages in mV, like ``masked_inputs``.
        step_time: length of the step in ms.
        rest_v: rest voltage in mV.
        crit_v: critical voltage in mV, above which the neuron runs off towards a spike.
        affinity: strength $a$ of the attraction to rest and repulsion from critical.
        time_constant: membrane time constant in ms.
        resistance: membrane resistance in MOhm.

    Returns:
        Voltages after the step.
    """
    drift = affinity * (voltages - rest_v) * (voltages - crit_v)
    return voltages + (step_time / time_constant) * (drift + resistance * masked_inputs)


def voltage_integration_exponential(
    masked_inputs: Tensor,
    voltages: Tensor,
    *,
    step_time: Scalar,
    rest_v: Scalar,
    rheobase_v: Scalar,
    sharpness: Scalar,
    time_constant: Scalar,
    resistance: Scalar,
) -> Tensor:
    r"""Integrates an exponential membrane by one Euler step.

    $$
    V(t + \Delta t) = V(t) + \frac{\Delta t}{\tau} \left[ -(V(t) - V_\text{rest})
    + \Delta_T \exp \frac{V(t) - V_T}{\Delta_T} + R I \right]
    $$

    Args:
        masked_inputs: currents in nA, zero where a neuron is refractory.
        voltages: voltages in mV, like ``masked_inputs``.
        step_time: length of the step in ms.
        rest_v: rest voltage in mV.
        rheobase_v: voltage $V_T$ at which a spike takes off, in mV.
        sharpness: steepness $\Delta_T$ of the take-off, in mV.
        time_constant: membrane time constant in ms.
        resistance: membrane resistance in MOhm.

    Returns:
        Voltages after the step.
    """
    drift = sharpness * torch.exp((voltages - rheobase_v) / sharpness) - (voltages - rest_v)
    return voltages + (step_time / time_constant) * (drift + resistance * masked_inputs)


def _threshold(
    inputs: Tensor,
    refracs: Tensor,
    dynamics: Callable[[Tensor], Tensor],
    voltages: Tensor | None,
    step_time: Scalar,
    thresh_v: Scalar,
    refrac_t: Scalar,
) -> tuple[Tensor, Tensor, Tensor]:
    refracs = (refracs - step_time).clamp(min=0.0)
    active = refracs == 0
    integrated = dynamics(inputs * active)
    if voltages is not None:
        integrated = torch.where(active, integrated, voltages)
    spikes = active & (integrated >= thresh_v)
    return spikes, integrated, torch.where(spikes, refrac_t, refracs)
