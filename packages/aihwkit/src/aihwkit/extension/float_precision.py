"""Rounding to a small floating-point format as a step of a network."""

from typing import Any

from torch import Tensor
from torch.autograd import Function
from torch.nn import Module

from aihwkit.functional.float_format import float_precision_cast
from synaptensor.validation import check_instance, check_integer

__all__ = ["FloatPrecisionCast", "FloatPrecisionCastFunction"]


class FloatPrecisionCastFunction(Function):
    """Rounds in the forward pass; gradients pass unchanged."""

    @staticmethod
    def forward(
        ctx: Any,
        input_: Tensor,
        exponent: int = 8,
        mantissa: int = 7,
        saturate_to_inf: bool = True,
    ) -> Tensor:
        """Return the rounded values; see `float_precision_cast`."""
        return float_precision_cast(input_, exponent, mantissa, saturate_to_inf)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Return the gradient, and none for the format."""
        return grad_outputs[0], None, None, None


class FloatPrecisionCast(Module):
    """Rounds its input to a floating-point format; gradients pass unchanged.

    Args:
        exponent: bits of the exponent, 2 to 8.
        mantissa: bits of the mantissa, 3 to 22.
        saturate_to_inf: make infinity of values beyond the largest, instead of the largest.

    Raises:
        ValueError: if a number of bits is out of range.

    Example:
        >>> FloatPrecisionCast(exponent=3, mantissa=4)(torch.tensor([3.9]))
        tensor([3.8750])
    """

    def __init__(self, exponent: int = 8, mantissa: int = 7, saturate_to_inf: bool = True) -> None:
        super().__init__()
        self.exponent = check_integer("exponent", exponent, minimum=2, maximum=8)
        self.mantissa = check_integer("mantissa", mantissa, minimum=3, maximum=22)
        self.saturate_to_inf = check_instance("saturate_to_inf", saturate_to_inf, bool)

    def forward(self, x_input: Tensor) -> Tensor:
        """Return the rounded input."""
        result: Tensor = FloatPrecisionCastFunction.apply(
            x_input, self.exponent, self.mantissa, self.saturate_to_inf
        )
        return result

    def extra_repr(self) -> str:
        """Return the format."""
        return (
            f"exponent={self.exponent}, mantissa={self.mantissa}, "
            f"saturate_to_inf={self.saturate_to_inf}"
        )
