"""Uniform grids: pure functions that quantise without state."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["QuantizationGrid", "asymmetric_grid", "on_grid", "symmetric_grid"]


class QuantizationGrid(NamedTuple):
    r"""Points :math:`s\,(i - z)` with integers :math:`i` from `int_min` to `int_max`.

    Attributes:
        scale: :math:`s`, a scalar or one value for each range.
        zero: :math:`z` before rounding, of the shape of `scale`.
        int_min: smallest integer.
        int_max: largest integer.
    """

    scale: Tensor
    zero: Tensor
    int_min: int
    int_max: int


def symmetric_grid(
    x_min: Tensor, x_max: Tensor, n_bits: int, eps: float, signed: bool | None = None
) -> QuantizationGrid:
    r"""Return the grid with zero in the middle, or from zero on if no range goes below it.

    .. math:: s = \max(|x_{min}|, x_{max}) / i_{max}

    Args:
        x_min: lower ends of the ranges.
        x_max: upper ends.
        n_bits: number of bits.
        eps: smallest upper end.
        signed: whether integers are signed; None takes them so if any range goes below zero.
    """
    x_min, x_max = x_min.clamp(max=0.0), x_max.clamp(min=eps)
    if signed is None:
        signed = bool((x_min < 0).any())
    int_max = 2 ** (n_bits - 1) - 1 if signed else 2**n_bits - 1
    int_min = -(2 ** (n_bits - 1)) if signed else 0
    # One bit with a sign has the integers -1 and 0; its step is the whole range.
    scale = torch.maximum(x_min.abs(), x_max) / max(int_max, 1)
    return QuantizationGrid(scale, torch.zeros_like(scale), int_min, int_max)


def asymmetric_grid(x_min: Tensor, x_max: Tensor, n_bits: int, eps: float) -> QuantizationGrid:
    r"""Return the grid that spans the range, zero included.

    .. math:: s = (x_{max} - x_{min}) / (2^n - 1), \qquad z = -x_{min} / s

    Args:
        x_min: lower ends of the ranges.
        x_max: upper ends.
        n_bits: number of bits.
        eps: smallest upper end.
    """
    x_min, x_max = x_min.clamp(max=0.0), x_max.clamp(min=eps)
    int_max = 2**n_bits - 1
    scale = (x_max - x_min) / int_max
    return QuantizationGrid(scale, -x_min / scale, 0, int_max)


def on_grid(values: Tensor, grid: QuantizationGrid) -> Tensor:
    """Return the nearest points of a grid, half to even, saturating; without gradient."""
    zero = torch.round(grid.zero).clamp(grid.int_min, grid.int_max)
    integers = torch.round(values / grid.scale) + zero
    return grid.scale * (integers.clamp(grid.int_min, grid.int_max) - zero)
