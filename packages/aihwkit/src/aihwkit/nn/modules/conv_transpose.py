"""Analog transposed convolutions."""

from __future__ import annotations

from math import prod, sqrt
from typing import Any, ClassVar

import torch
from torch import Tensor, as_tensor
from torch.nn import (
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    Module,
    Parameter,
    init,
)
from torch.nn.modules.conv import _ConvTransposeNd

from aihwkit.nn.modules.base import AnalogLayerBase
from aihwkit.nn.modules.conv_geometry import ConvGeometry, per_dimension
from aihwkit.nn.modules.linear_mapped import mappable_config
from aihwkit.nn.modules.weight_layer import check_tile_module_class
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.folding import KernelUnfold, fold_vectors
from aihwkit.simulator.tiles.grouped import GroupedTileModule
from synaptensor.validation import check_choice, check_flag, check_instance

__all__ = ["AnalogConvTranspose1d", "AnalogConvTranspose2d", "AnalogConvTranspose3d"]


class _AnalogConvTransposeNd(AnalogLayerBase, _ConvTransposeNd):  # type: ignore[misc]
    r"""Transposed convolution: every pixel drives the matrix, the outputs are added into an image.

    The matrix is `[out_channels * prod(kernel_size), in_channels]`; grouped convolutions have one
    for each group. The bias belongs to output channels, not to outputs of the matrix, and is a
    digital parameter of the layer.

    Attributes:
        analog_module: the tile module.
        bias: digital bias `[out_channels]`, or None.

    Raises:
        ValueError: if sizes do not fit together.
    """

    digital_class: ClassVar[Any]
    n_dims: ClassVar[int]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        padding_mode: str = "zeros",
        rpu_config: RPUConfigBase | None = None,
        tile_module_class: type | None = None,
    ) -> None:
        # Not _ConvTransposeNd.__init__: it would make digital parameters.
        Module.__init__(self)
        check_choice("padding_mode", padding_mode, ("zeros",))
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
        self.transposed = True
        self.output_padding = per_dimension("output_padding", output_padding, self.n_dims, 0)
        self.in_features = in_channels // groups
        self.out_features = out_channels * prod(self.kernel_size)
        self._fold_rule = KernelUnfold(
            self.kernel_size, self.stride, geometry.padding_pairs(), self.dilation
        )
        check_tile_module_class(tile_module_class)
        bias = check_flag("bias", bias)
        self._setup_tiles(mappable_config(rpu_config), tile_module_class)
        dtype = next(self.analog_tiles()).get_dtype()  # type: ignore[operator]
        self.bias = Parameter(torch.zeros(out_channels, dtype=dtype)) if bias else None
        self.reset_parameters()

    def _setup_tiles(self, config: Any, tile_class: type | None) -> None:
        rows = self.out_features // self.groups
        if tile_class is None:
            tile_class = config.get_default_tile_module_class(rows, self.in_features)
        self.analog_module = GroupedTileModule(
            self.groups, self.out_features, self.in_features, config, False, tile_class
        )

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Return output maps of images `[N, C, *size]` or `[C, *size]`.

        Args:
            input: images.
            output_size: spatial size of the output, where the stride leaves a choice.

        Raises:
            ValueError: if the channels or the number of dimensions are wrong.
        """
        check_instance("input", input, Tensor)
        channel_dim = input.dim() - self.n_dims - 1
        if channel_dim not in (0, 1) or input.shape[channel_dim] != self.in_channels:
            raise ValueError(
                f"input must have shape [N, {self.in_channels}, *size] or "
                f"[{self.in_channels}, *size] with {self.n_dims} sizes, got {tuple(input.shape)}"
            )
        images = input.unsqueeze(0) if channel_dim == 0 else input
        outputs = self.analog_module(images.flatten(2).transpose(1, 2))
        shape = torch.Size((len(images), self.out_channels, *self._size(images, output_size)))
        maps = fold_vectors(outputs, self._fold_rule, shape)
        if self.bias is not None:
            maps = maps + self.bias.view(-1, *(1 for _ in range(self.n_dims)))
        return maps.squeeze(0) if channel_dim == 0 else maps

    def _size(self, images: Tensor, output_size: list[int] | None) -> list[int]:
        extra = self._output_padding(
            images,
            output_size,
            self.stride,  # type: ignore[arg-type]
            self.padding,  # type: ignore[arg-type]
            self.kernel_size,  # type: ignore[arg-type]
            self.n_dims,
            self.dilation,  # type: ignore[arg-type]
        )
        dims = zip(
            images.shape[2:],
            self.stride,
            self._fold_rule.padding,
            self.dilation,
            self.kernel_size,
            extra,
            strict=True,
        )
        return [(n - 1) * s - sum(p) + d * (k - 1) + e + 1 for n, s, p, d, k, e in dims]

    # -- weights -----------------------------------------------------------------------------

    @torch.no_grad()
    def set_weights(self, weight: Tensor, bias: Tensor | None = None, **kwargs: Any) -> None:
        """Write the logical weights and the bias.

        Args:
            weight: `[in_channels, out_channels // groups, *kernel_size]`, as torch has it.
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
            raise ValueError(
                f"bias must have {self.out_channels} elements, got {as_tensor(bias).numel()}"
            )
        grouped = weight.reshape(self.groups, self.in_features, -1)
        self.analog_module.set_weights(grouped.transpose(1, 2), None, **kwargs)
        if self.bias is not None and bias is not None:
            self.bias.copy_(as_tensor(bias).view(-1))

    @torch.no_grad()
    def get_weights(self, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
        """Return copies of the logical weights in torch's shape and the bias (or None)."""
        matrix, _ = self.analog_module.get_weights(**kwargs)
        grouped = matrix.reshape(self.groups, -1, self.in_features).transpose(1, 2)
        shape = (self.in_channels, self.out_channels // self.groups, *self.kernel_size)
        bias = None if self.bias is None else self.bias.detach().cpu().clone()
        return grouped.reshape(shape), bias

    def reset_parameters(self) -> None:
        """Draw weight and bias as the digital layer does and write them."""
        dtype = next(self.analog_tiles()).get_dtype()  # type: ignore[operator]
        per_group = self.out_channels // self.groups
        weight = torch.empty(self.in_channels, per_group, *self.kernel_size, dtype=dtype)
        init.kaiming_uniform_(weight, a=sqrt(5))
        bias = None
        if self.bias is not None:
            bound = 1 / sqrt(per_group * prod(self.kernel_size))
            bias = init.uniform_(weight.new_empty(self.out_channels), -bound, bound)
        self.set_weights(weight, bias)

    # -- conversion --------------------------------------------------------------------------

    @classmethod
    def from_digital(
        cls, module: Any, rpu_config: RPUConfigBase, tile_module_class: type | None = None
    ) -> Any:
        """Return an analog layer with the weights of a digital one."""
        layer = cls(*_arguments(module, module.bias is not None), rpu_config, tile_module_class)  # type: ignore[call-arg]
        layer.set_weights(module.weight, module.bias)
        return layer.to(device=module.weight.device).train(module.training)

    @classmethod
    def to_digital(cls, module: Any, realistic: bool = False) -> Any:
        """Return a digital layer with the weights of an analog one."""
        digital = cls.digital_class(*_arguments(module, module.bias is not None))
        weight, bias = module.get_weights(realistic=realistic)
        with torch.no_grad():
            digital.weight.copy_(weight)
            if bias is not None:
                digital.bias.copy_(bias)
        first = next(module.analog_tiles())
        return digital.to(device=first.device, dtype=first.get_dtype()).train(module.training)


def _arguments(module: Any, bias: bool) -> tuple[Any, ...]:
    return (
        module.in_channels,
        module.out_channels,
        module.kernel_size,
        module.stride,
        module.padding,
        module.output_padding,
        module.groups,
        bias,
        module.dilation,
        module.padding_mode,
    )


class AnalogConvTranspose1d(_AnalogConvTransposeNd):
    """One-dimensional transposed convolution; arguments as of `torch.nn.ConvTranspose1d`."""

    digital_class = ConvTranspose1d
    n_dims = 1


class AnalogConvTranspose2d(_AnalogConvTransposeNd):
    """Two-dimensional transposed convolution; arguments as of `torch.nn.ConvTranspose2d`."""

    digital_class = ConvTranspose2d
    n_dims = 2


class AnalogConvTranspose3d(_AnalogConvTransposeNd):
    """Three-dimensional transposed convolution; arguments as of `torch.nn.ConvTranspose3d`."""

    digital_class = ConvTranspose3d
    n_dims = 3
