"""Rounding with the gradient of the identity."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

__all__ = [
    "FloorStraightThrough",
    "RoundStraightThrough",
    "floor_ste_func",
    "round_ste_func",
    "saturate",
]


class RoundStraightThrough(Function):
    """Round half to even; the gradient passes unchanged."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Return the nearest integers."""
        return torch.round(x)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Tensor:
        """Return the gradient as it is."""
        return grad_outputs[0]


class FloorStraightThrough(Function):
    """Round down; the gradient passes unchanged."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Return the next lower integers."""
        return torch.floor(x)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Tensor:
        """Return the gradient as it is."""
        return grad_outputs[0]


def round_ste_func(x: Tensor) -> Tensor:
    """Round half to even with the gradient of the identity."""
    result: Tensor = RoundStraightThrough.apply(x)
    return result


def floor_ste_func(x: Tensor) -> Tensor:
    """Round down with the gradient of the identity."""
    result: Tensor = FloorStraightThrough.apply(x)
    return result


def saturate(x: Tensor, low: float, high: float) -> Tensor:
    """Limit to `[low, high]`; the gradient is 1 inside and at the limits, 0 outside.

    Versions of `torch.clamp` differ in the gradient at the limits, where grid ends lie.
    """
    return torch.where((x >= low) & (x <= high), x, x.detach().clamp(low, high))
