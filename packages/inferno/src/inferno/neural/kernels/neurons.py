"""Fused steps of neurons."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .selection import accelerated, fit

__all__ = ["adapt_thresholds", "integrate_and_fire"]

Step = tuple[Tensor, Tensor, Tensor]


def integrate_and_fire(
    neuron: Any, inputs: Tensor, threshold: float, adaptations: Tensor | None, lock: bool
) -> Step | None:
    """Integrates, thresholds and resets; see `voltage_thresholding_constant` and its kin.

    Args:
        neuron: neurons, with their parameters as attributes.
        inputs: currents in nA, of the shape and type of the voltages.
        threshold: threshold without adaptation in mV.
        adaptations: threshold adaptations in mV, shape ``(*shape, K)``.
        lock: hold voltages during refractory periods.

    Returns:
        Spikes, voltages and refractory periods.
    """
    buffers = neuron._buffers
    voltage, refrac = buffers["_voltage__data"], buffers["_refrac__data"]
    loops = accelerated(voltage.dtype)
    if loops is None or not fit(inputs, voltage, refrac):
        return None
    if inputs.dtype != voltage.dtype or inputs.shape != voltage.shape:
        return None
    count, address = 0, voltage.data_ptr()
    if adaptations is not None:
        if not fit(adaptations) or adaptations.dtype != voltage.dtype:
            return None
        if adaptations.shape[:-1] != voltage.shape[1:]:
            return None
        count, address = adaptations.shape[-1], adaptations.data_ptr()
    if refrac.dtype != voltage.dtype or refrac.shape != voltage.shape:
        return None
    kind, first, second, factor, proportional, reset, slope = neuron._kernel_parameters()
    batch = voltage.shape[0]
    new_voltage, new_refrac = torch.empty_like(voltage), torch.empty_like(voltage)
    spikes = torch.empty_like(voltage, dtype=torch.bool)
    loops.integrate_and_fire(
        kind,
        batch,
        voltage.numel() // batch,
        count,
        inputs.data_ptr(),
        voltage.data_ptr(),
        refrac.data_ptr(),
        address,
        new_voltage.data_ptr(),
        new_refrac.data_ptr(),
        spikes.data_ptr(),
        threshold,
        neuron.step_time,
        neuron.rest_v,
        first,
        second,
        factor,
        neuron.resistance,
        neuron.refrac_t,
        proportional,
        reset,
        slope,
        lock,
    )
    return spikes, new_voltage, new_refrac


def adapt_thresholds(neuron: Any, spikes: Tensor, decay: Tensor, lock: bool) -> Tensor | None:
    """Adapts thresholds and averages over the batch; see `adaptive_thresholds_linear_spike`.

    Args:
        neuron: neurons, with their parameters as attributes.
        spikes: spikes of the step, shape ``(B, *shape)``.
        decay: shares of the adaptations that are left after a step, shape ``(K,)``.
        lock: hold adaptations during refractory periods.

    Returns:
        Threshold adaptations.
    """
    if neuron._adaptation_reduction is not torch.mean or spikes.dtype != torch.bool:
        return None
    buffers = neuron._buffers
    adaptations, refrac = buffers["threshold_adaptation_"], buffers["_refrac__data"]
    increment = buffers["adapt_increment"]
    loops = accelerated(adaptations.dtype)
    if loops is None or not fit(adaptations, refrac, increment, spikes):
        return None
    if refrac.dtype != adaptations.dtype or increment.dtype != adaptations.dtype:
        return None
    if decay.dtype != adaptations.dtype or not fit(decay):
        return None
    if spikes.shape != refrac.shape or spikes.shape[1:] != adaptations.shape[:-1]:
        return None
    if not decay.shape == increment.shape == adaptations.shape[-1:]:
        return None
    updated = torch.empty_like(adaptations)
    batch, count = spikes.shape[0], adaptations.shape[-1]
    loops.adapt(
        batch,
        spikes.numel() // batch,
        count,
        adaptations.data_ptr(),
        updated.data_ptr(),
        spikes.data_ptr(),
        refrac.data_ptr(),
        decay.data_ptr(),
        increment.data_ptr(),
        lock,
    )
    return updated
