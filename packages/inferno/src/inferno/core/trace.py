r"""Traces: exponentially decaying memories of events.

A *nearest* trace is set to the amplitude by an event and so remembers only the last one; a
*cumulative* trace is raised by it and so remembers all. Between events
$x(t) = x(t - \Delta t)\, e^{-\Delta t / \tau}$. ``None`` as the trace is the initial state.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

__all__ = [
    "exp_trace_cumulative",
    "exp_trace_nearest",
    "exprate_trace_cumulative",
    "exprate_trace_nearest",
    "trace_cumulative",
    "trace_cumulative_scaled",
    "trace_cumulative_value",
    "trace_nearest",
    "trace_nearest_scaled",
]

Number = int | float | complex


def _matches(observation: Tensor, target: Number | bool, tolerance: float | None) -> Tensor:
    if tolerance is not None:
        return (observation - target).abs() <= tolerance
    if observation.dtype is torch.bool and target is True:
        return observation
    return observation == target


def trace_nearest(
    observation: Tensor,
    trace: Tensor | None,
    *,
    decay: float | Tensor,
    amplitude: Number | Tensor,
    target: Number | bool,
    tolerance: float | None = None,
) -> Tensor:
    r"""Trace of the last match: $x = A$ if the observation matches, else $\lambda x$.

    Args:
        observation: latest state to consider for the trace.
        trace: current value of the trace, ``None`` initially.
        decay: factor $\lambda$ per step.
        amplitude: value $A$ after a match.
        target: value that matches.
        tolerance: largest absolute difference that matches, exact if ``None``.
    """
    mask = _matches(observation, target, tolerance)
    if trace is None:
        return amplitude * mask.to(observation.dtype)
    return torch.where(mask, amplitude, decay * trace)


def trace_cumulative(
    observation: Tensor,
    trace: Tensor | None,
    *,
    decay: float | Tensor,
    amplitude: Number | Tensor,
    target: Number | bool,
    tolerance: float | None = None,
) -> Tensor:
    r"""Trace of all matches: $x = \lambda x + A\,[\text{match}]$.

    Args:
        observation: latest state to consider for the trace.
        trace: current value of the trace, ``None`` initially.
        decay: factor $\lambda$ per step.
        amplitude: amount $A$ that a match adds.
        target: value that matches.
        tolerance: largest absolute difference that matches, exact if ``None``.
    """
    mask = _matches(observation, target, tolerance)
    if trace is None:
        return amplitude * mask.to(observation.dtype)
    return decay * trace + amplitude * mask.to(trace.dtype)


def trace_nearest_scaled(
    observation: Tensor,
    trace: Tensor | None,
    *,
    decay: float | Tensor,
    amplitude: Number | Tensor,
    scale: Number | Tensor,
    matchfn: Callable[[Tensor], Tensor],
) -> Tensor:
    r"""Trace of the last match and its size: $x = S h + A$ if matched, else $\lambda x$.

    Args:
        observation: latest state $h$ to consider for the trace.
        trace: current value of the trace, ``None`` initially.
        decay: factor $\lambda$ per step.
        amplitude: constant part $A$ of the value after a match.
        scale: factor $S$ of the observation in it.
        matchfn: gives a boolean tensor of the matches.
    """
    mask, value = matchfn(observation), scale * observation + amplitude
    # where, not a product: what does not match may be infinite
    otherwise = torch.zeros_like(value) if trace is None else decay * trace
    return torch.where(mask, value, otherwise)


def trace_cumulative_scaled(
    observation: Tensor,
    trace: Tensor | None,
    *,
    decay: float | Tensor,
    amplitude: Number | Tensor,
    scale: Number | Tensor,
    matchfn: Callable[[Tensor], Tensor],
) -> Tensor:
    r"""Trace of all matches and their sizes: $x = \lambda x + (S h + A)\,[\text{match}]$.

    Args:
        observation: latest state $h$ to consider for the trace.
        trace: current value of the trace, ``None`` initially.
        decay: factor $\lambda$ per step.
        amplitude: constant part $A$ of what a match adds.
        scale: factor $S$ of the observation in it.
        matchfn: gives a boolean tensor of the matches.
    """
    value = scale * observation + amplitude
    added = torch.where(matchfn(observation), value, torch.zeros_like(value))
    return added if trace is None else decay * trace + added


def trace_cumulative_value(
    observation: Tensor,
    trace: Tensor | None,
    *,
    decay: float | Tensor,
    scale: Number | Tensor,
) -> Tensor:
    r"""Trace of the observations themselves: $x = \lambda x + S h$.

    Args:
        observation: latest state $h$ to consider for the trace.
        trace: current value of the trace, ``None`` initially.
        decay: factor $\lambda$ per step.
        scale: factor $S$ of the observation.
    """
    return scale * observation if trace is None else decay * trace + scale * observation


def exp_trace_nearest(
    observation: Tensor,
    trace: Tensor | None,
    *,
    step_time: float,
    time_constant: float,
    amplitude: Number | Tensor,
    target: Number | bool,
    tolerance: float | None = None,
) -> Tensor:
    r"""``trace_nearest`` with decay $e^{-\Delta t / \tau}$."""
    return trace_nearest(
        observation,
        trace,
        decay=math.exp(-step_time / time_constant),
        amplitude=amplitude,
        target=target,
        tolerance=tolerance,
    )


def exprate_trace_nearest(
    observation: Tensor,
    trace: Tensor | None,
    *,
    step_time: float,
    rate_constant: float,
    amplitude: Number | Tensor,
    target: Number | bool,
    tolerance: float | None = None,
) -> Tensor:
    r"""``trace_nearest`` with decay $e^{-\lambda \Delta t}$ for a rate constant $\lambda$."""
    return trace_nearest(
        observation,
        trace,
        decay=math.exp(-rate_constant * step_time),
        amplitude=amplitude,
        target=target,
        tolerance=tolerance,
    )


def exp_trace_cumulative(
    observation: Tensor,
    trace: Tensor | None,
    *,
    step_time: float,
    time_constant: float,
    amplitude: Number | Tensor,
    target: Number | bool,
    tolerance: float | None = None,
) -> Tensor:
    r"""``trace_cumulative`` with decay $e^{-\Delta t / \tau}$."""
    return trace_cumulative(
        observation,
        trace,
        decay=math.exp(-step_time / time_constant),
        amplitude=amplitude,
        target=target,
        tolerance=tolerance,
    )


def exprate_trace_cumulative(
    observation: Tensor,
    trace: Tensor | None,
    *,
    step_time: float,
    rate_constant: float,
    amplitude: Number | Tensor,
    target: Number | bool,
    tolerance: float | None = None,
) -> Tensor:
    r"""``trace_cumulative`` with decay $e^{-\lambda \Delta t}$ for a rate constant $\lambda$."""
    return trace_cumulative(
        observation,
        trace,
        decay=math.exp(-rate_constant * step_time),
        amplitude=amplitude,
        target=target,
        tolerance=tolerance,
    )
