"""Adaptation of currents and thresholds over one step."""

from __future__ import annotations

import torch
from torch import Tensor

from ._scalars import Scalar, decay_factor

__all__ = [
    "adaptive_currents_linear",
    "adaptive_thresholds_linear_spike",
    "adaptive_thresholds_linear_voltage",
    "apply_adaptive_currents",
    "apply_adaptive_thresholds",
]


def adaptive_currents_linear(
    adaptations: Tensor,
    voltages: Tensor,
    spikes: Tensor,
    *,
    step_time: Scalar,
    rest_v: Scalar,
    time_constant: Scalar,
    voltage_coupling: Scalar,
    spike_increment: Scalar,
    refracs: Tensor | None = None,
) -> Tensor:
    r"""Advances adaptation currents by one Euler step and adds the jumps of spikes.

    $$
    w_k \leftarrow w_k + \frac{\Delta t}{\tau_k}
    \left[ a_k (V - V_\text{rest}) - w_k \right] + b_k s
    $$

    Args:
        adaptations: adaptation currents in nA, shape ``(*shape, K)``.
        voltages: voltages in mV after the reset, shape ``([B], *shape)``.
        spikes: spikes of the step, like ``voltages``.
        step_time: length of the step in ms.
        rest_v: rest voltage in mV.
        time_constant: time constants in ms, broadcast against the last axis.
        voltage_coupling: couplings $a_k$ to the voltage in uS.
        spike_increment: jumps $b_k$ on a spike in nA.
        refracs: remaining refractory periods; where positive, the continuous part is held.

    Returns:
        Adaptation currents per sample, shape ``([B], *shape, K)``.
    """
    drift = voltage_coupling * (voltages - rest_v).unsqueeze(-1) - adaptations
    updated = adaptations + (step_time / time_constant) * drift
    return _hold(adaptations, updated, refracs) + spike_increment * spikes.unsqueeze(-1)


def adaptive_thresholds_linear_voltage(
    adaptations: Tensor,
    voltages: Tensor,
    *,
    step_time: Scalar,
    rest_v: Scalar,
    adapt_rate: Scalar,
    rebound_rate: Scalar,
    adapt_reset_min: Scalar | None = None,
    spikes: Tensor | None = None,
    refracs: Tensor | None = None,
) -> Tensor:
    r"""Advances voltage-dependent threshold adaptations by one Euler step.

    $$
    \theta_k \leftarrow \theta_k
    + \Delta t \left[ a_k (V - V_\text{rest}) - b_k \theta_k \right]
    $$

    Args:
        adaptations: threshold adaptations in mV, shape ``(*shape, K)``.
        voltages: voltages in mV, shape ``([B], *shape)``.
        step_time: length of the step in ms.
        rest_v: rest voltage in mV.
        adapt_rate: rates $a_k$ of adaptation in 1/ms.
        rebound_rate: rates $b_k$ of recovery in 1/ms.
        adapt_reset_min: lower limit applied where a neuron spikes, in mV.
        spikes: spikes of the step, like ``voltages``.
        refracs: remaining refractory periods; where positive, adaptations are held.

    Returns:
        Threshold adaptations per sample, shape ``([B], *shape, K)``.
    """
    drift = adapt_rate * (voltages - rest_v).unsqueeze(-1) - rebound_rate * adaptations
    updated = _hold(adaptations, adaptations + step_time * drift, refracs)
    if adapt_reset_min is None or spikes is None:
        return updated
    floor = torch.as_tensor(adapt_reset_min, dtype=updated.dtype, device=updated.device)
    return torch.where(spikes.unsqueeze(-1), torch.maximum(updated, floor), updated)


def adaptive_thresholds_linear_spike(
    adaptations: Tensor,
    spikes: Tensor,
    *,
    step_time: Scalar,
    time_constant: Scalar,
    spike_increment: Scalar,
    refracs: Tensor | None = None,
) -> Tensor:
    r"""Lets threshold adaptations decay by one step and adds the jumps of spikes.

    $$
    \theta_k \leftarrow \theta_k \, e^{-\Delta t / \tau_k} + d_k s
    $$

    Args:
        adaptations: threshold adaptations in mV, shape ``(*shape, K)``.
        spikes: spikes of the step, shape ``([B], *shape)``.
        step_time: length of the step in ms.
        time_constant: time constants in ms, broadcast against the last axis.
        spike_increment: jumps $d_k$ on a spike in mV.
        refracs: remaining refractory periods; where positive, adaptations do not decay.

    Returns:
        Threshold adaptations per sample, shape ``([B], *shape, K)``.
    """
    decayed = adaptations * decay_factor(step_time, time_constant)
    return _hold(adaptations, decayed, refracs) + spike_increment * spikes.unsqueeze(-1)


def apply_adaptive_currents(current: Tensor, adaptations: Tensor) -> Tensor:
    """Subtracts adaptation currents ``(*shape, K)`` from currents ``([B], *shape)``."""
    return current - adaptations.sum(-1)


def apply_adaptive_thresholds(threshold: Scalar, adaptations: Tensor) -> Tensor:
    """Adds threshold adaptations ``(*shape, K)`` to a threshold."""
    return threshold + adaptations.sum(-1)


def _hold(adaptations: Tensor, updated: Tensor, refracs: Tensor | None) -> Tensor:
    if refracs is None:
        return updated
    return torch.where((refracs > 0).unsqueeze(-1), adaptations, updated)
