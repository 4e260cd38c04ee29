"""Tiles of release 0.1 that compute with numpy arrays."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aihwkit.simulator.tiles.analog import AnalogTile
from aihwkit.simulator.tiles.floating_point import FloatingPointTile

__all__ = ["NumpyAnalogTile", "NumpyFloatingPointTile", "NumpyMixin"]


class NumpyMixin:
    """Turns the products and the update of a tile into functions of numpy arrays."""

    tile: Any

    def _to_tensor(self, values: NDArray[Any]) -> Tensor:
        weights = self.tile.get_weights(as_ref=True)
        return torch.from_numpy(np.ascontiguousarray(values)).to(weights)

    @torch.no_grad()
    def forward(self, x_input: NDArray[Any], is_test: bool = False) -> NDArray[Any]:
        """Return the product `[N, out]` of inputs `[N, in]`."""
        output: Tensor = super().forward(self._to_tensor(x_input), is_test=is_test)  # type: ignore[misc]
        return output.cpu().numpy()

    @torch.no_grad()
    def backward(self, d_input: NDArray[Any]) -> NDArray[Any]:
        """Return the transposed product `[N, in]` of gradients `[N, out]`."""
        output: Tensor = super().backward(self._to_tensor(d_input))  # type: ignore[misc]
        return output.cpu().numpy()

    @torch.no_grad()
    def update(self, x_input: NDArray[Any], d_input: NDArray[Any]) -> None:
        """Update the weights in the tile."""
        super().update(self._to_tensor(x_input), self._to_tensor(d_input))  # type: ignore[misc]

    def move_weights(self) -> Tensor:
        """Return the weights of the tile as a tensor that shares their memory."""
        weights: Tensor = self.tile.get_weights(as_ref=True)
        return weights


class NumpyFloatingPointTile(NumpyMixin, FloatingPointTile):  # type: ignore[misc]
    """Floating-point tile that computes with numpy arrays."""


class NumpyAnalogTile(NumpyMixin, AnalogTile):  # type: ignore[misc]
    """Analog tile that computes with numpy arrays."""
