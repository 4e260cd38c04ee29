"""A connection and its neurons in one fused loop.

Most layers have a matrix of weights, synapses that deliver charges at once, and neurons with
one of the fused dynamics. For these a step is one call of a compiled loop, in place of a dozen
of functions and modules. The numbers are the same.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from inferno.core.module import unhooked
from inferno.neural.connections.linear import LinearDense, LinearDirect, LinearLateral
from inferno.neural.kernels import SPARSE, accelerated, fit
from inferno.neural.neurons.stepping import SteppingNeuron, ThresholdAdaptingNeuron
from inferno.neural.synapses.current import DeltaCurrent

__all__ = ["fused_step"]


_forms: dict[tuple[type, type], tuple[bool, bool] | None] = {}


def _form(connection: type, neuron: type) -> tuple[bool, bool] | None:
    """Whether weights belong to single neurons, and thresholds adapt; ``None`` if not fused."""
    plain = neuron.forward is SteppingNeuron.forward  # type: ignore[attr-defined]
    adaptive = neuron.forward is ThresholdAdaptingNeuron.forward  # type: ignore[attr-defined]
    if connection not in (LinearDense, LinearDirect, LinearLateral) or not (plain or adaptive):
        return None
    if not neuron._fused or neuron._fire is not SteppingNeuron._fire:  # type: ignore[attr-defined]
        return None
    if adaptive and neuron._adapt is not ThresholdAdaptingNeuron._adapt:  # type: ignore[attr-defined]
        return None
    return connection is LinearDirect, adaptive


def fused_step(connection: Any, neuron: Any, inputs: Tensor) -> Tensor | None:
    """Advances a connection and the neurons behind it by one step.

    Args:
        connection: the connection.
        neuron: neurons that receive its output as it is.
        inputs: spikes, boolean, shape ``(B, *inshape)``.

    Returns:
        Spikes of the neurons; ``None``, without a step, where the modules have to be called.
    """
    if torch.compiler.is_compiling():
        return None
    types = type(connection), type(neuron)
    if types not in _forms:
        _forms[types] = _form(*types)
    form = _forms[types]
    if form is None or inputs.dtype is not torch.bool or neuron._surrogate is not None:
        return None
    parameters, synapse = connection._parameters, connection._modules["synapse_"]
    if "delay_" in parameters or type(synapse) is not DeltaCurrent:
        return None
    weight, bias = parameters["weight_"], parameters.get("bias_")
    loops = accelerated(weight.dtype)
    if loops is None or not unhooked(connection, synapse, neuron):
        return None
    buffers = neuron._buffers
    voltage, refrac = buffers["_voltage__data"], buffers["_refrac__data"]
    tensors = (inputs, weight, voltage, refrac) if bias is None else (
        inputs, weight, voltage, refrac, bias,
    )  # fmt: skip
    direct, adaptive = form
    batch, total = voltage.shape[0], voltage.numel()
    size = total // batch
    insize = size if direct else weight.shape[1]
    if (
        not fit(*tensors)
        or not voltage.dtype is refrac.dtype is weight.dtype
        or inputs.shape[0] != batch
        or inputs.numel() != batch * insize
        or voltage.shape != refrac.shape
        or weight.shape[0] != size
    ):
        return None
    count, adaptation, adapted, decay, increment = 0, 0, 0, 0, 0
    if adaptive:
        held = _adaptation(neuron, weight.dtype)
        if held is None:
            return None
        adaptations, updated, constants = held
        count, adaptation = adaptations.shape[-1], adaptations.data_ptr()
        if updated is not None:
            adapted, decay, increment = (
                updated.data_ptr(), constants[0].data_ptr(), constants[1].data_ptr(),
            )  # fmt: skip
    record = synapse.spike_
    turn = record.turn(synapse._inplace)
    if turn is None or turn[1].numel() != batch * insize:
        return None
    newest, slot = turn
    kind, first, second, factor, proportional, reset, slope = neuron._kernel_parameters()
    new_voltage, new_refrac = torch.empty_like(voltage), torch.empty_like(voltage)
    spikes = torch.empty_like(voltage, dtype=torch.bool)
    done = loops.layer_step(
        direct, batch, insize, size, inputs.data_ptr(), slot.data_ptr(),
        synapse.spike_charge / synapse._step_time, weight.data_ptr(),
        0 if bias is None else bias.data_ptr(), int(batch * insize * SPARSE) + 1,
        kind, count, voltage.data_ptr(), refrac.data_ptr(), adaptation,
        new_voltage.data_ptr(), new_refrac.data_ptr(), spikes.data_ptr(),
        neuron.thresh_eq_v if adaptive else neuron.thresh_v, neuron.step_time, neuron.rest_v,
        first, second, factor, neuron.resistance, neuron.refrac_t, proportional, reset, slope,
        adapted, decay, increment,
    )  # fmt: skip
    if not done:
        return None
    # in a record of one slot the newest is the next, and the pointer stays
    if newest is not slot:
        record.incr(1)
    buffers["_voltage__data"], buffers["_refrac__data"] = new_voltage, new_refrac
    buffers["_spike_mask"] = spikes
    if adapted:
        buffers["threshold_adaptation_"] = updated
    return spikes


def _adaptation(
    neuron: Any, dtype: torch.dtype
) -> tuple[Tensor, Tensor | None, tuple[Tensor, ...]] | None:
    """Adaptations, where they go after the step, and what they decay and rise by."""
    adaptations = neuron._buffers["threshold_adaptation_"]
    if adaptations.dtype is not dtype or not fit(adaptations):
        return None
    if not neuron.training:
        return adaptations, None, ()
    decay, increment = neuron._decay(), neuron._buffers["adapt_increment"]
    if neuron._adaptation_reduction is not torch.mean or not fit(decay, increment):
        return None
    if not decay.dtype is increment.dtype is dtype:
        return None
    return adaptations, torch.empty_like(adaptations), (decay, increment)
