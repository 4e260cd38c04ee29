"""What the connections with a matrix of weights share."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from inferno.neural.base import Connection
from inferno.neural.connections.mixins import WeightBiasDelayMixin
from inferno.neural.kernels import sparse_linear, spike_linear
from inferno.neural.synapses.current import DeltaCurrent

__all__ = ["MatrixConnection"]


class MatrixConnection(WeightBiasDelayMixin, Connection):
    """A connection with weights of shape ``(O, I)``.

    Subclasses set ``_in_shape`` and ``_out_shape``.
    """

    _in_shape: tuple[int, ...]
    _out_shape: tuple[int, ...]

    @property
    def inshape(self) -> tuple[int, ...]:
        """Shape of one input sample."""
        return self._in_shape

    @property
    def outshape(self) -> tuple[int, ...]:
        """Shape of one output sample."""
        return self._out_shape

    @property
    def selector(self) -> Tensor:
        """Delays for reading the synapse, shape ``(B, I, O)``."""
        delay = self.delay
        delay = torch.zeros_like(self.weight) if delay is None else delay
        return delay.t().expand(self.batchsz, -1, -1)

    def like_input(self, data: Tensor) -> Tensor:
        """Reshapes ``(B, I)`` to ``(B, *inshape)``."""
        return data.view(-1, *self._in_shape)

    def like_bias(self, data: Tensor) -> Tensor:
        """Reshapes ``(O, 1)`` to ``(O,)``."""
        return data.view(-1)

    def like_synaptic(self, data: Tensor) -> Tensor:
        """Reshapes ``(B, *inshape)`` to ``(B, I)``."""
        return data.flatten(1)

    def postsyn_receptive(self, data: Tensor) -> Tensor:
        """Reshapes ``(B, *outshape)`` to ``(B, O, 1, 1)``."""
        return data.reshape(data.shape[0], -1, 1, 1)

    def presyn_receptive(self, data: Tensor) -> Tensor:
        """Reshapes ``(B, I)`` to ``(B, 1, I, 1)``, and ``(B, I, O)`` to ``(B, O, I, 1)``.

        Raises:
            ValueError: if ``data`` has another number of dimensions.
        """
        if data.ndim == 2:
            return data.reshape(data.shape[0], 1, -1, 1)
        if data.ndim == 3:
            return data.transpose(1, 2).unsqueeze(-1)
        raise ValueError(f"`data` must have 2 or 3 dimensions, got {data.ndim}")

    def forward(self, *inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the synapse by one step and maps its currents.

        Args:
            *inputs: inputs of the synapse, each of shape ``(B, *inshape)``.
            **kwargs: passed to the synapse.

        Returns:
            Currents in nA, shape ``(B, *outshape)``.
        """
        self._check_inputs(inputs)
        flat = [x.flatten(1) for x in inputs]
        delivered = self._delivered(flat)
        if delivered is not None:
            return delivered.view(-1, *self._out_shape)
        parameters = self._parameters
        weight, bias = parameters["weight_"], parameters.get("bias_")
        current = self._modules["synapse_"](*flat, **kwargs)  # type: ignore[misc]
        if self.delayedby:
            summed = self.synapse.delayed_sum(weight, parameters["delay_"])  # type: ignore[arg-type]
            if summed is None:
                summed = torch.einsum("bio,oi->bo", self.syncurrent, weight)
            result = summed if bias is None else summed + bias
        else:
            result = sparse_linear(current, weight, bias)  # type: ignore[arg-type,assignment]
            if result is None:
                result = F.linear(current, weight, bias)
        return result.view(-1, *self._out_shape)

    def _delivered(self, inputs: list[Tensor]) -> Tensor | None:
        """Advances the synapse and maps its spikes, where these are all there is to a step."""
        synapse, parameters = self._modules["synapse_"], self._parameters
        if not isinstance(synapse, DeltaCurrent) or "delay_" in parameters:
            return None
        delivered = synapse.deliver(inputs[0])
        if delivered is None:
            return None
        weight, bias = parameters["weight_"], parameters.get("bias_")
        result = spike_linear(*delivered, weight, bias)  # type: ignore[arg-type]
        if result is None:
            result = F.linear(synapse._to_current(delivered[0]), weight, bias)  # type: ignore[arg-type]
        return result
