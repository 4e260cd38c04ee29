"""All-to-all connections."""

from __future__ import annotations

import math
from collections.abc import Sequence

from inferno.neural.base import Connection, SynapseConstructor
from inferno.neural.connections.mixins import Initializer
from inferno.neural.mixins import check_shape_argument
from synaptensor.validation import check_callable

from .matrix import MatrixConnection

__all__ = ["LinearDense"]


class LinearDense(MatrixConnection):
    r"""Connects every input with every output.

    $$
    y_o = \sum_i W_{oi} \, I_i(t - d_{oi}) + b_o
    $$

    Args:
        in_shape: shape of one input sample; an integer means one dimension.
        out_shape: shape of one output sample; an integer means one dimension.
        step_time: length of a simulated step in ms.
        synapse: constructor of the synapse.
        bias: whether there are biases $b$.
        delay: longest delay $d$ in ms; ``None`` for a connection without delays.
        batch_size: number of samples simulated side by side.
        weight_init: function of the weights, ``(O, I)``, that returns initial weights.
        bias_init: function of the biases, ``(O,)``, that returns initial biases.
        delay_init: function of the delays, ``(O, I)``, that returns initial delays.

    Raises:
        ValueError: if a size, time or delay is out of range.
    """

    def __init__(
        self,
        in_shape: Sequence[int] | int,
        out_shape: Sequence[int] | int,
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
        in_shape = check_shape_argument("in_shape", in_shape)
        out_shape = check_shape_argument("out_shape", out_shape)
        insize, outsize = math.prod(in_shape), math.prod(out_shape)
        longest = 0.0 if delay is None else delay
        check_callable("synapse", synapse)
        Connection.__init__(self, synapse((insize,), step_time, longest, batch_size))
        self._in_shape, self._out_shape = in_shape, out_shape
        self._create_parameters((outsize, insize), (outsize,), bias, delay is not None)
        self._initialize_parameters(weight=weight_init, bias=bias_init, delay=delay_init)

    @property
    def in_shape(self) -> tuple[int, ...]:
        """Shape of one input sample."""
        return self._in_shape

    @property
    def out_shape(self) -> tuple[int, ...]:
        """Shape of one output sample."""
        return self._out_shape
