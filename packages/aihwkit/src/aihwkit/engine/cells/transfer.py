"""Tiki-taka: gradients update a fast device, whose weights are transferred to slower ones."""

import math
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import WHOLE, Cell, Region, UpdateContext
from aihwkit.engine.cells.slices import read_slices, write_slice
from aihwkit.engine.cells.unit import UnitCell
from aihwkit.functional.lines import LineParameters
from aihwkit.functional.pulses import ExactUpdate, Pulses, pulse_blocks
from aihwkit.functional.settings import MVMSettings
from aihwkit.functional.update_settings import UpdateSettings

__all__ = ["TransferCell"]


class TransferCell(UnitCell):
    """A chain of devices, from the fast one with index 0 to the slow one that is read out.

    Columns (or rows) of each device are read one after the other and written to the next device.

    Args:
        weight: storage of the visible weights `[d, x]`.
        meta: parameter object with the fields of `TransferCompound`.
        cells: the devices; the last one shares the visible storage if the others are hidden.
        gammas: their factors.
        lines: per-line parameters of the reading.

    Reference:
        Gokmen, Haensch, "Algorithm for training neural networks on resistive device arrays", Front.
        Neurosci. 2020.
    """

    def __init__(
        self,
        weight: Tensor,
        meta: Any,
        cells: list[Cell],
        gammas: list[float],
        lines: LineParameters,
    ) -> None:
        super().__init__(weight, meta, cells, gammas)
        self.read_settings = MVMSettings.from_parameters(meta.transfer_forward, read=True)
        self.write_settings = UpdateSettings.from_parameters(meta.transfer_update)
        self.lines = lines
        self.columns = bool(meta.transfer_columns)
        self.slices = [0] * len(cells)
        self.n_updates = 0

    @property
    def n_in(self) -> int:
        """Number of slices."""
        return self.weight.shape[1] if self.columns else self.weight.shape[0]

    @property
    def n_out(self) -> int:
        """Number of weights in a slice."""
        return self.weight.shape[0] if self.columns else self.weight.shape[1]

    @property
    def is_fully_hidden(self) -> bool:
        """Whether only the last device is visible."""
        return self.gammas[-1] == 1 and not any(self.gammas[:-1])

    @property
    def granularity(self) -> float:
        """That of the fast device, which receives the gradients."""
        return self.cells[0].granularity

    def combine(self) -> None:
        """Recompute the visible weights; nothing to do if the last device is visible itself."""
        if not self.is_fully_hidden:
            super().combine()

    def bind(self, storage: Tensor) -> None:
        """Keep the visible weights in other storage."""
        super().bind(storage)
        if self.is_fully_hidden:
            self.cells[-1].bind(storage)

    def set(self, value: Tensor, generator: torch.Generator) -> None:
        """Write weights to the last device, zero to the others, and start the schedule anew."""
        for cell in self.cells[:-1]:
            cell.set(torch.zeros_like(value), generator)
        self.cells[-1].set(value / self.gammas[-1], generator)
        self.slices = [0] * len(self.cells)
        self.n_updates = 0
        self.combine()

    def reset(self, columns: list[int], prob: float, generator: torch.Generator) -> None:
        """Reset the fast device."""
        self.cells[0].reset(columns, prob, generator)
        self.combine()

    # -- gradient update -------------------------------------------------------------------------

    def fast_lr(self, lr: float) -> float:
        """Return the learning rate of the fast device."""
        if self.meta.fast_lr <= 0:
            return lr
        return float(self.meta.fast_lr * (lr if self.meta.scale_fast_lr else 1.0))

    def update(self, x: Tensor, d: Tensor, lr: float | Tensor, context: UpdateContext) -> None:
        """Update the fast device with pulses and transfer when it is due."""
        rate = self.gradient_lr(x, d, context)
        settings, generator = context.settings, context.generator
        for pulses in pulse_blocks(x, d, rate, self.granularity, settings, generator):
            self.apply(pulses, context)

    def gradient_lr(self, x: Tensor, d: Tensor, context: UpdateContext) -> float | Tensor:
        """Return the learning rate of the gradient pulses, or one for each vector."""
        return self.fast_lr(context.lr)

    def apply(
        self, pulses: Pulses | ExactUpdate, context: UpdateContext, region: Region = WHOLE
    ) -> None:
        """Give pulses to the fast device, transferring between vectors whenever it is due."""
        every = [self.interval(k, context.m_batch) for k in range(len(self.cells))]
        start, n = 0, pulses.n_vectors
        while start < n:
            due = [e - self.n_updates % e for e in every if e > 0]
            stop = min([start + step for step in due] + [n])
            part = pulses if stop - start == n else pulses.select(slice(start, stop))
            self.cells[0].apply(self.oriented(part, region), context, region)
            self.n_updates += stop - start
            start = stop
            for k, interval in enumerate(every):
                if interval > 0 and self.n_updates % interval == 0:
                    self.transfer(k, context)
        self.combine()

    def oriented(self, pulses: Pulses | ExactUpdate, region: Region) -> Pulses | ExactUpdate:
        """Return the pulses as the fast device gets them."""
        return pulses

    # -- transfer --------------------------------------------------------------------------------

    def interval(self, k: int, m_batch: int) -> int:
        """Return after how many vectors device `k` is transferred; 0: never."""
        every = self.meta.transfer_every_vec
        if not every:
            ratio = self.n_out / self.n_reads
            every = [self.meta.transfer_every * ratio**n for n in range(len(self.cells))]
            if self.meta.no_self_transfer:
                every[-1] = 0.0
        if self.meta.units_in_mbatch:
            return math.ceil(every[k] * m_batch)
        return round(every[k])

    @property
    def n_reads(self) -> int:
        """Number of slices of one transfer."""
        return max(1, min(int(self.meta.n_reads_per_transfer), self.n_in))

    def transfer_lr(self, k: int, context: UpdateContext) -> float:
        """Return the learning rate of the transfer of device `k`."""
        rates = self.meta.transfer_lr_vec
        rate = float(rates[k] if rates else self.meta.transfer_lr)
        return rate * context.lr if self.meta.scale_transfer_lr else rate

    def transfer(self, k: int, context: UpdateContext) -> None:
        """Read some slices of device `k` and write them to the next one."""
        lr = self.transfer_lr(k, context)
        if lr == 0 or k + 1 >= len(self.cells):
            return
        start = self.slices[k]
        if self.meta.random_selection:
            uniform = torch.rand((), device=self.weight.device, generator=context.generator)
            start = int(uniform * self.n_in) % self.n_in
        count = self.n_reads
        self.slices[k] = (self.slices[k] + count) % self.n_in
        for index in ((start + r) % self.n_in for r in range(count)):
            values = self.read(k, index, context.generator)
            if self.meta.with_reset_prob > 0:
                columns = [(start + r) % self.n_in for r in range(count)]
                self.cells[k].reset(columns, self.meta.with_reset_prob, context.generator)
            self.write(k, index, values, lr, context)

    def read(self, k: int, index: int, generator: torch.Generator) -> Tensor:
        """Read one slice of device `k`."""
        slices = torch.tensor([index], device=self.weight.device)
        return read_slices(
            self.cells[k].weight, slices, self.columns, self.read_settings, self.lines, generator
        )[0]

    def write(self, k: int, index: int, values: Tensor, lr: float, context: UpdateContext) -> None:
        """Add what was read of device `k` to the next device."""
        target = self.cells[k + 1]
        write_slice(target, index, self.columns, values, lr, self.write_settings, context)

    # -- state -----------------------------------------------------------------------------------

    def map(self, function: Any) -> None:
        """Apply a device move to all tensors."""
        super().map(function)
        self.lines = self.lines.map(function)
        if self.is_fully_hidden:
            self.cells[-1].bind(self.weight)

    def extra(self) -> dict[str, Any]:
        """Return the rest of the state."""
        return super().extra() | {
            "reduce_weightening": torch.tensor(self.gammas),
            "current_slice_indices": torch.tensor(self.slices),
            "current_update_idx": self.n_updates,
        }

    def load_extra(self, state: dict[str, Any]) -> None:
        """Take over the entries that `extra` returned and that are present."""
        super().load_extra(state)
        if "current_slice_indices" in state:
            self.slices = [int(v) for v in state["current_slice_indices"]]
        if "current_update_idx" in state:
            self.n_updates = int(state["current_update_idx"].view(-1)[0])
