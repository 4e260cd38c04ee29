"""A connection and its neurons in one fused loop.

Most layers have a matrix of weights, synapses that deliver charges at once, and neurons with
one of the fused dynamics. For these a step is one call of a compiled loop, in place of a dozen
of functions and modules. The numbers are the same.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from inferno.core.module import unhooked
from inferno.neural.connections.linear import LinearDense, LinearDirect, LinearLateral
from inferno.neural.kernels import SPARSE, accelerated, fit
from inferno.neural.neurons.stepping import SteppingNeuron, ThresholdAdaptingNeuron
from inferno.neural.synapses.current import DeltaCurrent

__all__ = ["fused_step"]


State = tuple[Tensor | None, Tensor | None, tuple[Tensor, ...]]
_UNCHANGED: State = (None, None, ())


@cache
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
    form = None if torch.compiler.is_compiling() else _form(type(connection), type(neuron))  # type: ignore[arg-type]
    if form is None or inputs.dtype is not torch.bool or neuron._surrogate is not None:
        return None
    loops = _loops(connection, neuron)
    if loops is None or not _fitting(connection, neuron, inputs, form[0]):
        return None
    buffers, weight = neuron._buffers, connection._parameters["weight_"]
    adaptation = _adaptation(neuron, weight.dtype) if form[1] else _UNCHANGED
    if adaptation is None:
        return None
    synapse = connection._modules["synapse_"]
    record = synapse.spike_
    turn = record.turn(synapse._inplace)
    if turn is None or turn[1].numel() != inputs.numel():
        return None
    newest, slot = turn
    voltage = buffers["_voltage__data"]
    after = (
        torch.empty_like(voltage),
        torch.empty_like(voltage),
        torch.empty_like(voltage, dtype=torch.bool),
    )
    if not _run(loops, connection, neuron, inputs, slot, form, adaptation, after):
        return None
    # in a record of one slot the newest is the next, and the pointer stays
    if newest is not slot:
        record.incr(1)
    buffers["_voltage__data"], buffers["_refrac__data"], buffers["_spike_mask"] = after
    if adaptation[1] is not None:
        buffers["threshold_adaptation_"] = adaptation[1]
    return after[2]


def _loops(connection: Any, neuron: Any) -> Any:
    """The loops, if nobody but the three modules takes part and spikes arrive at once."""
    parameters, synapse = connection._parameters, connection._modules["synapse_"]
    if "delay_" in parameters or type(synapse) is not DeltaCurrent:
        return None
    loops = accelerated(parameters["weight_"].dtype)
    return loops if loops is not None and unhooked(connection, synapse, neuron) else None


def _fitting(connection: Any, neuron: Any, inputs: Tensor, direct: bool) -> bool:
    """Whether all tensors are of the sizes and the type that the loop takes them for."""
    parameters, buffers = connection._parameters, neuron._buffers
    weight, bias = parameters["weight_"], parameters.get("bias_")
    voltage, refrac = buffers["_voltage__data"], buffers["_refrac__data"]
    if not fit(inputs, weight, voltage, refrac) or not (bias is None or fit(bias)):
        return False
    batch, size = voltage.shape[0], weight.shape[0]
    insize = size if direct else weight.shape[1]
    return (
        voltage.dtype is refrac.dtype is weight.dtype
        and inputs.shape[0] == batch
        and inputs.numel() == batch * insize
        and voltage.shape == refrac.shape
        and voltage.numel() == batch * size
    )


def _run(
    loops: Any,
    connection: Any,
    neuron: Any,
    inputs: Tensor,
    slot: Tensor,
    form: tuple[bool, bool],
    adaptation: State,
    after: tuple[Tensor, Tensor, Tensor],
) -> bool:
    """Calls the loop; false if there are too many spikes for it."""
    direct, adaptive = form
    parameters, buffers = connection._parameters, neuron._buffers
    weight, bias = parameters["weight_"], parameters.get("bias_")
    voltage, synapse = buffers["_voltage__data"], connection._modules["synapse_"]
    batch, total, size = voltage.shape[0], inputs.numel(), weight.shape[0]
    count, theta, adapted, decay, increment = 0, 0, 0, 0, 0
    if adaptation[0] is not None:
        count, theta = adaptation[0].shape[-1], adaptation[0].data_ptr()
    if adaptation[1] is not None:
        adapted = adaptation[1].data_ptr()
        decay, increment = adaptation[2][0].data_ptr(), adaptation[2][1].data_ptr()
    kind, first, second, factor, proportional, reset, slope = neuron._kernel_parameters()
    done: bool = loops.layer_step(
        direct, batch, total // batch, size, inputs.data_ptr(), slot.data_ptr(),
        synapse.spike_charge / synapse._step_time, weight.data_ptr(),
        0 if bias is None else bias.data_ptr(), int(total * SPARSE) + 1,
        kind, count, voltage.data_ptr(), buffers["_refrac__data"].data_ptr(), theta,
        after[0].data_ptr(), after[1].data_ptr(), after[2].data_ptr(),
        neuron.thresh_eq_v if adaptive else neuron.thresh_v, neuron.step_time, neuron.rest_v,
        first, second, factor, neuron.resistance, neuron.refrac_t, proportional, reset, slope,
        adapted, decay, increment,
    )  # fmt: skip
    return done


def _adaptation(neuron: Any, dtype: torch.dtype) -> State | None:
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
