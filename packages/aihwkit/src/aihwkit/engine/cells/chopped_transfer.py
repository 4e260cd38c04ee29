"""Chopped tiki-taka: signs of rows and columns of the fast device are flipped now and then."""

import math
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import Cell, Region, UpdateContext
from aihwkit.engine.cells.buffered_transfer import realising
from aihwkit.engine.cells.reads import Read
from aihwkit.engine.cells.slices import write_slices
from aihwkit.engine.cells.transfer import TransferCell
from aihwkit.functional.lines import LineParameters
from aihwkit.functional.pulses import ExactUpdate, Pulses

__all__ = ["ChoppedTransferCell"]


class ChoppedTransferCell(TransferCell):
    """Two devices with a digital buffer between them, and choppers around the fast one.

    Without choppers this is tiki-taka version 2.

    Args:
        weight: storage of the visible weights `[d, x]`.
        meta: parameter object with the fields of `ChoppedTransferCompound`.
        cells: the fast and the slow device.
        gammas: their factors.
        lines: per-line parameters of the reading.

    Reference:
        Rasch, Carta, Fagbohungbe, Gokmen, "Fast and robust analog in-memory deep neural network
        training", Nat. Commun. 2024.
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
        self.buffer = torch.zeros_like(weight)
        self.in_chopper = weight.new_ones(self.n_in)
        self.out_chopper = weight.new_ones(self.n_out)
        self.n_sweeps = 0
        self.m_x = self.m_d = 0.0
        self.last_lr = 0.0

    def set(self, value: Tensor, generator: torch.Generator) -> None:
        """Write weights and start buffer, choppers and averages anew."""
        self._restart()
        super().set(value, generator)

    def _restart(self) -> None:
        self.buffer.zero_()
        self.in_chopper.fill_(1.0)
        self.out_chopper.fill_(1.0)
        self.n_sweeps = 0
        self.m_x = self.m_d = 0.0

    # -- gradient update -------------------------------------------------------------------------

    @property
    def signs(self) -> tuple[Tensor, Tensor]:
        """Choppers of the columns `[x]` and of the rows `[d]`."""
        if self.columns:
            return self.in_chopper, self.out_chopper
        return self.out_chopper, self.in_chopper

    def oriented(
        self, pulses: Pulses | ExactUpdate, reads: list[Read], region: Region
    ) -> Pulses | ExactUpdate:
        """Return the pulses with the directions that the choppers of the time give them."""
        n, device = pulses.n_vectors, self.weight.device
        flips = [read for read in reads if read.flips]
        slices, others = self.in_chopper, self.out_chopper
        if flips:
            turns = torch.ones(n + 1, self.n_in, dtype=slices.dtype, device=device)
            places = torch.tensor([(read.after, read.line) for read in flips], device=device)
            turns[places[:, 0], places[:, 1]] = -1.0
            slices = (turns.cumprod(dim=0) * slices)[:n]
        if any(read.out_flips is not None for read in reads):
            turns = torch.ones(n + 1, self.n_out, dtype=others.dtype, device=device)
            for read in reads:
                if read.out_flips is not None:
                    turns[read.after] = read.out_flips
            others = (turns.cumprod(dim=0) * others)[:n]
        x_signs, d_signs = (slices, others) if self.columns else (others, slices)
        return pulses.turned(x_signs[..., region[1]], d_signs[..., region[0]])

    def gradient_lr(self, x: Tensor, d: Tensor, context: UpdateContext) -> float | Tensor:
        """Return the learning rate of the gradient pulses, one for each vector if scaled."""
        if not self.meta.auto_scale:
            self.last_lr = self.fast_lr(context.lr)
            return self.last_lr
        keep = (1 - self.meta.auto_momentum) / context.m_batch
        mean_x, self.m_x = _running(x.abs().amax(dim=1), self.m_x, keep)
        mean_d, self.m_d = _running(d.abs().amax(dim=1), self.m_d, keep)
        if self.meta.fast_lr <= 0:
            self.last_lr = self.fast_lr(context.lr)
            return self.last_lr
        base = self.meta.fast_lr * context.settings.desired_bl * self.granularity
        if self.meta.scale_fast_lr:
            base *= context.lr
        scale = mean_x * mean_d
        rate = torch.where(scale > 0, base / torch.where(scale > 0, scale, 1.0), base)
        self.last_lr = float(rate[-1])
        return rate

    def combine(self) -> None:
        """Recompute the visible weights, with the choppers of the fast device taken back."""
        if self.is_fully_hidden:
            return
        x_signs, d_signs = self.signs
        fast = self.cells[0].weight * x_signs * d_signs.unsqueeze(1)
        self.weight.copy_(self.gammas[0] * fast + self.gammas[1] * self.cells[1].weight)

    # -- transfer --------------------------------------------------------------------------------

    @property
    def n_chop(self) -> int:
        """Number of sweeps between regular flips of the choppers."""
        probability = self.meta.in_chop_prob
        return max(math.ceil(1 / probability), 2) if probability > 0 else 2

    def interval(self, k: int, m_batch: int) -> int:
        """Return after how many vectors a slice is transferred; negative values are automatic."""
        if k > 0:
            return 0
        if self.meta.transfer_every < 0 and not self.meta.transfer_every_vec:
            states = self.cells[0].n_states
            return max(1, round(states / self.n_in * abs(self.meta.transfer_every)))
        return super().interval(k, m_batch)

    def buffer_rate(self, lr: float) -> float:
        """Return the factor from what is read to the buffer, in units of a writing."""
        fast, slow = self.cells[0].granularity, self.cells[1].granularity
        if self.gammas[0] > 0 and self.gammas[1] > 0:
            lr = lr * self.gammas[0] / self.gammas[1]
        unit = self.meta.buffer_granularity if self.meta.buffer_granularity > 0 else 1.0
        unit *= fast
        if self.meta.auto_granularity > 0:
            every = abs(self.meta.transfer_every)
            unit *= self.meta.auto_granularity / (self.n_in * every)
        if self.meta.correct_gradient_magnitudes:
            return abs(lr) / (self.last_lr * unit * slow / fast)
        return abs(lr) / unit

    def plan(self, n_vectors: int, context: UpdateContext) -> list[Read]:
        """Return which slices are read after which vectors, and which choppers flip then."""
        reads = super().plan(n_vectors, context)
        uniform = [1.0] * len(reads)
        if self.meta.in_chop_random and self.meta.in_chop_prob > 0 and reads:
            uniform = torch.rand(
                len(reads), device=self.weight.device, generator=context.generator
            ).tolist()
        planned, sweeps = [], self.n_sweeps
        for read, number in zip(reads, uniform, strict=True):
            flips, out_flips = self.turns(sweeps, number), None
            if read.line == self.n_in - 1:
                out_flips = self.out_turns(context.generator)
                sweeps += 1
            planned.append(read._replace(flips=flips, out_flips=out_flips))
        return planned

    def write(self, k: int, reads: list[Read], values: Tensor, context: UpdateContext) -> None:
        """Add what was read to the buffer, write whole steps of it, and flip choppers."""
        index = self.indices(reads)
        sign = self.in_chopper[index].unsqueeze(1) * self.out_chopper
        rate = self.buffer_rate(self.transfer_lr(k, context))
        total = self.gradient(index, values, sign) * rate
        if not self.meta.no_buffer:
            total = total + self.gathered(self.buffer, index)
        largest = self.write_settings.desired_bl
        n = total.trunc().clamp(-largest, largest)
        self.scatter(self.buffer, index, self.consumed(total, n))
        if self.may_write:
            step, settings = self.meta.step * self.cells[1].granularity, self.write_settings
            write_slices(self.cells[1], index, self.columns, n, step, settings, context)
        self._flip(reads)

    def _flip(self, reads: list[Read]) -> None:
        """Flip choppers as planned, and count the sweep if these readings complete it."""
        turned = [read for read in reads if read.flips]
        if turned:
            self.in_chopper[self.indices(turned)] *= -1
        last = reads[-1]
        if last.out_flips is not None:
            self.out_chopper.mul_(last.out_flips)
        if last.line == self.n_in - 1:
            self.n_sweeps += 1

    def gradient(self, index: Tensor, values: Tensor, sign: Tensor) -> Tensor:
        """Return what readings `[slices, n_out]` say about the gradient."""
        return sign * values

    @property
    def may_write(self) -> bool:
        """Whether the slow device is written to already."""
        return True

    def consumed(self, total: Tensor, n: Tensor) -> Tensor:
        """Return the buffer after writing `n` steps of it."""
        momentum = self.meta.momentum
        if self.meta.forget_buffer:
            return torch.where(n != 0, total * momentum, total)
        return total - (1 - min(max(momentum, 0.0), 1.0)) * n

    def turns(self, sweeps: int, uniform: float) -> bool:
        """Return whether the chopper of a slice flips, by chance or in turn.

        Args:
            sweeps: number of complete sweeps before.
            uniform: random number of the slice.
        """
        if self.meta.in_chop_prob <= 0:
            return False
        if self.meta.in_chop_random:
            return bool(uniform < self.meta.in_chop_prob)
        return sweeps % self.n_chop + 1 == self.n_chop

    def out_turns(self, generator: torch.Generator) -> Tensor | None:
        """Return the factors of the other choppers at the end of a sweep."""
        if self.meta.out_chop_prob <= 0:
            return None
        uniform = torch.rand(self.n_out, device=self.weight.device, generator=generator)
        return torch.where(uniform < self.meta.out_chop_prob, -1.0, 1.0)

    # -- state -----------------------------------------------------------------------------------

    def hidden_parameters(self) -> "OrderedDict[str, Tensor]":
        """Return parameters and weights of the devices, then the buffer."""
        result = super().hidden_parameters()
        result["buffered_FP_weight_0"] = self.buffer
        return result

    def set_hidden_parameters(
        self, values: "OrderedDict[str, Tensor]", generator: torch.Generator
    ) -> None:
        """Take over parameters, weights and buffer."""
        if "buffered_FP_weight_0" in values:
            self.buffer.copy_(values["buffered_FP_weight_0"])
        super().set_hidden_parameters(values, generator)

    def map(self, function: Any) -> None:
        """Apply a device move to all tensors."""
        self.buffer, self.in_chopper = function(self.buffer), function(self.in_chopper)
        self.out_chopper = function(self.out_chopper)
        super().map(function)

    def extra(self) -> dict[str, Any]:
        """Return the rest of the state; choppers are true where the sign is negative."""
        return super().extra() | {
            "in_chopper": self.in_chopper < 0,
            "out_chopper": self.out_chopper < 0,
            "m_x": self.m_x,
            "m_d": self.m_d,
            "tmp_count_lr": self.last_lr,
            "transfer_counter": self.n_sweeps,
        }

    def load_extra(self, state: dict[str, Any]) -> None:
        """Take over the entries that `extra` returned and that are present."""
        super().load_extra(state)
        for name in ("in_chopper", "out_chopper"):
            if name in state:
                negative = state[name].to(self.weight.device).view(-1) != 0
                getattr(self, name).copy_(torch.where(negative, -1.0, 1.0))
        for name, entry in (("m_x", "m_x"), ("m_d", "m_d"), ("last_lr", "tmp_count_lr")):
            if entry in state:
                setattr(self, name, float(state[entry].view(-1)[0]))
        if "transfer_counter" in state:
            self.n_sweeps = int(state["transfer_counter"].view(-1)[0])


def _running(largest: Tensor, start: float, rate: float) -> tuple[Tensor, float]:
    """Return the running average of the positive values after each of them, in order."""
    values, mean = [], start
    for value in largest.double().tolist():
        if mean <= 0:
            mean = value
        elif value > 0:
            mean = (1 - rate) * mean + rate * value
        values.append(mean)
    return torch.tensor(values, dtype=torch.float64, device=largest.device), mean
