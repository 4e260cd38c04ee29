"""Tiki-taka: gradients update a fast device, whose weights are transferred to slower ones."""

import math
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import WHOLE, Cell, Region, UpdateContext
from aihwkit.engine.cells.reads import Read, written_together
from aihwkit.engine.cells.slices import is_read_alone, read_alone, read_slices, write_slices
from aihwkit.engine.cells.unit import UnitCell
from aihwkit.engine.record import Record
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
        """Give pulses to the fast device, and transfer whenever it is due.

        The fast device does not depend on the others, so it takes all pulses first, and what is
        read of it on the way is written afterwards.
        """
        reads = self.plan(pulses.n_vectors, context)
        fast = [read for read in reads if read.device == 0]
        values = self._readings(self.oriented(pulses, fast, region), fast, context, region)
        start = 0
        for run in written_together(reads, self.n_in):
            if run[0].device == 0:
                stop = start + len(run)
                self.write(0, run, values[start:stop], context)
                start = stop
            else:
                self._transfer(run[0], context)
        self.combine()

    def oriented(
        self, pulses: Pulses | ExactUpdate, reads: list[Read], region: Region
    ) -> Pulses | ExactUpdate:
        """Return the pulses as the fast device gets them, between some readings of it."""
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

    def plan(self, n_vectors: int, context: UpdateContext) -> list[Read]:
        """Return which slices are read after which of the next vectors, and count these."""
        every = [self.interval(k, context.m_batch) for k in range(len(self.cells) - 1)]
        due = [
            (after, k)
            for k, interval in enumerate(every)
            if interval > 0 and self.transfer_lr(k, context) != 0
            for after in range(interval - self.n_updates % interval, n_vectors + 1, interval)
        ]
        self.n_updates += n_vectors
        return [read for after, k in sorted(due) for read in self._next(after, k, context)]

    def _next(self, after: int, k: int, context: UpdateContext) -> list[Read]:
        """Return the slices of device `k` that are next."""
        start, count = self.slices[k], self.n_reads
        if self.meta.random_selection:
            uniform = torch.rand((), device=self.weight.device, generator=context.generator)
            start = int(uniform * self.n_in) % self.n_in
        self.slices[k] = (self.slices[k] + count) % self.n_in
        return [Read(after, k, (start + r) % self.n_in, start) for r in range(count)]

    def _readings(
        self,
        pulses: Pulses | ExactUpdate,
        reads: list[Read],
        context: UpdateContext,
        region: Region,
    ) -> Tensor:
        """Apply pulses to the fast device; return the slices read on the way, `[reads, n_out]`."""
        fast, resets = self.cells[0], self.meta.with_reset_prob > 0
        if not reads:
            fast.apply(pulses, context, region)
            return self.weight.new_empty(0, self.n_out)
        if region is WHOLE and not resets and is_read_alone(self.read_settings, self.lines):
            shape, device = (self.n_out, len(reads)), self.weight.device
            record = Record(
                torch.tensor([read.after for read in reads], dtype=torch.int32, device=device),
                torch.tensor([read.line for read in reads], dtype=torch.int32, device=device),
                self.columns,
                self.weight.new_empty(shape if self.columns else shape[::-1]),
            )
            if fast.apply_recorded(pulses, context, record):
                values = record.values.t() if self.columns else record.values
                return read_alone(values, self.read_settings, self.lines, context.generator)
        return self._read_in_turn(pulses, reads, context, region)

    def _read_in_turn(
        self,
        pulses: Pulses | ExactUpdate,
        reads: list[Read],
        context: UpdateContext,
        region: Region,
    ) -> Tensor:
        fast, values, start = self.cells[0], [], 0
        for read in reads:
            if read.after > start:
                fast.apply(pulses.select(slice(start, read.after)), context, region)
                start = read.after
            values.append(self._read(read, context.generator))
        if start < pulses.n_vectors:
            fast.apply(pulses.select(slice(start, None)), context, region)
        return torch.stack(values)

    def _transfer(self, read: Read, context: UpdateContext) -> None:
        """Read a slice of a device and write it to the next one."""
        values = self._read(read, context.generator).unsqueeze(0)
        self.write(read.device, [read], values, context)

    def _read(self, read: Read, generator: torch.Generator) -> Tensor:
        """Read a slice, and reset the slices read together with it where that is wanted."""
        cell, slices = (
            self.cells[read.device],
            torch.tensor([read.line], device=self.weight.device),
        )
        values = read_slices(
            cell.weight, slices, self.columns, self.read_settings, self.lines, generator
        )
        if self.meta.with_reset_prob > 0:
            columns = [(read.first + r) % self.n_in for r in range(self.n_reads)]
            cell.reset(columns, self.meta.with_reset_prob, generator)
        return values[0]

    def write(self, k: int, reads: list[Read], values: Tensor, context: UpdateContext) -> None:
        """Add what was read of different slices of device `k` to the next device."""
        lr, settings = self.transfer_lr(k, context), self.write_settings
        index = self.indices(reads)
        write_slices(self.cells[k + 1], index, self.columns, values, lr, settings, context)

    def indices(self, reads: list[Read]) -> Tensor:
        """Return the slices of some readings."""
        return torch.tensor([read.line for read in reads], device=self.weight.device)

    def gathered(self, matrix: Tensor, index: Tensor) -> Tensor:
        """Return slices of a matrix, `[slices, n_out]`."""
        return matrix[:, index].t() if self.columns else matrix[index]

    def scatter(self, matrix: Tensor, index: Tensor, values: Tensor) -> None:
        """Write slices `[slices, n_out]` of a matrix."""
        if self.columns:
            matrix[:, index] = values.t()
        else:
            matrix[index] = values

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
