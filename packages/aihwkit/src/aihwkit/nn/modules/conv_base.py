"""Geometry, initial weights and conversion that all analog convolutions share."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import Module
from torch.nn import functional as F
from torch.nn.modules.conv import _ConvNd

from aihwkit.nn.modules.conv_geometry import ConvGeometry
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.folding import KernelUnfold
from synaptensor.validation import check_instance

__all__ = ["AnalogConvBase"]


class AnalogConvBase(_ConvNd):
    """Base of convolutions whose kernel matrix is on analog tiles.

    Attributes:
        in_features: inputs of the matrix of one group, `in_channels // groups * prod(kernel_size)`.
        out_features: outputs of all groups, `out_channels`.
        tensor_view: view that broadcasts a vector over the channels of a sample.
    """

    digital_class: ClassVar[Any]
    n_dims: ClassVar[int]

    use_bias: bool

    def _setup_geometry(self, geometry: ConvGeometry) -> None:
        # Not _ConvNd.__init__: it would make digital parameters.
        Module.__init__(self)
        geometry.write_to(self)
        self.in_features = self.in_channels // self.groups * prod(self.kernel_size)
        self.out_features = self.out_channels
        self.tensor_view = (-1, *(1 for _ in range(self.n_dims)))
        self._pads = geometry.padding_pairs()
        tile_pads = self._pads if self.padding_mode == "zeros" else ((0, 0),) * self.n_dims
        self._unfold_rule = KernelUnfold(self.kernel_size, self.stride, tile_pads, self.dilation)

    def get_tile_size(self, in_channels: int, groups: int, kernel_size: tuple[int, ...]) -> int:
        """Return the number of inputs of the matrix of one group."""
        return in_channels // groups * prod(kernel_size)

    def get_image_size(self, size: int, i: int) -> int:
        """Return the output size of dimension `i` for an input size."""
        extent = self.dilation[i] * (self.kernel_size[i] - 1) + 1
        return (size + sum(self._pads[i]) - extent) // self.stride[i] + 1

    def _prepared_images(self, x_input: Tensor) -> Tensor:
        """Return images `[N, C, *size]`, padded where zeros are not the padding.

        Raises:
            TypeError: if they are no tensor.
            ValueError: if channels or number of dimensions are wrong.
        """
        check_instance("x_input", x_input, Tensor)
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

    def _as_given(self, maps: Tensor, x_input: Tensor) -> Tensor:
        """Drop the batch dimension if the input had none."""
        return maps.squeeze(0) if x_input.dim() == self.n_dims + 1 else maps

    @classmethod
    def from_digital(
        cls, module: _ConvNd, rpu_config: RPUConfigBase, tile_module_class: type | None = None
    ) -> Any:
        """Return an analog layer with the weights of a digital one."""
        make: Any = cls
        layer = make(
            module.in_channels,
            module.out_channels,
            module.kernel_size,
            module.stride,
            module.padding,
            module.dilation,
            module.groups,
            module.bias is not None,
            module.padding_mode,
            rpu_config=rpu_config,
            tile_module_class=tile_module_class,
        )
        return layer._take_over(module)

    @classmethod
    def to_digital(cls, module: Any, realistic: bool = False) -> Any:
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
        """Show geometry and bias."""
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
        return ", ".join(parts)
