"""Interpolations: the value at a time between two observations.

``sample_at`` is the time since the older observation ``prev_data``, ``step_time`` the time
from it to the newer ``next_data``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = [
    "interp_expdecay",
    "interp_expratedecay",
    "interp_linear",
    "interp_nearest",
    "interp_next",
    "interp_previous",
]


def interp_previous(
    prev_data: Tensor, next_data: Tensor, sample_at: Tensor, step_time: float, **kwargs: Any
) -> Tensor:
    """The older observation."""
    return prev_data


def interp_next(
    prev_data: Tensor, next_data: Tensor, sample_at: Tensor, step_time: float, **kwargs: Any
) -> Tensor:
    """The newer observation."""
    return next_data


def interp_nearest(
    prev_data: Tensor, next_data: Tensor, sample_at: Tensor, step_time: float, **kwargs: Any
) -> Tensor:
    """The observation that is nearer in time, the older one at equal distance."""
    return torch.where(sample_at / step_time > 0.5, next_data, prev_data)


def interp_linear(
    prev_data: Tensor, next_data: Tensor, sample_at: Tensor, step_time: float, **kwargs: Any
) -> Tensor:
    r"""On the line through both: $D_0 + \frac{D_1 - D_0}{\Delta t}\, t$."""
    slope = (next_data - prev_data) / step_time
    return prev_data + slope * sample_at


def interp_expdecay(
    prev_data: Tensor,
    next_data: Tensor,
    sample_at: Tensor,
    step_time: float,
    *,
    time_constant: float | Tensor,
    **kwargs: Any,
) -> Tensor:
    r"""Exponential decay from the older observation: $D_0\, e^{-t / \tau}$."""
    return prev_data * torch.exp(-sample_at / time_constant)


def interp_expratedecay(
    prev_data: Tensor,
    next_data: Tensor,
    sample_at: Tensor,
    step_time: float,
    *,
    rate_constant: float | Tensor,
    **kwargs: Any,
) -> Tensor:
    r"""Exponential decay from the older observation: $D_0\, e^{-\lambda t}$."""
    return prev_data * torch.exp(-sample_at * rate_constant)
