"""Analog convolutions."""

from __future__ import annotations

from math import prod, sqrt
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import Conv1d, Conv2d, Conv3d, Module, init
from torch.nn import functional as F
from torch.nn.modules.conv import _ConvNd

from aihwkit.exceptions import ModuleError
from aihwkit.nn.modules.conv_geometry import ConvGeometry
from aihwkit.nn.modules.weight_layer import AnalogWeightLayer, TileRequest, resolve_tile_request
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.folding import KernelUnfold, unfold_images
from aihwkit.simulator.tiles.grouped import GroupedTileModule

__all__ = ["AnalogConv1d", "AnalogConv2d", "AnalogConv3d"]


class _AnalogConvNd(AnalogWeightLayer, _ConvNd):
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

    digital_class: ClassVar[type[_ConvNd]]
    n_dims: ClassVar[int]

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
        # Not _ConvNd.__init__: it would make digital parameters.
        Module.__init__(self)
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
        geometry.write_to(self)
        self.in_features = in_channels // groups * prod(self.kernel_size)
        self.out_features = out_channels
        self.tensor_view = (-1, *(1 for _ in range(self.n_dims)))
        request = resolve_tile_request(
            rpu_config, tile_module_class, resistive_device, realistic_read_write
        )
        self._setup_tile(request, bias)
        self.use_indexed = use_indexed

    def _setup_tile(self, request: TileRequest, bias: bool) -> None:
        zero_padded = self.padding_mode == "zeros"
        self._pads = ConvGeometry.padding_pairs(self.padding, self.kernel_size, self.dilation)
        none = ((0, 0),) * self.n_dims
        self._unfold_rule = KernelUnfold(
            self.kernel_size, self.stride, self._pads if zero_padded else none, self.dilation
        )
        super()._setup_tile(request, bias)

    def _make_tile_module(self, tile_class: type, config: RPUConfigBase, bias: bool) -> Module:
        if self.groups == 1:
            return super()._make_tile_module(tile_class, config, bias)
        return GroupedTileModule(
            self.groups, self.out_features, self.in_features, config, bias, tile_class
        )

    def _initial_weights(self) -> tuple[Tensor, Tensor | None]:
        weight = torch.empty(self.out_features, self.in_features, dtype=self._weight_dtype())
        init.kaiming_uniform_(weight, a=sqrt(5))
        if not self.use_bias:
            return weight, None
        bound = 1 / sqrt(self.in_features)
        return weight, init.uniform_(weight.new_empty(self.out_features), -bound, bound)

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    # -- unfolding ---------------------------------------------------------------------------

    @property
    def use_indexed(self) -> bool:
        """Whether the tile unfolds the images itself; can be switched at any time."""
        return self._use_indexed

    @use_indexed.setter
    def use_indexed(self, value: bool | None) -> None:
        supported = bool(getattr(self.analog_module, "supports_indexed", False))
        if value and not supported:
            raise ModuleError(
                f"use_indexed must be False or None: a {type(self.analog_module).__name__} does "
                "not support indexed computation"
            )
        self._use_indexed = supported if value is None else value
        if supported:
            self.analog_module.set_image_unfold(self._unfold_rule if self._use_indexed else None)

    def get_tile_size(self, in_channels: int, groups: int, kernel_size: tuple[int, ...]) -> int:
        """Return the number of inputs of the matrix of one group."""
        return in_channels // groups * prod(kernel_size)

    def get_image_size(self, size: int, i: int) -> int:
        """Return the output size of dimension `i` for an input size."""
        extent = self.dilation[i] * (self.kernel_size[i] - 1) + 1
        return (size + sum(self._pads[i]) - extent) // self.stride[i] + 1

    def forward(self, x_input: Tensor) -> Tensor:
        """Return output maps of images `[N, C, *size]` or `[C, *size]`."""
        images = self._checked_images(x_input)
        if self._use_indexed:
            maps = self.analog_module(images, self.tensor_view)
        else:
            vectors = unfold_images(images, self._unfold_rule)
            maps = self._unfold_rule.spread_positions(self.analog_module(vectors), images.shape)
        return maps.squeeze(0) if x_input.dim() == self.n_dims + 1 else maps

    def _checked_images(self, x_input: Tensor) -> Tensor:
        channel_dim = x_input.dim() - self.n_dims - 1
        if channel_dim not in (0, 1) or x_input.shape[channel_dim] != self.in_channels:
            raise ValueError(
                f"x_input must have shape [N, {self.in_channels}, *size] or "
                f"[{self.in_channels}, *size] with {self.n_dims} sizes, got "
                f"{tuple(x_input.shape)}"
            )
        images = x_input.unsqueeze(0) if channel_dim == 0 else x_input
        if self.padding_mode != "zeros":
            pads = [p for pair in reversed(self._pads) for p in pair]
            images = F.pad(images, pads, mode=self.padding_mode)
        return images

    # -- conversion --------------------------------------------------------------------------

    @classmethod
    def from_digital(
        cls, module: _ConvNd, rpu_config: RPUConfigBase, tile_module_class: type | None = None
    ) -> Any:
        """Return an analog layer with the weights of a digital one."""
        layer = cls(
            module.in_channels,
            module.out_channels,
            module.kernel_size,
            module.stride,
            module.padding,
            module.dilation,
            module.groups,
            module.bias is not None,
            module.padding_mode,
            rpu_config,
            tile_module_class,
        )
        return layer._take_over(module)

    @classmethod
    def to_digital(cls, module: Any, realistic: bool = False) -> _ConvNd:
        """Return a digital layer with the weights of an analog one.

        Args:
            module: analog layer.
            realistic: estimate the weights from outputs instead of reading them exactly.
        """
        digital = cls.digital_class(
            module.in_channels,
            module.out_channels,
            module.kernel_size,
            module.stride,
            module.padding,
            module.dilation,
            module.groups,
            module.use_bias,
            module.padding_mode,
        )
        return module._hand_over(digital, realistic)

    def extra_repr(self) -> str:
        """Show geometry, bias and configuration."""
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"]
        parts.append(f"stride={self.stride}")
        if any(map(sum, self._pads)):
            parts.append(f"padding={self.padding}")
        if any(d != 1 for d in self.dilation):
            parts.append(f"dilation={self.dilation}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if not self.use_bias:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join([*parts, type(next(self.analog_tiles()).rpu_config).__name__])


class AnalogConv1d(_AnalogConvNd):
    """One-dimensional convolution with its weights on analog tiles; see `torch.nn.Conv1d`."""

    digital_class = Conv1d
    n_dims = 1


class AnalogConv2d(_AnalogConvNd):
    """Two-dimensional convolution with its weights on analog tiles; see `torch.nn.Conv2d`.

    Example:
        >>> layer = AnalogConv2d(1, 16, kernel_size=5)
        >>> layer(torch.rand(8, 1, 28, 28)).shape
        torch.Size([8, 16, 24, 24])
    """

    digital_class = Conv2d
    n_dims = 2


class AnalogConv3d(_AnalogConvNd):
    """Three-dimensional convolution with its weights on analog tiles; see `torch.nn.Conv3d`."""

    digital_class = Conv3d
    n_dims = 3
