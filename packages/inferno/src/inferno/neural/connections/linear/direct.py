"""One-to-one connections."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from inferno.neural.base import Connection, SynapseConstructor
from inferno.neural.connections.mixins import Initializer, WeightBiasDelayMixin
from inferno.neural.mixins import check_shape_argument
from inferno.neural.synapses.current import DeltaCurrent
from synaptensor.validation import check_callable

__all__ = ["LinearDirect"]


class LinearDirect(WeightBiasDelayMixin, Connection):
    r"""Connects every input with the output at its place.

    $$
    y_n = W_n \, I_n(t - d_n) + b_n
    $$

    Args:
        shape: shape of one input and output sample; an integer means one dimension.
        step_time: length of a simulated step in ms.
        synapse: constructor of the synapse.
        bias: whether there are biases $b$.
        delay: longest delay $d$ in ms; ``None`` for a connection without delays.
        batch_size: number of samples simulated side by side.
        weight_init: function of the weights, ``(N,)``, that returns initial weights.
        bias_init: function of the biases, ``(N,)``, that returns initial biases.
        delay_init: function of the delays, ``(N,)``, that returns initial delays.

    Raises:
        ValueError: if a size, time or delay is out of range.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        synapse: SynapseConstructor,
        bias: bool = False,
        delay: float | None = None,
        batch_size: int = 1,
        weight_init: Initializer | None = None,
        bias_init: Initializer | None = None,
        delay_init: Initializer | None = None,
    ) -> None:
        shape = check_shape_argument("shape", shape)
        size = math.prod(shape)
        longest = 0.0 if delay is None else delay
        check_callable("synapse", synapse)
        Connection.__init__(self, synapse((size,), step_time, longest, batch_size))
        self._shape = shape
        self._create_parameters((size,), (size,), bias, delay is not None)
        self._initialize_parameters(weight=weight_init, bias=bias_init, delay=delay_init)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input and output sample."""
        return self._shape

    @property
    def inshape(self) -> tuple[int, ...]:
        """Shape of one input sample."""
        return self._shape

    @property
    def outshape(self) -> tuple[int, ...]:
        """Shape of one output sample."""
        return self._shape

    @property
    def selector(self) -> Tensor:
        """Delays for reading the synapse, shape ``(B, N, 1)``."""
        delay = self.delay
        delay = torch.zeros_like(self.weight) if delay is None else delay
        return delay.expand(self.batchsz, -1).unsqueeze(-1)

    def like_input(self, data: Tensor) -> Tensor:
        """Reshapes ``(B, N)`` to ``(B, *shape)``."""
        return data.view(-1, *self._shape)

    def like_bias(self, data: Tensor) -> Tensor:
        """Reshapes ``(N,)`` to ``(N,)``."""
        return data.view(-1)

    def like_synaptic(self, data: Tensor) -> Tensor:
        """Reshapes ``(B, *shape)`` to ``(B, N)``."""
        return data.flatten(1)

    def postsyn_receptive(self, data: Tensor) -> Tensor:
        """Reshapes ``(B, *shape)`` to ``(B, N, 1)``."""
        return data.reshape(data.shape[0], -1, 1)

    def presyn_receptive(self, data: Tensor) -> Tensor:
        """Reshapes ``(B, N)`` and ``(B, N, 1)`` to ``(B, N, 1)``.

        Raises:
            ValueError: if ``data`` has another number of dimensions.
        """
        if data.ndim not in (2, 3):
            raise ValueError(f"`data` must have 2 or 3 dimensions, got {data.ndim}")
        return data.reshape(data.shape[0], -1, 1)

    def forward(self, *inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the synapse by one step and maps its currents.

        Args:
            *inputs: inputs of the synapse, each of shape ``(B, *shape)``.
            **kwargs: passed to the synapse.

        Returns:
            Currents in nA, shape ``(B, *shape)``.
        """
        parameters, synapse = self._parameters, self._modules["synapse_"]
        self._check_inputs(inputs)
        flat = [x.flatten(1) for x in inputs]
        delivered = None
        if isinstance(synapse, DeltaCurrent) and "delay_" not in parameters:
            delivered = synapse.deliver(flat[0])
        if delivered is None:
            current = synapse(*flat, **kwargs)  # type: ignore[misc]
        else:
            current = synapse._to_current(delivered[0])  # type: ignore[union-attr,operator]
        if self.delayedby:
            current = self.syncurrent.squeeze(-1)
        result = current * parameters["weight_"]
        bias = parameters.get("bias_")
        if bias is not None:
            result = result + bias
        return result.view(-1, *self._shape)
