"""Tiki-taka with a dynamic reference (AGAD): chopped transfer relative to a recent mean."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import Cell
from aihwkit.engine.cells.chopped_transfer import ChoppedTransferCell
from aihwkit.engine.cells.reads import Read
from aihwkit.functional.lines import LineParameters

__all__ = ["DynamicTransferCell"]


class DynamicTransferCell(ChoppedTransferCell):
    """Chopped transfer where the offset of the fast device is estimated on the fly.

    Args:
        weight: storage of the visible weights `[d, x]`.
        meta: parameter object with the fields of `DynamicTransferCompound`.
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
        self.mean = torch.zeros_like(weight)
        self.past = torch.zeros_like(weight)
        self.switched = torch.zeros(self.n_in, dtype=torch.bool, device=weight.device)

    def _restart(self) -> None:
        super()._restart()
        self.mean.zero_()
        self.past.zero_()
        self.switched.zero_()

    @property
    def _period(self) -> int:
        """Position of the present sweep between two regular flips, from 1."""
        return self.n_sweeps % self.n_chop + 1

    def gradient(self, index: Tensor, values: Tensor, sign: Tensor) -> Tensor:
        """Return what readings say about the gradient, relative to the means before the flips."""
        mean, past = self.gathered(self.mean, index), self.gathered(self.past, index)
        past = torch.where(self.switched[index].unsqueeze(1), mean, past)
        self.switched[index] = False
        self.scatter(self.past, index, past)
        rate = min(self.meta.tail_weightening / self.n_chop, 1.0)
        self.scatter(self.mean, index, torch.add(mean * (1 - rate), values, alpha=rate))
        return sign * (values - past)

    def buffer_rate(self, lr: float) -> float:
        """Return the factor from what is read to the buffer."""
        rate = super().buffer_rate(lr)
        if self.meta.experimental_correct_accumulation:
            rate /= min(self._period, 1 / self.cells[0].granularity)
        return rate

    @property
    def may_write(self) -> bool:
        """Whether the reference has been estimated over a whole period."""
        return self.n_sweeps > self.n_chop

    def consumed(self, total: Tensor, n: Tensor) -> Tensor:
        """Return the buffer after writing `n` steps of it."""
        if self.meta.forget_buffer:
            return torch.where(n != 0, total * self.meta.momentum, total)
        result = total - (1 - self.meta.momentum) * n
        if self.meta.buffer_cap > 0:
            cap = self.meta.buffer_cap * self.write_settings.desired_bl
            result = torch.where(n != 0, result.clamp(-cap, cap), result)
        return result

    def turns(self, sweeps: int, uniform: float) -> bool:
        """Return whether the chopper of a slice flips, at the end of a period or also by chance."""
        by_chance = self.meta.in_chop_random and uniform < self.meta.in_chop_prob
        return bool(sweeps % self.n_chop + 1 == self.n_chop or by_chance)

    def out_turns(self, generator: torch.Generator) -> Tensor | None:
        """Return that the other choppers never flip."""
        return None

    def _flip(self, reads: list[Read]) -> None:
        """Flip choppers as planned, and remember for which slices."""
        super()._flip(reads)
        turned = [read for read in reads if read.flips]
        if turned:
            self.switched[self.indices(turned)] = True

    def hidden_parameters(self) -> "OrderedDict[str, Tensor]":
        """Return parameters and weights of the devices, then buffer and means."""
        result = super().hidden_parameters()
        result["buffered_FP_weight"] = result.pop("buffered_FP_weight_0")
        result["running_mean_weight"] = self.mean
        result["past_mean_weight"] = self.past
        return result

    def set_hidden_parameters(
        self, values: "OrderedDict[str, Tensor]", generator: torch.Generator
    ) -> None:
        """Take over parameters, weights, buffer and means."""
        self.buffer.copy_(values["buffered_FP_weight"])
        self.mean.copy_(values["running_mean_weight"])
        self.past.copy_(values["past_mean_weight"])
        super().set_hidden_parameters(values, generator)

    def map(self, function: Any) -> None:
        """Apply a device move to all tensors."""
        self.mean, self.past = function(self.mean), function(self.past)
        self.switched = function(self.switched)
        super().map(function)

    def extra(self) -> dict[str, Any]:
        """Return the rest of the state."""
        return super().extra() | {"in_chopper_switched": self.switched}

    def load_extra(self, state: dict[str, Any]) -> None:
        """Take over the entries that `extra` returned and that are present."""
        super().load_extra(state)
        if "in_chopper_switched" in state:
            self.switched.copy_(state["in_chopper_switched"].view(-1) != 0)
