"""Analog convolutions that are spread over an array of tiles."""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from torch import Tensor, as_tensor
from torch.nn import Conv1d, Conv2d, Conv3d, ModuleList, Parameter

from aihwkit.exceptions import AnalogBiasConfigError, ModuleError
from aihwkit.nn.modules.base import AnalogLayerBase
from aihwkit.nn.modules.conv_base import AnalogConvBase
from aihwkit.nn.modules.conv_geometry import ConvGeometry
from aihwkit.nn.modules.linear_mapped import mappable_config
from aihwkit.nn.modules.weight_layer import check_tile_module_class, initial_weights
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.array import get_split_sizes
from aihwkit.simulator.tiles.folding import unfold_images
from synaptensor.validation import check_flag, check_integer

__all__ = ["AnalogConv1dMapped", "AnalogConv2dMapped", "AnalogConv3dMapped"]


class _AnalogConvNdMapped(AnalogLayerBase, AnalogConvBase):  # type: ignore[misc]
    """Convolution whose channels are split over an array of tiles.

    Whole kernels stay together: a tile sees some input channels with all elements of their kernels.
    The bias is a digital parameter of the layer.

    Attributes:
        array: `array[i][j]` is the tile of input part `i` and output part `j`.
        in_sizes: input channels of the parts.
        out_sizes: output channels of the parts.

    Raises:
        AnalogBiasConfigError: if a bias on the crossbar is asked for.
        ConfigError: if the configuration has no mapping.
        ModuleError: if a tile is too small for the kernel of one channel.
        ValueError: if sizes do not fit together, or for grouped convolutions.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        rpu_config: RPUConfigBase | None = None,
        tile_module_class: type | None = None,
        use_indexed: bool | None = None,
    ) -> None:
        check_tile_module_class(tile_module_class)
        bias = check_flag("bias", bias)
        if check_integer("groups", groups) != 1:
            raise ValueError(f"groups must be 1 in a mapped convolution, got {groups}")
        geometry = ConvGeometry.checked(
            self.n_dims,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            padding_mode,
        )
        self._setup_geometry(geometry)
        config = mappable_config(rpu_config)
        if bias and not config.mapping.digital_bias:
            raise AnalogBiasConfigError(
                "mapped convolutions only support a digital bias, got mapping.digital_bias=False"
            )
        self.use_bias = bias
        self._setup_array(config, tile_module_class or config.tile_class)
        self.use_indexed = use_indexed
        self.bias: Parameter | None = None
        if bias:
            dtype = next(self.analog_tiles()).get_dtype()  # type: ignore[operator]
            self.bias = Parameter(torch.zeros(out_channels, dtype=dtype))
        self.reset_parameters()

    def _setup_array(self, config: Any, tile_class: type) -> None:
        mapping, kernel = config.mapping, prod(self.kernel_size)
        self.in_sizes = self.get_split_sizes(self.in_features, mapping.max_input_size, kernel)
        self.out_sizes = self.get_split_sizes(self.out_features, mapping.max_output_size)
        self.array = ModuleList(
            ModuleList(tile_class(out, channels * kernel, config) for out in self.out_sizes)
            for channels in self.in_sizes
        )

    @staticmethod
    def get_split_sizes(size: int, split_max_size: int, group_size: int = 1) -> list[int]:
        """Split `size` inputs into parts of whole groups; returns the groups of each part.

        Raises:
            ModuleError: if a part cannot hold a single group.
        """
        if split_max_size <= 0:
            return [size // group_size]
        if group_size > split_max_size:
            raise ModuleError(
                "Tile size too small to fit a single group (kernel): a tile has "
                f"{split_max_size} inputs, the kernel {group_size} elements"
            )
        return get_split_sizes(size // group_size, split_max_size // group_size)

    def _tiles(self) -> list[Any]:
        return list(self.analog_tiles())

    @property
    def use_indexed(self) -> bool:
        """Whether the tiles unfold the images themselves; can be switched between steps."""
        return self._use_indexed

    @use_indexed.setter
    def use_indexed(self, value: bool | None) -> None:
        tiles = self._tiles()
        supported = all(tile.supports_indexed for tile in tiles)
        if value is not None and check_flag("use_indexed", value) and not supported:
            raise ModuleError(
                f"use_indexed must be False or None: a {type(tiles[0]).__name__} does not support "
                "indexed computation"
            )
        indexed = supported if value is None else value
        if supported:
            for tile in tiles:
                tile.set_image_unfold(self._unfold_rule if indexed else None)
        self._use_indexed = indexed

    def forward(self, x_input: Tensor) -> Tensor:
        """Return output maps of images `[N, C, *size]` or `[C, *size]`."""
        images = self._prepared_images(x_input)
        parts = images.split(self.in_sizes, dim=1) if len(self.in_sizes) > 1 else (images,)
        maps = self._row(0, parts[0])
        for index, part in enumerate(parts[1:], start=1):
            maps = maps + self._row(index, part)
        if self.bias is not None:
            maps = maps + self.bias.view(self.tensor_view)
        return self._as_given(maps, x_input)

    def _row(self, index: int, images: Tensor) -> Tensor:
        tiles: Any = self.array[index]
        if self._use_indexed:
            return torch.cat([tile(images, self.tensor_view) for tile in tiles], dim=1)
        vectors = unfold_images(images, self._unfold_rule)
        outputs = torch.cat([tile(vectors) for tile in tiles], dim=-1)
        return self._unfold_rule.spread_positions(outputs, images.shape)

    # -- weights -----------------------------------------------------------------------------

    @torch.no_grad()
    def set_weights(self, weight: Tensor, bias: Tensor | None = None, **kwargs: Any) -> None:
        """Write the logical weights and the bias.

        Args:
            weight: anything that reshapes to `[out_channels, in_channels * prod(kernel_size)]`.
            bias: `[out_channels]`; None leaves it.
            **kwargs: keywords of the tiles' `set_weights`.

        Raises:
            ValueError: if a size is wrong; nothing is written then.
        """
        weight = as_tensor(weight).detach()
        if weight.numel() != self.out_features * self.in_features:
            raise ValueError(
                f"weight must have {self.out_features * self.in_features} elements, got shape "
                f"{tuple(weight.shape)}"
            )
        if bias is not None and as_tensor(bias).numel() != self.out_channels:
            raise ValueError(f"bias must have {self.out_channels} elements, got {bias.shape}")
        weight = weight.reshape(self.out_features, self.in_features)
        kernel = prod(self.kernel_size)
        columns = weight.split([channels * kernel for channels in self.in_sizes], dim=1)
        for tiles, part in zip(self.array, columns, strict=True):
            rows = part.split(self.out_sizes, dim=0)
            for tile, block in zip(tiles, rows, strict=True):  # type: ignore[call-overload]
                tile.set_weights(block, None, **kwargs)
        if self.bias is not None and bias is not None:
            self.bias.copy_(as_tensor(bias).view(-1))

    @torch.no_grad()
    def get_weights(self, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
        """Return copies of the logical weights (2-d) and the bias (or None) on the CPU."""
        columns = [
            torch.cat([tile.get_weights(**kwargs)[0] for tile in tiles])  # type: ignore[attr-defined]
            for tiles in self.array
        ]
        bias = None if self.bias is None else self.bias.detach().cpu().clone()
        return torch.cat(columns, dim=1), bias

    def reset_parameters(self) -> None:
        """Draw weight and bias as the digital layer does and write them."""
        dtype = self._tiles()[0].get_dtype()
        self.set_weights(
            *initial_weights(self.out_features, self.in_features, self.use_bias, dtype)
        )

    def _take_over(self, module: Any) -> Any:
        bias = None if module.bias is None else module.bias.detach()
        self.set_weights(module.weight.detach(), bias)
        return self.to(device=module.weight.device).train(module.training)

    def _hand_over(self, digital: Any, realistic: bool) -> Any:
        weight, bias = self.get_weights(realistic=realistic)
        first = self._tiles()[0]
        with torch.no_grad():
            digital.weight.copy_(weight.reshape(digital.weight.shape))
            if bias is not None:
                digital.bias.copy_(bias)
        return digital.to(device=first.device, dtype=first.get_dtype()).train(self.training)


class AnalogConv1dMapped(_AnalogConvNdMapped):
    """One-dimensional convolution on an array of tiles; arguments as of `AnalogConv1d`."""

    digital_class = Conv1d
    n_dims = 1


class AnalogConv2dMapped(_AnalogConvNdMapped):
    """Two-dimensional convolution on an array of tiles; arguments as of `AnalogConv2d`."""

    digital_class = Conv2d
    n_dims = 2


class AnalogConv3dMapped(_AnalogConvNdMapped):
    """Three-dimensional convolution on an array of tiles; arguments as of `AnalogConv3d`."""

    digital_class = Conv3d
    n_dims = 3
