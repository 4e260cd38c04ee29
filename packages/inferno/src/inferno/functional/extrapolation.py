"""Extrapolations: two observations that account for a value at a time between them.

``sample_at`` is the time of the ``sample`` since the older observation ``prev_data``,
``step_time`` the time from that to the newer ``next_data``. All return the older and the
newer observation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = [
    "extrap_expdecay",
    "extrap_expratedecay",
    "extrap_linear_backward",
    "extrap_linear_forward",
    "extrap_nearest",
    "extrap_neighbors",
    "extrap_next",
    "extrap_previous",
]

Pair = tuple[Tensor, Tensor]
Adjustment = Callable[[Tensor], Tensor]


def extrap_previous(
    sample: Tensor,
    sample_at: Tensor,
    prev_data: Tensor,
    next_data: Tensor,
    step_time: float,
    **kwargs: Any,
) -> Pair:
    """Replaces the older observation by the sample."""
    return sample, next_data


def extrap_next(
    sample: Tensor,
    sample_at: Tensor,
    prev_data: Tensor,
    next_data: Tensor,
    step_time: float,
    **kwargs: Any,
) -> Pair:
    """Replaces the newer observation by the sample."""
    return prev_data, sample


def extrap_neighbors(
    sample: Tensor,
    sample_at: Tensor,
    prev_data: Tensor,
    next_data: Tensor,
    step_time: float,
    **kwargs: Any,
) -> Pair:
    """Replaces both observations by the sample."""
    return sample, sample


def extrap_nearest(
    sample: Tensor,
    sample_at: Tensor,
    prev_data: Tensor,
    next_data: Tensor,
    step_time: float,
    **kwargs: Any,
) -> Pair:
    """Replaces the observation nearer in time, the older one at equal distance."""
    later = sample_at > step_time / 2
    return torch.where(later, prev_data, sample), torch.where(later, sample, next_data)


def extrap_linear_forward(
    sample: Tensor,
    sample_at: Tensor,
    prev_data: Tensor,
    next_data: Tensor,
    step_time: float,
    *,
    adjust: Adjustment | None = None,
    **kwargs: Any,
) -> Pair:
    """Continues the line from the (adjusted) older observation through the sample."""
    older = prev_data if adjust is None else adjust(prev_data)
    return older, older + (sample - older) / sample_at * step_time


def extrap_linear_backward(
    sample: Tensor,
    sample_at: Tensor,
    prev_data: Tensor,
    next_data: Tensor,
    step_time: float,
    *,
    adjust: Adjustment | None = None,
    **kwargs: Any,
) -> Pair:
    """Continues the line from the (adjusted) newer observation back through the sample."""
    newer = next_data if adjust is None else adjust(next_data)
    return newer - (newer - sample) / (step_time - sample_at) * step_time, newer


def extrap_expdecay(
    sample: Tensor,
    sample_at: Tensor,
    prev_data: Tensor,
    next_data: Tensor,
    step_time: float,
    *,
    time_constant: float | Tensor,
    **kwargs: Any,
) -> Pair:
    r"""Exponential decay through the sample, with time constant $\tau$."""
    older = sample * torch.exp(sample_at / time_constant)
    newer = sample * torch.exp((sample_at - step_time) / time_constant)
    return older, newer


def extrap_expratedecay(
    sample: Tensor,
    sample_at: Tensor,
    prev_data: Tensor,
    next_data: Tensor,
    step_time: float,
    *,
    rate_constant: float | Tensor,
    **kwargs: Any,
) -> Pair:
    r"""Exponential decay through the sample, with rate constant $\lambda$."""
    older = sample * torch.exp(sample_at * rate_constant)
    newer = sample * torch.exp((sample_at - step_time) * rate_constant)
    return older, newer
