"""All-to-all-but-self connections."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from inferno.neural.base import Connection, SynapseConstructor
from inferno.neural.connections.mixins import Initializer
from inferno.neural.mixins import check_shape_argument
from synaptensor.validation import check_callable

from .matrix import MatrixConnection

__all__ = ["LinearLateral"]


class LinearLateral(MatrixConnection):
    r"""Connects every input with every output but its own.

    $$
    y_o = \sum_{i \neq o} W_{oi} \, I_i(t - d_{oi}) + b_o
    $$

    Assigned weights and delays are masked, so that their diagonal stays zero.

    Args:
        shape: shape of one input and output sample; an integer means one dimension.
        step_time: length of a simulated step in ms.
        synapse: constructor of the synapse.
        bias: whether there are biases $b$.
        delay: longest delay $d$ in ms; ``None`` for a connection without delays.
        batch_size: number of samples simulated side by side.
        weight_init: function of the weights, ``(N, N)``, that returns initial weights.
        bias_init: function of the biases, ``(N,)``, that returns initial biases.
        delay_init: function of the delays, ``(N, N)``, that returns initial delays.

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
        self._in_shape = self._out_shape = shape
        self._create_parameters((size, size), (size,), bias, delay is not None)
        self.register_buffer("mask", 1 - torch.eye(size), persistent=False)
        self.weight = self.weight
        self._initialize_parameters(weight=weight_init, bias=bias_init, delay=delay_init)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input and output sample."""
        return self._in_shape

    @property
    def weight(self) -> Tensor:
        """Weights; assigned values are masked, writing in place is not."""
        return self._parameters["weight_"]  # type: ignore[return-value]

    @weight.setter
    def weight(self, value: Tensor) -> None:
        self._replace_parameter("weight_", value * self.mask)

    @property
    def delay(self) -> Tensor | None:
        """Delays in ms, if any; assigned values are masked, writing in place is not."""
        return self._parameters.get("delay_")

    @delay.setter
    def delay(self, value: Tensor) -> None:
        self._replace_parameter("delay_", value * self.mask)
