"""Uniform quantisers: modules that hold a grid and round to it."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

import torch
from torch import Tensor, as_tensor
from torch.nn import Module, Parameter

from aihwkit.simulator.digital_low_precision.grid import (
    QuantizationGrid,
    asymmetric_grid,
    on_grid,
    symmetric_grid,
)
from aihwkit.simulator.digital_low_precision.straight_through import (
    FloorStraightThrough,
    RoundStraightThrough,
    floor_ste_func,
    round_ste_func,
    saturate,
)
from synaptensor.validation import check_choice, check_integer, check_positive

__all__ = [
    "AsymmetricUniformQuantizer",
    "FloorStraightThrough",
    "QMethodMap",
    "QMethods",
    "QuantizerBase",
    "QuantizerNotInitializedError",
    "RoundStraightThrough",
    "SymmetricUniformQuantizer",
    "floor_ste_func",
    "round_ste_func",
]


class QuantizerNotInitializedError(RuntimeError):
    """A quantiser is used before it has a range."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(f"Quantizer has not been initialized yet{hint}")


class QuantizerBase(Module):
    r"""Quantiser with one range, or one for each channel.

    .. math:: q(x) = s\,\big(\mathrm{clip}(\mathrm{rint}(x / s) + z,\ i_{min}, i_{max}) - z\big)

    The gradient passes rounding unchanged, is zero for values outside the grid, and is exact for
    :math:`s` and :math:`z`.

    Args:
        n_bits: number of bits.
        scale_domain: `"linear"`, or `"log"` to keep (and learn) the logarithm of the scale.
        per_channel: one range for each entry of the first dimension.
        axis: one range for each entry of this dimension.
        eps: smallest scale and smallest upper end of a range.

    Raises:
        ValueError: if an argument is impossible, or `axis` and `per_channel` are both given.
    """

    _delta: Parameter

    def __init__(
        self,
        n_bits: int,
        scale_domain: str = "linear",
        per_channel: bool = False,
        axis: int | None = None,
        eps: float = 1e-8,
    ) -> None:
        super().__init__()
        self.n_bits = check_integer("n_bits", n_bits, minimum=1)
        self.scale_domain = check_choice("scale_domain", scale_domain, ("linear", "log"))
        if per_channel and axis is not None:
            raise ValueError(f"axis must be None for a quantizer per channel, got {axis!r}")
        self.per_channel = per_channel
        self.axis = axis
        self.eps = check_positive("eps", eps)
        self._delta = Parameter(torch.tensor(float("nan")), requires_grad=False)
        self._initialized = False

    # -- description -------------------------------------------------------------------------

    @property
    def is_initialized(self) -> bool:
        """Whether the quantiser has a range."""
        return self._initialized

    @property
    def symmetric(self) -> bool:
        """Whether the grid lies symmetrically around zero."""
        raise NotImplementedError

    @property
    def int_min(self) -> int:
        """Smallest integer of the grid."""
        raise NotImplementedError

    @property
    def int_max(self) -> int:
        """Largest integer of the grid."""
        raise NotImplementedError

    @property
    def delta(self) -> Parameter:
        """Parameter that holds the scale, or its logarithm.

        Raises:
            QuantizerNotInitializedError: without a range.
        """
        self._require_range()
        return self._delta

    @property
    def scale(self) -> Tensor:
        """Distance of two points of the grid."""
        scale = self.delta.exp() if self.scale_domain == "log" else self.delta
        return saturate(scale, self.eps, float("inf"))

    @property
    def zero_point(self) -> Tensor | float:
        """Integer that stands for zero."""
        raise NotImplementedError

    @property
    def x_min(self) -> Tensor:
        """Lowest point of the grid."""
        return self.scale * (self.int_min - self.zero_point)

    @property
    def x_max(self) -> Tensor:
        """Highest point of the grid."""
        return self.scale * (self.int_max - self.zero_point)

    def extra_repr(self) -> str:
        """Show bits and state."""
        return f"n_bits={self.n_bits}, per_channel={self.per_channel}, axis={self.axis}"

    # -- range -------------------------------------------------------------------------------

    def make_grid(self, x_min: Tensor, x_max: Tensor) -> QuantizationGrid:
        """Return the grid that the quantiser would have for a range."""
        raise NotImplementedError

    def quantize_with_range(self, x: Tensor, x_min: Tensor, x_max: Tensor) -> Tensor:
        """Return what `forward` would give with another range; ranges broadcast against `x`."""
        return on_grid(x, self.make_grid(x_min, x_max))

    @torch.no_grad()
    def set_quant_range(self, x_min: Tensor | float, x_max: Tensor | float) -> None:
        """Set the range; zero is always part of it.

        Args:
            x_min: lower end, a number or one for each channel.
            x_max: upper end.

        Raises:
            ValueError: if ends are not finite, or if a quantiser of one range gets several.
        """
        low = as_tensor(x_min).detach().to(self._delta)
        high = as_tensor(x_max).detach().to(self._delta)
        for name, end in (("x_min", low), ("x_max", high)):
            if end.numel() > 1 and not self.per_channel and self.axis is None:
                raise ValueError(
                    f"{name} must be one number for a quantizer with one range, got "
                    f"{end.numel()} values"
                )
            if not bool(torch.isfinite(end).all()):
                raise ValueError(f"{name} must be finite, got {end}")
        self._take_grid(self.make_grid(low, high))
        self._initialized = True

    def _take_grid(self, grid: QuantizationGrid) -> None:
        _assign(self._delta, grid.scale.log() if self.scale_domain == "log" else grid.scale)

    def make_range_trainable(self) -> None:
        """Let optimizers learn the range."""
        self._delta.requires_grad_()

    def reset(self) -> None:
        """Forget the range."""
        self._delta.data = self._delta.new_tensor(float("nan"))
        self._initialized = False

    def _require_range(self) -> None:
        if not self._initialized:
            raise QuantizerNotInitializedError(
                "; estimate its range from data first, in training mode or by estimate_ranges(), "
                "or set it by set_quant_range()"
            )

    # -- quantisation ------------------------------------------------------------------------

    def to_integer_forward(self, x: Tensor) -> Tensor:
        """Return the integers of the grid points next to `x`."""
        zero = self._broadcast(self.zero_point, x)
        integers = round_ste_func(x / self._broadcast(self.scale, x)) + zero
        return saturate(integers, self.int_min, self.int_max)

    def forward(self, x: Tensor) -> Tensor:
        """Return the grid points next to `x`.

        Raises:
            QuantizerNotInitializedError: without a range.
        """
        self._require_range()
        zero = self._broadcast(self.zero_point, x)
        return self._broadcast(self.scale, x) * (self.to_integer_forward(x) - zero)

    def _broadcast(self, values: Tensor | float, x: Tensor) -> Any:
        if not isinstance(values, Tensor):
            return values
        if values.numel() == 1:
            return values.reshape(()).to(x.dtype)
        shape = [1] * x.dim()
        shape[0 if self.axis is None else self.axis] = -1
        return values.view(shape).to(x.dtype)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        for name, parameter in self._parameters.items():
            stored = state_dict.get(prefix + name)
            if isinstance(stored, Tensor) and parameter is not None:
                parameter.data = parameter.new_empty(stored.shape)
        super()._load_from_state_dict(state_dict, prefix, *args)
        self._initialized = not bool(torch.isnan(self._delta).any())


def _assign(parameter: Parameter, values: Tensor) -> None:
    """Give a parameter new values, of whatever shape."""
    if parameter.shape == values.shape:
        parameter.data.copy_(values)
    else:
        parameter.data = values.to(parameter).clone()


class SymmetricUniformQuantizer(QuantizerBase):
    """Quantiser with zero in the middle of its grid, or at its lower end for positive ranges.

    Takes the arguments of `QuantizerBase`.
    """

    _signed: Tensor | None

    def __init__(
        self,
        n_bits: int,
        scale_domain: str = "linear",
        per_channel: bool = False,
        axis: int | None = None,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(n_bits, scale_domain, per_channel, axis, eps)
        self.register_buffer("_signed", None)
        self._is_signed = False

    @property
    def symmetric(self) -> bool:
        """Whether the grid lies symmetrically around zero."""
        return True

    @property
    def signed(self) -> bool:
        """Whether there are negative points.

        Raises:
            QuantizerNotInitializedError: without a range.
        """
        self._require_range()
        return self._is_signed

    @property
    def int_min(self) -> int:
        """Smallest integer of the grid."""
        return -(2 ** (self.n_bits - 1)) if self.signed else 0

    @property
    def int_max(self) -> int:
        """Largest integer of the grid."""
        return 2 ** (self.n_bits - 1) - 1 if self.signed else 2**self.n_bits - 1

    @property
    def zero_point(self) -> float:
        """Integer that stands for zero."""
        return 0.0

    def make_grid(self, x_min: Tensor, x_max: Tensor) -> QuantizationGrid:
        """Return the grid that the quantiser would have for a range."""
        return symmetric_grid(x_min, x_max, self.n_bits, self.eps)

    def _take_grid(self, grid: QuantizationGrid) -> None:
        super()._take_grid(grid)
        self._is_signed = grid.int_min < 0
        self._signed = torch.tensor(self._is_signed, device=self._delta.device)

    def reset(self) -> None:
        """Forget the range."""
        super().reset()
        self._signed = None

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        stored = state_dict.get(f"{prefix}_signed")
        self._signed = None if stored is None else stored.detach().to(self._delta.device).clone()
        self._is_signed = stored is not None and bool(stored)
        super()._load_from_state_dict(state_dict, prefix, *args)


class AsymmetricUniformQuantizer(QuantizerBase):
    """Quantiser whose grid spans the range, with zero on the grid.

    Takes the arguments of `QuantizerBase`.
    """

    _zero_float: Parameter

    def __init__(
        self,
        n_bits: int,
        scale_domain: str = "linear",
        per_channel: bool = False,
        axis: int | None = None,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(n_bits, scale_domain, per_channel, axis, eps)
        self._zero_float = Parameter(torch.tensor(float("nan")), requires_grad=False)

    @property
    def symmetric(self) -> bool:
        """Whether the grid lies symmetrically around zero."""
        return False

    @property
    def int_min(self) -> int:
        """Smallest integer of the grid."""
        return 0

    @property
    def int_max(self) -> int:
        """Largest integer of the grid."""
        return 2**self.n_bits - 1

    @property
    def zero_float(self) -> Parameter:
        """Zero point before rounding.

        Raises:
            QuantizerNotInitializedError: without a range.
        """
        self._require_range()
        return self._zero_float

    @property
    def zero_point(self) -> Tensor:
        """Integer that stands for zero."""
        return saturate(round_ste_func(self.zero_float), self.int_min, self.int_max)

    def make_grid(self, x_min: Tensor, x_max: Tensor) -> QuantizationGrid:
        """Return the grid that the quantiser would have for a range."""
        return asymmetric_grid(x_min, x_max, self.n_bits, self.eps)

    def _take_grid(self, grid: QuantizationGrid) -> None:
        super()._take_grid(grid)
        _assign(self._zero_float, grid.zero)

    def make_range_trainable(self) -> None:
        """Let optimizers learn the range."""
        super().make_range_trainable()
        self._zero_float.requires_grad_()

    def reset(self) -> None:
        """Forget the range."""
        super().reset()
        self._zero_float.data = self._zero_float.new_tensor(float("nan"))


class QMethodMap(NamedTuple):
    """Number and class of a quantisation method."""

    value: int
    cls: type[QuantizerBase]


class QMethods(Enum):
    """Quantisation methods."""

    symmetric_uniform = QMethodMap(0, SymmetricUniformQuantizer)
    asymmetric_uniform = QMethodMap(1, AsymmetricUniformQuantizer)

    @property
    def cls(self) -> type[QuantizerBase]:
        """Class of the quantisers."""
        return self.value.cls

    @classmethod
    def list(cls) -> list[str]:
        """Return the names of the methods."""
        return [member.name for member in cls]
