"""Cells whose devices share the pulses by some policy."""

from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import WHOLE, Cell, Region, UpdateContext
from aihwkit.engine.cells.unit import UnitCell
from aihwkit.functional.pulses import ExactUpdate, Pulses
from aihwkit.functional.settings import member

__all__ = ["VectorCell"]


class VectorCell(UnitCell):
    """Several devices, of which all, one, or alternating ones receive the pulses.

    Args:
        weight: storage of the visible weights `[d, x]`.
        meta: parameter object with `update_policy` and `first_update_idx`.
        cells: the devices.
        gammas: their factors.
    """

    def __init__(self, weight: Tensor, meta: Any, cells: list[Cell], gammas: list[float]) -> None:
        super().__init__(weight, meta, cells, gammas)
        self.policy = member(meta.update_policy)
        self.index = int(meta.first_update_idx)

    def set(self, value: Tensor, generator: torch.Generator) -> None:
        """Write weights.

        With a fixed policy only the current device is written. Otherwise all devices get the same
        weight, such that the visible weight is the given one (if the factors do not cancel).
        """
        if self.policy == "SingleFixed":
            self.cells[self.index].set(value, generator)
        else:
            total = sum(self.gammas)
            for cell in self.cells:
                cell.set(value / total if total != 0 else value, generator)
            self.index = int(self.meta.first_update_idx)
        self.combine()

    def apply(
        self, pulses: Pulses | ExactUpdate, context: UpdateContext, region: Region = WHOLE
    ) -> None:
        """Give each device its pulses."""
        if self.policy == "All":
            for cell in self.cells:
                cell.apply(pulses, context, region)
        elif self.policy == "SingleFixed":
            self.cells[self.index].apply(pulses, context, region)
        else:
            chosen = self._choose(pulses.n_vectors, context.generator)
            for k, cell in enumerate(self.cells):
                vectors = (chosen == k).nonzero().squeeze(1)
                if vectors.numel():
                    cell.apply(pulses.select(vectors), context, region)
        self.combine()

    def _choose(self, n_vectors: int, generator: torch.Generator) -> Tensor:
        """Return which device each vector updates."""
        n, device = len(self.cells), self.weight.device
        if self.policy == "SingleRandom":
            uniform = torch.rand(n_vectors, device=device, generator=generator)
            chosen = (uniform * n).long().clamp_(max=n - 1)
        else:
            chosen = (self.index + 1 + torch.arange(n_vectors, device=device)) % n
        self.index = int(chosen[-1])
        return chosen

    @property
    def update_index(self) -> int:
        """Index of the device that was updated last, or is the only one updated."""
        return self.index

    @update_index.setter
    def update_index(self, index: int) -> None:
        if not 0 <= index < len(self.cells):
            raise ValueError(
                f"idx must be an index of one of {len(self.cells)} devices, got {index!r}"
            )
        self.index = int(index)

    def extra(self) -> dict[str, Any]:
        """Return the rest of the state."""
        return super().extra() | {
            "reduce_weightening": torch.tensor(self.gammas),
            "current_device_idx": self.index,
        }

    def load_extra(self, state: dict[str, Any]) -> None:
        """Take over the entries that `extra` returned and that are present."""
        super().load_extra(state)
        if "current_device_idx" in state:
            self.index = int(state["current_device_idx"].view(-1)[0])
