"""Decaying values about to become subnormal, with which processors calculate very slowly.

A decaying float does not reach zero by itself: at the smallest numbers rounding holds it.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["SWEEP_STEPS", "vanishing_limit", "without_vanishing"]

# Steps between two sweeps for vanishing values, and the largest factor by which a value
# may decay in between.
SWEEP_STEPS = 64
_SWEEP_DECAY = 1e8


def vanishing_limit(dtype: torch.dtype, decay: float) -> float:
    """Magnitude below which a value is subnormal before the next sweep.

    Args:
        dtype: data type of the values.
        decay: share of a value that is left after a step.
    """
    shrink = min(decay**-SWEEP_STEPS, _SWEEP_DECAY) if decay else _SWEEP_DECAY
    return torch.finfo(dtype).tiny * shrink


def without_vanishing(values: Tensor, decay: float) -> Tensor:
    """Returns values with those about to become subnormal replaced by zero.

    Args:
        values: decaying values, floating point.
        decay: share of a value that is left after a step.
    """
    limit = vanishing_limit(values.dtype, decay)
    return torch.where(values.abs() < limit, torch.zeros_like(values), values)
