"""Layers that run an analog cell along a sequence."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import Module, ModuleList

__all__ = ["AnalogBidirRNNLayer", "AnalogRNNLayer", "AnalogReverseRNNLayer"]


class AnalogRNNLayer(Module):
    """Layer that runs a cell forward in time.

    Args:
        cell: class of the cell.
        *cell_args: arguments of the cell.
    """

    def __init__(self, cell: type, *cell_args: Any) -> None:
        super().__init__()
        if not isinstance(cell, type) or not hasattr(cell, "get_zero_state"):
            raise TypeError(f"cell must be the class of an analog cell, got {cell!r}")
        self.cell = cell(*cell_args)

    def get_zero_state(self, batch_size: int) -> Any:
        """Return the initial state."""
        return self.cell.get_zero_state(batch_size)

    def forward(self, input_: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return outputs `[T, B, H]` and the last state for inputs `[T, B, I]`."""
        outputs, state = self._run(list(self._inputs(input_)), state)
        return torch.stack(outputs), state

    def _inputs(self, input_: Tensor) -> tuple[Tensor, ...]:
        # One product for the whole sequence; noise is per vector, so this is no approximation.
        if hasattr(self.cell, "project"):
            return self.cell.project(input_).unbind(0)
        return input_.unbind(0)

    def _run(self, inputs: list[Tensor], state: Any) -> tuple[list[Tensor], Any]:
        step = getattr(self.cell, "step", self.cell)
        outputs = []
        for values in inputs:
            output, state = step(values, state)
            outputs.append(output)
        return outputs, state


class AnalogReverseRNNLayer(AnalogRNNLayer):
    """Layer that runs a cell backward in time; outputs are in the order of the inputs."""

    @staticmethod
    def reverse(values: list[Tensor]) -> list[Tensor]:
        """Return a list in reversed order."""
        return values[::-1]

    def forward(self, input_: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return outputs `[T, B, H]` and the last state (that of the first input)."""
        outputs, state = self._run(self.reverse(list(self._inputs(input_))), state)
        return torch.stack(self.reverse(outputs)), state


class AnalogBidirRNNLayer(Module):
    """Layer of two cells, one for each direction of time; outputs are put side by side.

    Args:
        cell: class of the cells.
        *cell_args: arguments of each cell.
    """

    def __init__(self, cell: type, *cell_args: Any) -> None:
        super().__init__()
        self.directions = ModuleList(
            [AnalogRNNLayer(cell, *cell_args), AnalogReverseRNNLayer(cell, *cell_args)]
        )

    def get_zero_state(self, batch_size: int) -> list[Any]:
        """Return the initial states of both directions."""
        return [direction.get_zero_state(batch_size) for direction in self.directions]  # type: ignore[operator]

    def forward(self, input_: Tensor, states: list[Any]) -> tuple[Tensor, list[Any]]:
        """Return outputs `[T, B, 2 H]` and the last states for inputs `[T, B, I]`."""
        results = [
            direction(input_, state)
            for direction, state in zip(self.directions, states, strict=True)
        ]
        return torch.cat([output for output, _ in results], -1), [state for _, state in results]
