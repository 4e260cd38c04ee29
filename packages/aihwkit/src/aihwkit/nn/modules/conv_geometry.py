"""Sizes, strides and paddings of a convolution, checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from synaptensor.validation import check_choice, check_integer

__all__ = ["ConvGeometry", "per_dimension"]

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


@dataclass(frozen=True)
class ConvGeometry:
    """Geometry of a convolution, under the names of torch's convolution modules."""

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]
    groups: int
    padding_mode: str
    transposed: bool = False
    output_padding: tuple[int, ...] = ()

    @classmethod
    def checked(
        cls,
        dims: int,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...],
        padding: int | tuple[int, ...] | str,
        dilation: int | tuple[int, ...],
        groups: int,
        padding_mode: str,
    ) -> ConvGeometry:
        """Check the arguments of a convolution with `dims` spatial dimensions.

        Raises:
            ValueError: if a value is out of range or channels are no multiple of the groups.
        """
        check_integer("in_channels", in_channels, minimum=1)
        check_integer("out_channels", out_channels, minimum=1)
        check_integer("groups", groups, minimum=1)
        check_choice("padding_mode", padding_mode, _PADDING_MODES)
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{name} must be a multiple of groups={groups}, got {channels}")
        strides = per_dimension("stride", stride, dims, 1)
        if isinstance(padding, str):
            check_choice("padding", padding, ("same", "valid"))
            if padding == "same" and any(s != 1 for s in strides):
                raise ValueError(f"padding='same' needs stride 1, got {stride!r}")
        else:
            padding = per_dimension("padding", padding, dims, 0)
        return cls(
            in_channels,
            out_channels,
            per_dimension("kernel_size", kernel_size, dims, 1),
            strides,
            padding,
            per_dimension("dilation", dilation, dims, 1),
            groups,
            padding_mode,
            output_padding=(0,) * dims,
        )

    def write_to(self, module: Any) -> None:
        """Set the geometry as attributes of a module."""
        for name, value in asdict(self).items():
            setattr(module, name, value)

    def padding_pairs(self) -> tuple[tuple[int, int], ...]:
        """Return the padding before and after each dimension; `"same"` puts the odd one after."""
        if self.padding == "valid":
            return ((0, 0),) * len(self.kernel_size)
        if self.padding == "same":
            extents = zip(self.kernel_size, self.dilation, strict=True)
            totals = [d * (k - 1) for k, d in extents]
            return tuple((t // 2, t - t // 2) for t in totals)
        return tuple((int(p), int(p)) for p in self.padding)


def per_dimension(
    name: str, value: int | tuple[int, ...], dims: int, minimum: int
) -> tuple[int, ...]:
    """Return one integer for each dimension, from a number for all or a sequence of them."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * dims
    if len(values) != dims:
        raise ValueError(f"{name} must be a number or {dims} numbers, got {value!r}")
    return tuple(check_integer(name, v, minimum=minimum) for v in values)
