"""Analog convolutions."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import Conv1d, Conv2d, Conv3d, Module

from aihwkit.exceptions import ModuleError
from aihwkit.nn.modules.conv_base import AnalogConvBase
from aihwkit.nn.modules.conv_geometry import ConvGeometry
from aihwkit.nn.modules.weight_layer import AnalogWeightLayer, resolve_tile_request
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.folding import unfold_images
from aihwkit.simulator.tiles.grouped import GroupedTileModule
from synaptensor.validation import check_flag

__all__ = ["AnalogConv1d", "AnalogConv2d", "AnalogConv3d"]


class _AnalogConvNd(AnalogWeightLayer, AnalogConvBase):  # type: ignore[misc]
    r"""Convolution as a product of the kernel matrix with the image patches of all positions.

    The matrix is `[out_channels, in_channels * prod(kernel_size)]` in channel-major order, the
    torch weight reshaped. Grouped convolutions have one tile (or array) for each group.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: kernel size, for all dimensions or each.
        stride: step between output positions.
        padding: zeros added on both sides, or `"same"` or `"valid"`.
        dilation: step between the kernel's elements.
        groups: number of groups of channels.
        bias: whether there is a bias.
        padding_mode: `"zeros"`, `"reflect"`, `"replicate"` or `"circular"`.
        rpu_config: configuration of the tiles; None means an exact `FloatingPointTile`.
        tile_module_class: class of the tile module; None takes the configuration's choice.
        use_indexed: let the tile unfold the images itself and store images, not patches, until the
            update; needs a tile that supports it. None does so where possible.
        resistive_device: device of the first interface, instead of `rpu_config`.
        realistic_read_write: read and write weights through the device (first interface).

    Shape:
        Input `[N, in_channels, *size]` or unbatched, output `[N, out_channels, *size_out]`.

    Raises:
        ValueError: if sizes do not fit together.
        ModuleError: if `use_indexed` is asked for and the tile does not support it.
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
        *,
        resistive_device: Any = None,
        realistic_read_write: bool = False,
    ) -> None:
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
        bias = check_flag("bias", bias)
        request = resolve_tile_request(
            rpu_config, tile_module_class, resistive_device, realistic_read_write
        )
        self._build_tile(request, bias)
        self.use_indexed = use_indexed

    def _make_tile_module(self, tile_class: type, config: RPUConfigBase, bias: bool) -> Module:
        if self.groups == 1:
            return super()._make_tile_module(tile_class, config, bias)
        return GroupedTileModule(
            self.groups, self.out_features, self.in_features, config, bias, tile_class
        )

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    @property
    def use_indexed(self) -> bool:
        """Whether the tile unfolds the images itself; can be switched between steps."""
        return self._use_indexed

    @use_indexed.setter
    def use_indexed(self, value: bool | None) -> None:
        supported = bool(getattr(self.analog_module, "supports_indexed", False))
        if value is not None and check_flag("use_indexed", value) and not supported:
            raise ModuleError(
                f"use_indexed must be False or None: a {type(self.analog_module).__name__} does "
                "not support indexed computation"
            )
        indexed = supported if value is None else value
        if supported:
            self.analog_module.set_image_unfold(self._unfold_rule if indexed else None)
        self._use_indexed = indexed

    def forward(self, x_input: Tensor) -> Tensor:
        """Return output maps of images `[N, C, *size]` or `[C, *size]`."""
        images = self._prepared_images(x_input)
        if self._use_indexed:
            maps = self.analog_module(images, self.tensor_view)
        else:
            vectors = unfold_images(images, self._unfold_rule)
            maps = self._unfold_rule.spread_positions(self.analog_module(vectors), images.shape)
        return self._as_given(maps, x_input)


class AnalogConv1d(_AnalogConvNd):
    """One-dimensional convolution with its weights on analog tiles.

    Arguments are those of `torch.nn.Conv1d`, then `rpu_config`, `tile_module_class` and
    `use_indexed`; without `rpu_config` the tile is an exact `FloatingPointTile`.
    """

    digital_class = Conv1d
    n_dims = 1


class AnalogConv2d(_AnalogConvNd):
    """Two-dimensional convolution with its weights on analog tiles.

    Arguments are those of `torch.nn.Conv2d`, then `rpu_config`, `tile_module_class` and
    `use_indexed`; without `rpu_config` the tile is an exact `FloatingPointTile`.

    Example:
        >>> layer = AnalogConv2d(1, 16, kernel_size=5)
        >>> layer(torch.rand(8, 1, 28, 28)).shape
        torch.Size([8, 16, 24, 24])
    """

    digital_class = Conv2d
    n_dims = 2


class AnalogConv3d(_AnalogConvNd):
    """Three-dimensional convolution with its weights on analog tiles.

    Arguments are those of `torch.nn.Conv3d`, then `rpu_config`, `tile_module_class` and
    `use_indexed`; without `rpu_config` the tile is an exact `FloatingPointTile`.
    """

    digital_class = Conv3d
    n_dims = 3
