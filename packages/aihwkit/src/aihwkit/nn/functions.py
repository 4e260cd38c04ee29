"""Autograd function of the first interface."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from aihwkit.simulator.tiles.functions import analog_product

__all__ = ["AnalogFunction"]


class AnalogFunction:
    """Product of a tile under the calling convention of the first interface.

    Today's function is `aihwkit.simulator.tiles.functions.AnalogFunction`.
    """

    @staticmethod
    def apply(
        analog_tile: Any, input_: Tensor, weight: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        """Return the product of the tile with `input_`; the tile holds the weights.

        Args:
            analog_tile: tile module.
            input_: inputs `[..., in]`.
            weight: accepted for compatibility; the tile's own weights count.
            bias: accepted for compatibility; the tile's own bias counts.
        """
        return analog_product(analog_tile, input_)
