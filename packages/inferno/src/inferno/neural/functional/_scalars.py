"""Arithmetic on values that are either Python numbers or tensors."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["Scalar", "decay_factor"]

Scalar = float | Tensor


def decay_factor(step_time: Scalar, time_constant: Scalar) -> Scalar:
    r"""Returns $e^{-\Delta t / \tau}$, as a number if both arguments are numbers."""
    exponent = -step_time / time_constant
    return torch.exp(exponent) if isinstance(exponent, Tensor) else math.exp(exponent)
