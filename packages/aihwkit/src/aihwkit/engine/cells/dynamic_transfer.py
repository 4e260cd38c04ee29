"""Tiki-taka with a dynamic reference (AGAD): chopped transfer relative to a recent mean."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import Cell
from aihwkit.engine.cells.chopped_transfer import ChoppedTransferCell
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
        self.switched = torch.zeros(self.n_in, dtype=torch.bool)

    def _restart(self) -> None:
        super()._restart()
        self.mean.zero_()
        self.past.zero_()
        self.switched.zero_()

    @property
    def _period(self) -> int:
        """Position of the present sweep between two regular flips, from 1."""
        return self.n_sweeps % self.n_chop + 1

    def gradient(self, index: int, values: Tensor, sign: Tensor) -> Tensor:
        """Return what a reading says about the gradient, relative to the mean before the flip."""
        mean, past = self._slices(self.mean, index), self._slices(self.past, index)
        if bool(self.switched[index]):
            past.copy_(mean)
            self.switched[index] = False
        result = sign * (values - past)
        rate = min(self.meta.tail_weightening / self.n_chop, 1.0)
        mean.mul_(1 - rate).add_(values, alpha=rate)
        return result

    def _slices(self, matrix: Tensor, index: int) -> Tensor:
        return matrix[:, index] if self.columns else matrix[index]

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

    def flip(self, index: int, generator: torch.Generator) -> None:
        """Flip the chopper of a slice at the end of a period, or also by chance."""
        turn = self._period == self.n_chop
        if self.meta.in_chop_random and not turn:
            uniform = torch.rand((), device=self.weight.device, generator=generator)
            turn = bool(uniform < self.meta.in_chop_prob)
        if turn:
            self.in_chopper[index] *= -1
            self.switched[index] = True

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
        super().map(function)

    def extra(self) -> dict[str, Any]:
        """Return the rest of the state."""
        return super().extra() | {"in_chopper_switched": self.switched}

    def load_extra(self, state: dict[str, Any]) -> None:
        """Take over the entries that `extra` returned and that are present."""
        super().load_extra(state)
        if "in_chopper_switched" in state:
            self.switched.copy_(state["in_chopper_switched"].cpu().view(-1) != 0)
