"""Rounding with its gradient, for analog products written in torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from aihwkit.functional.quantize import quantization_step, quantize
from synaptensor.validation import check_instance, check_positive

__all__ = ["UniformQuantize", "check_inputs", "isinf"]


class UniformQuantize(Function):
    r"""Round to multiples of :math:`2 r b`, half to even; the gradient passes unchanged.

    Takes the values, the resolution :math:`r` (above 1: the number of steps), the bound :math:`b`,
    and whether to round stochastically.
    """

    @staticmethod
    def forward(
        ctx: Any, inp: Tensor, res: float, bound: float, stochastic: bool = False
    ) -> Tensor:
        """Return the rounded values."""
        check_positive("res", res)
        return quantize(inp, quantization_step(res, float(bound)), stochastic)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None, None]:
        """Return the gradient as it is."""
        return grad_outputs[0], None, None, None


def isinf(value: Any) -> Tensor:
    """Tell which values are infinite."""
    return torch.isinf(torch.as_tensor(value))


def check_inputs(x_input: Tensor, size: int) -> None:
    """Check the last dimension of the inputs of a tile.

    Raises:
        RuntimeError: if it is another.
        TypeError: if the inputs are no tensor.
    """
    check_instance("x_input", x_input, Tensor)
    if x_input.ndim == 0 or x_input.shape[-1] != size:
        raise RuntimeError(
            f"Invalid x_input dimensions: expected [..., {size}], got {list(x_input.shape)}"
        )
