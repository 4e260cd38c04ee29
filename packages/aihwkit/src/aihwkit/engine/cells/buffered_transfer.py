"""Tiki-taka version 2: what is transferred passes through a digital buffer."""

from collections import OrderedDict
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import Cell, UpdateContext
from aihwkit.engine.cells.reads import Read
from aihwkit.engine.cells.slices import write_slices
from aihwkit.engine.cells.transfer import TransferCell
from aihwkit.functional.lines import LineParameters
from aihwkit.functional.update_settings import UpdateSettings

__all__ = ["BufferedTransferCell", "realising"]


def realising(settings: UpdateSettings) -> UpdateSettings:
    """Return settings with which a train expresses up to `desired_bl` pulses.

    A train without management of its length or probabilities saturates at the square root of it.
    """
    if settings.desired_bl == 1 or settings.is_managed:
        return settings
    return replace(settings, update_management=True, update_bl_management=True)


class BufferedTransferCell(TransferCell):
    """A chain of devices with a digital buffer before each writing.

    Args:
        weight: storage of the visible weights `[d, x]`.
        meta: parameter object with the fields of `BufferedTransferCompound`.
        cells: the devices.
        gammas: their factors.
        lines: per-line parameters of the reading.

    Reference:
        Gokmen, "Enabling training of neural networks on noisy hardware", Front. Artif. Intell.
        2021.
    """

    def __init__(
        self,
        weight: Tensor,
        meta: Any,
        cells: list[Cell],
        gammas: list[float],
        lines: LineParameters,
    ) -> None:
        super().__init__(weight, meta, cells, gammas, lines)
        self.write_settings = realising(self.write_settings)
        self.buffers = [torch.zeros_like(weight) for _ in cells[:-1]]

    def set(self, value: Tensor, generator: torch.Generator) -> None:
        """Write weights and empty the buffers."""
        super().set(value, generator)
        for buffer in self.buffers:
            buffer.zero_()

    def write(self, k: int, reads: list[Read], values: Tensor, context: UpdateContext) -> None:
        """Add what was read to the buffer and write what exceeds the threshold."""
        lr, target = self.transfer_lr(k, context), self.cells[k + 1]
        if self.gammas[k] > 0 and self.gammas[k + 1] > 0:
            lr = lr * self.gammas[k] / self.gammas[k + 1]
        threshold = self.meta.thres_scale * target.granularity
        largest = self.write_settings.desired_bl
        index = self.indices(reads)
        buffer = self.gathered(self.buffers[k], index) + values * lr
        n = (buffer / threshold).trunc().clamp(-largest, largest)
        self.scatter(self.buffers[k], index, self._consumed(buffer, n, threshold))
        rate = self.meta.step * target.granularity
        write_slices(target, index, self.columns, n, rate, self.write_settings, context)

    def _consumed(self, buffer: Tensor, n: Tensor, threshold: float) -> Tensor:
        momentum = self.meta.momentum
        if self.meta.forget_buffer:
            return torch.where(n != 0, buffer * momentum, buffer)
        return buffer - (1 - min(max(momentum, 0.0), 1.0)) * n * threshold

    def hidden_parameters(self) -> "OrderedDict[str, Tensor]":
        """Return parameters and weights of the devices, then the buffers."""
        result = super().hidden_parameters()
        for k, buffer in enumerate(self.buffers):
            result[f"buffered_FP_weight_{k}"] = buffer
        return result

    def set_hidden_parameters(
        self, values: "OrderedDict[str, Tensor]", generator: torch.Generator
    ) -> None:
        """Take over parameters, weights and buffers."""
        for k, buffer in enumerate(self.buffers):
            buffer.copy_(values[f"buffered_FP_weight_{k}"])
        super().set_hidden_parameters(values, generator)

    def map(self, function: Any) -> None:
        """Apply a device move to all tensors."""
        super().map(function)
        self.buffers = [function(buffer) for buffer in self.buffers]
