"""Tiles of a grouped convolution: one matrix for each group of channels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, as_tensor
from torch.nn import Module, ModuleList

from aihwkit.simulator.parameters.base import RPUConfigBase

__all__ = ["GroupedTileModule"]


class GroupedTileModule(Module):
    """Tile modules that each see their own group of inputs and give their own group of outputs.

    Args:
        groups: number of groups.
        out_size: number of all outputs.
        in_size: number of inputs of one group.
        rpu_config: configuration of the tiles.
        bias: whether there is a bias.
        tile_module_class: class of the tile modules.

    Attributes:
        tiles: the tile module of every group.
    """

    supports_indexed = False

    def __init__(
        self,
        groups: int,
        out_size: int,
        in_size: int,
        rpu_config: RPUConfigBase,
        bias: bool,
        tile_module_class: type,
    ) -> None:
        super().__init__()
        self.groups, self.out_size, self.in_size = groups, out_size, in_size
        self.tiles = ModuleList(
            tile_module_class(out_size // groups, in_size, rpu_config, bias) for _ in range(groups)
        )

    @torch.no_grad()
    def set_weights(self, weight: Tensor, bias: Tensor | None = None, **kwargs: Any) -> None:
        """Write the logical weights `[out_size, in_size]` and the bias `[out_size]`.

        Raises:
            ValueError: if a size is wrong.
        """
        weight = as_tensor(weight).detach()
        if weight.numel() != self.out_size * self.in_size:
            raise ValueError(
                f"weight must have {self.out_size * self.in_size} elements, got shape "
                f"{tuple(weight.shape)}"
            )
        weights = weight.reshape(self.out_size, self.in_size).chunk(self.groups)
        biases = [None] * self.groups if bias is None else as_tensor(bias).chunk(self.groups)
        for tile, part, bias_part in zip(self.tiles, weights, biases, strict=True):
            tile.set_weights(part, bias_part, **kwargs)  # type: ignore[operator]

    @torch.no_grad()
    def get_weights(self, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
        """Return copies of the logical weights `[out_size, in_size]` and the bias (or None)."""
        parts = [tile.get_weights(**kwargs) for tile in self.tiles]  # type: ignore[operator]
        weight = torch.cat([part[0] for part in parts])
        if parts[0][1] is None:
            return weight, None
        return weight, torch.cat([part[1] for part in parts])

    def forward(self, x_input: Tensor, tensor_view: tuple[int, ...] | None = None) -> Tensor:
        """Return outputs `[..., out_size]` of inputs `[..., groups * in_size]`."""
        parts = x_input.chunk(self.groups, dim=-1)
        return torch.cat([tile(x) for tile, x in zip(self.tiles, parts, strict=True)], dim=-1)
