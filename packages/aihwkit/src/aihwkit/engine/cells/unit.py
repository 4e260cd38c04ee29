"""Cells of several devices at each cross point."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import Cell, UpdateContext
from aihwkit.functional.pulses import pulse_blocks

__all__ = ["UnitCell"]


class UnitCell(Cell):
    r"""Several devices whose weights are added, :math:`w = \sum_k c_k w_k`.

    Args:
        weight: storage of the visible weights `[d, x]`.
        meta: parameter object of the cell.
        cells: the devices, each with storage of its own.
        gammas: factors :math:`c_k`.
    """

    def __init__(self, weight: Tensor, meta: Any, cells: list[Cell], gammas: list[float]) -> None:
        self.weight = weight
        self.meta = meta
        self.cells = cells
        self.gammas = gammas

    @property
    def granularity(self) -> float:
        """Mean over the devices."""
        return sum(cell.granularity for cell in self.cells) / len(self.cells)

    @property
    def n_states(self) -> float:
        """Mean over the devices."""
        return sum(cell.n_states for cell in self.cells) / len(self.cells)

    def combine(self) -> None:
        """Recompute the visible weights."""
        total = self.cells[0].weight * self.gammas[0]
        for cell, gamma in zip(self.cells[1:], self.gammas[1:], strict=True):
            total = total.add(cell.weight, alpha=gamma)
        self.weight.copy_(total)

    # -- operations on every device --------------------------------------------------------------

    def clip(self, limit: float, generator: torch.Generator) -> None:
        """Limit the weights of every device."""
        for cell in self.cells:
            cell.clip(limit, generator)
        self.combine()

    def decay(self, alpha: float, generator: torch.Generator) -> None:
        """Let the weights of every device decay."""
        for cell in self.cells:
            cell.decay(alpha, generator)
        self.combine()

    def diffuse(self, generator: torch.Generator) -> None:
        """Let the weights of every device diffuse."""
        for cell in self.cells:
            cell.diffuse(generator)
        self.combine()

    def drift(self, delta_t: float, generator: torch.Generator) -> None:
        """Let the weights of every device drift."""
        for cell in self.cells:
            cell.drift(delta_t, generator)
        self.combine()

    def reset(self, columns: list[int], prob: float, generator: torch.Generator) -> None:
        """Reset every device."""
        for cell in self.cells:
            cell.reset(columns, prob, generator)
        self.combine()

    def update(self, x: Tensor, d: Tensor, lr: float | Tensor, context: UpdateContext) -> None:
        """Update with pulses."""
        generator = context.generator
        for pulses in pulse_blocks(x, d, lr, self.granularity, context.settings, generator):
            self.apply(pulses, context)

    # -- state -----------------------------------------------------------------------------------

    def bind(self, storage: Tensor) -> None:
        """Keep the visible weights in other storage."""
        self.weight = storage

    def map(self, function: Callable[[Tensor], Tensor]) -> None:
        """Apply a device move to all tensors."""
        self.weight = function(self.weight)
        for cell in self.cells:
            cell.map(function)

    def hidden_parameters(self) -> "OrderedDict[str, Tensor]":
        """Return the parameters and the weights of every device, with its index as suffix."""
        result: OrderedDict[str, Tensor] = OrderedDict()
        for k, cell in enumerate(self.cells):
            for name, value in cell.hidden_parameters().items():
                result[f"{name}_{k}"] = value
            result[f"hidden_weights_{k}"] = cell.weight
        return result

    def set_hidden_parameters(
        self, values: "OrderedDict[str, Tensor]", generator: torch.Generator
    ) -> None:
        """Take over parameters and weights of every device; inner weights win over outer ones."""
        for k, cell in enumerate(self.cells):
            names = list(cell.hidden_parameters())
            inner = OrderedDict((name, values[f"{name}_{k}"]) for name in names)
            cell.weight.copy_(values[f"hidden_weights_{k}"])
            cell.set_hidden_parameters(inner, generator)
        self.combine()

    def extra(self) -> dict[str, Any]:
        """Return the rest of the state of every device, with its index as prefix."""
        state: dict[str, Any] = {}
        for k, cell in enumerate(self.cells):
            state |= {f"{k}.{name}": value for name, value in cell.extra().items()}
        return state

    def load_extra(self, state: dict[str, Any]) -> None:
        """Take over the entries that `extra` returned and that are present."""
        for k, cell in enumerate(self.cells):
            prefix = f"{k}."
            cell.load_extra({n[len(prefix) :]: v for n, v in state.items() if n.startswith(prefix)})

    def pulse_counters(self) -> Tensor:
        """Return the counters of all devices that count, one after the other."""
        counters = [cell.pulse_counters() for cell in self.cells]
        present = [value for value in counters if value.numel()]
        return torch.cat(present) if present else super().pulse_counters()
