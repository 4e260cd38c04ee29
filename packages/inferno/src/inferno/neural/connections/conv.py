"""Convolutional connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from inferno._internal import argtest
from inferno.neural.base import Connection, SynapseConstructor
from synaptensor.validation import check_callable

from .mixins import Initializer, WeightBiasDelayMixin

__all__ = ["Conv2D"]


class Conv2D(WeightBiasDelayMixin, Connection):
    r"""Connects patches of an image with the outputs of filters.

    $$
    y_{fl} = \sum_q W_{fq} \, I_{ql}(t - d_{fq}) + b_f
    $$

    with $q$ the elements of a patch (channel, row, column) and $l$ the patches. The
    synapse holds its state per patch, so padding comes before the synapse.

    Args:
        height: height of the input.
        width: width of the input.
        channels: number of input channels.
        filters: number of filters.
        step_time: length of a simulated step in ms.
        kernel: size of the patches, one integer or a pair.
        stride: distance between patches, one integer or a pair.
        padding: zeros added on each side, one integer or a pair.
        dilation: distance between elements of a patch, one integer or a pair.
        synapse: constructor of the synapse.
        bias: whether there are biases $b$.
        delay: longest delay $d$ in ms; ``None`` for a connection without delays.
        batch_size: number of samples simulated side by side.
        weight_init: function of the weights, ``(F, C, kH, kW)``, that returns initial weights.
        bias_init: function of the biases, ``(F,)``, that returns initial biases.
        delay_init: function of the delays, ``(F, C, kH, kW)``, that returns initial delays.

    Raises:
        ValueError: if a size, time or delay is out of range, or a pair has another length.
    """

    def __init__(
        self,
        height: int,
        width: int,
        channels: int,
        filters: int,
        step_time: float,
        kernel: int | tuple[int, int],
        *,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        synapse: SynapseConstructor,
        bias: bool = False,
        delay: float | None = None,
        batch_size: int = 1,
        weight_init: Initializer | None = None,
        bias_init: Initializer | None = None,
        delay_init: Initializer | None = None,
    ) -> None:
        height = argtest.size("height", height)
        width = argtest.size("width", width)
        channels = argtest.size("channels", channels)
        filters = argtest.size("filters", filters)
        kernel = _pair("kernel", kernel, 1)
        stride = _pair("stride", stride, 1)
        padding = _pair("padding", padding, 0)
        dilation = _pair("dilation", dilation, 1)
        out = [
            (size + 2 * p - d * (k - 1) - 1) // s + 1
            for size, k, s, p, d in zip(
                (height, width), kernel, stride, padding, dilation, strict=True
            )
        ]
        if min(out) < 1:
            raise ValueError(
                f"`kernel` must fit into the padded input of size {(height, width)}, got {kernel}"
            )
        patch, patches = channels * kernel[0] * kernel[1], out[0] * out[1]
        longest = 0.0 if delay is None else delay
        check_callable("synapse", synapse)
        Connection.__init__(self, synapse((patch, patches), step_time, longest, batch_size))
        self.height, self.width, self.channels, self.filters = height, width, channels, filters
        self.kernel, self.stride, self.padding, self.dilation = kernel, stride, padding, dilation
        self.outheight, self.outwidth = out
        self._create_parameters((filters, channels, *kernel), (filters,), bias, delay is not None)
        self._initialize_parameters(weight=weight_init, bias=bias_init, delay=delay_init)

    @property
    def inshape(self) -> tuple[int, ...]:
        """Shape of one input sample, ``(C, H, W)``."""
        return (self.channels, self.height, self.width)

    @property
    def outshape(self) -> tuple[int, ...]:
        """Shape of one output sample, ``(F, H', W')``."""
        return (self.filters, self.outheight, self.outwidth)

    @property
    def selector(self) -> Tensor:
        """Delays for reading the synapse, shape ``(B, Q, L, F)``."""
        delay = self.delay
        delay = torch.zeros_like(self.weight) if delay is None else delay
        patches = self.outheight * self.outwidth
        return delay.flatten(1).t()[None, :, None, :].expand(self.batchsz, -1, patches, -1)

    def like_input(self, data: Tensor) -> Tensor:
        """Folds patches ``(B, Q, L)`` to images ``(B, C, H, W)``, averaging where they overlap.

        Pixels that lie in no patch are zero.
        """
        dtype = data.dtype
        data = data if dtype.is_floating_point else data.to(self.weight.dtype)
        folded = self._fold(data)
        counts = self._fold(torch.ones_like(data[:1]))
        return (folded / counts.clamp(min=1)).to(dtype)

    def like_bias(self, data: Tensor) -> Tensor:
        """Reshapes ``(F, 1, 1, 1)`` to ``(F,)``."""
        return data.view(-1)

    def like_synaptic(self, data: Tensor) -> Tensor:
        """Unfolds images ``(B, C, H, W)`` to patches ``(B, Q, L)``."""
        if data.dtype.is_floating_point:
            return F.unfold(data, self.kernel, self.dilation, self.padding, self.stride)
        (height, width), (down, across) = self.padding, self.dilation
        patches = F.pad(data, (width, width, height, height))
        for dim, size, dilation, stride in zip(
            (2, 3), self.kernel, self.dilation, self.stride, strict=True
        ):
            patches = patches.unfold(dim, dilation * (size - 1) + 1, stride)
        patches = patches[..., ::down, ::across].permute(0, 1, 4, 5, 2, 3)
        return patches.reshape(data.shape[0], -1, self.outheight * self.outwidth)

    def postsyn_receptive(self, data: Tensor) -> Tensor:
        """Reshapes ``(B, F, H', W')`` to ``(B, F, 1, 1, 1, L)``."""
        return data.flatten(2)[:, :, None, None, None, :]

    def presyn_receptive(self, data: Tensor) -> Tensor:
        """Reshapes ``(B, Q, L)`` or ``(B, Q, L, F)`` to ``(B, 1 or F, C, kH, kW, L)``.

        Raises:
            ValueError: if ``data`` has another number of dimensions.
        """
        if data.ndim == 3:
            data = data.unsqueeze(1)
        elif data.ndim == 4:
            data = data.movedim(-1, 1)
        else:
            raise ValueError(f"`data` must have 3 or 4 dimensions, got {data.ndim}")
        return data.unflatten(2, (self.channels, *self.kernel))

    def forward(self, *inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the synapse by one step and maps its currents.

        Args:
            *inputs: inputs of the synapse, each of shape ``(B, C, H, W)``.
            **kwargs: passed to the synapse.

        Returns:
            Currents in nA, shape ``(B, F, H', W')``.
        """
        self._check_inputs(inputs)
        current = self.synapse(*(self.like_synaptic(x) for x in inputs), **kwargs)
        weight = self.weight.flatten(1)
        if self.delayedby:
            delay: Tensor = self.delay  # type: ignore[assignment]
            result = self.synapse.delayed_sum(weight, delay.flatten(1))
            if result is None:
                result = torch.einsum("bnlf,fn->bfl", self.syncurrent, weight)
        else:
            result = weight @ current
        result = result.view(-1, *self.outshape)
        bias = self.bias
        return result if bias is None else result + bias.view(1, -1, 1, 1)

    def _fold(self, patches: Tensor) -> Tensor:
        size = (self.height, self.width)
        return F.fold(patches, size, self.kernel, self.dilation, self.padding, self.stride)


def _pair(name: str, value: int | Sequence[int], minimum: int) -> tuple[int, int]:
    values = (value, value) if argtest.single(value) else tuple(cast(Sequence[int], value))
    if len(values) != 2:
        raise ValueError(f"`{name}` must be an integer or a pair of integers, got {value!r}")
    first, second = argtest.ofsequence(name, values, argtest.size, minimum)
    return first, second
