"""Reducers that keep exponentially decaying traces."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Callable

import torch
from torch import Tensor

from inferno._internal import argtest
from inferno.core import (
    trace_cumulative,
    trace_cumulative_scaled,
    trace_nearest,
    trace_nearest_scaled,
)
from inferno.core.vanishing import SWEEP_STEPS, vanishing_limit
from inferno.functional import interp_expdecay
from synaptensor.validation import check_number

from .base import FoldReducer

__all__ = [
    "ConditionalCumulativeTraceReducer",
    "ConditionalNearestTraceReducer",
    "CumulativeTraceReducer",
    "NearestTraceReducer",
    "ScaledCumulativeTraceReducer",
    "ScaledNearestTraceReducer",
]

Number = int | float | complex


class _TraceReducer(FoldReducer, ABC):
    """What the trace reducers share: the decay, and values that vanish.

    A decaying float gets stuck at subnormal values, with which processors calculate very
    slowly. Every few steps values about to become subnormal are therefore set to 0.
    """

    def __init__(
        self,
        step_time: float,
        time_constant: float,
        duration: float,
        inclusive: bool,
        inplace: bool,
        dtype: torch.dtype | None,
    ) -> None:
        time_constant = argtest.gt("time_constant", time_constant, 0, float)
        super().__init__(step_time, duration, inclusive, inplace, 0, dtype=dtype)
        self.time_constant: float = time_constant
        self.decay = math.exp(-self.dt / self.time_constant)
        self.register_extra("_age", 0)

    @property
    def dt(self) -> float:
        """Time between observations; a change keeps the newest states."""
        return self._step_time

    @dt.setter
    def dt(self, value: float) -> None:
        FoldReducer.dt.fset(self, value)  # type: ignore[attr-defined]
        self.decay = math.exp(-self.dt / self.time_constant)

    def forward(self, *inputs: Tensor, **kwargs: object) -> None:
        """Folds an observation into the trace; see ``FoldReducer.forward``."""
        super().forward(*inputs, **kwargs)
        extras = self._extras
        extras["_age"] = age = extras["_age"] + 1
        if age % SWEEP_STEPS == 0:
            self._sweep()

    def _sweep(self) -> None:
        newest = self.data_.borrow(1)
        if newest.requires_grad or newest.dtype not in (torch.float32, torch.float64):
            return
        limit = vanishing_limit(newest.dtype, self.decay)
        newest.masked_fill_(newest.abs() < limit, 0)

    def clear(self, keepshape: bool = False, **kwargs: object) -> None:
        """Forgets all states; see ``FoldReducer.clear``."""
        super().clear(keepshape, **kwargs)
        self._extras["_age"] = 0

    def interpolate(
        self, prev_data: Tensor, next_data: Tensor, sample_at: Tensor, step_time: float
    ) -> Tensor:
        """Lets the older state decay."""
        return interp_expdecay(
            prev_data, next_data, sample_at, step_time, time_constant=self.time_constant
        )


class _MatchTraceReducer(_TraceReducer, ABC):
    """A trace of the observations equal to a target."""

    def __init__(
        self,
        step_time: float,
        time_constant: float,
        amplitude: Number,
        target: Number | bool,
        tolerance: float | None = None,
        *,
        duration: float = 0.0,
        inclusive: bool = False,
        inplace: bool = False,
        dtype: torch.dtype | None = None,
    ) -> None:
        amplitude = argtest.neq("amplitude", amplitude, 0)
        if tolerance is not None:
            tolerance = argtest.gt("tolerance", tolerance, 0, float)
        super().__init__(step_time, time_constant, duration, inclusive, inplace, dtype)
        self.amplitude = amplitude
        self.target = target
        self.tolerance = tolerance

    def _matches(self, obs: Tensor, dtype: torch.dtype) -> Tensor:
        if obs.dtype is torch.bool and self.target is True and self.tolerance is None:
            return obs
        obs = obs.to(dtype)
        if self.tolerance is None:
            return obs == self.target
        return (obs - self.target).abs() <= self.tolerance


class NearestTraceReducer(_MatchTraceReducer):
    r"""Keeps the trace of the last match.

    $$x(t) = A \text{ on a match, else } x(t - \Delta t)\, e^{-\Delta t / \tau}$$

    Args:
        step_time: time between observations, $\Delta t$.
        time_constant: time constant of the decay, $\tau$.
        amplitude: value after a match, $A$.
        target: value of an observation that matches.
        tolerance: largest absolute difference that matches, exact if ``None``.
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.
        dtype: data type of the states, torch's default if ``None``.

    Raises:
        ValueError: if a time is out of range or the amplitude 0.
    """

    _elementwise = True

    def fold(self, obs: Tensor, state: Tensor | None) -> Tensor:  # type: ignore[override]
        """Returns the trace."""
        return trace_nearest(
            obs.to(self.data_.dtype),
            state,
            decay=self.decay,
            amplitude=self.amplitude,
            target=self.target,
            tolerance=self.tolerance,
        )

    def _fold_into(self, out: Tensor, state: Tensor, *inputs: Tensor) -> bool:
        (obs,) = inputs
        torch.mul(state, self.decay, out=out)
        out.masked_fill_(self._matches(obs, out.dtype), self.amplitude)
        return True


class CumulativeTraceReducer(_MatchTraceReducer):
    r"""Keeps the trace of all matches.

    $$x(t) = x(t - \Delta t)\, e^{-\Delta t / \tau} + A\,[\text{match}]$$

    Args:
        step_time: time between observations, $\Delta t$.
        time_constant: time constant of the decay, $\tau$.
        amplitude: amount that a match adds, $A$.
        target: value of an observation that matches.
        tolerance: largest absolute difference that matches, exact if ``None``.
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.
        dtype: data type of the states, torch's default if ``None``.

    Raises:
        ValueError: if a time is out of range or the amplitude 0.
    """

    _elementwise = True

    def fold(self, obs: Tensor, state: Tensor | None) -> Tensor:  # type: ignore[override]
        """Returns the trace."""
        return trace_cumulative(
            obs.to(self.data_.dtype),
            state,
            decay=self.decay,
            amplitude=self.amplitude,
            target=self.target,
            tolerance=self.tolerance,
        )

    def _fold_into(self, out: Tensor, state: Tensor, *inputs: Tensor) -> bool:
        (obs,) = inputs
        torch.mul(state, self.decay, out=out)
        out.add_(self._matches(obs, out.dtype), alpha=self.amplitude)
        return True


class _ScaledTraceReducer(_TraceReducer, ABC):
    """A trace of the values of the observations that meet a criterion."""

    def __init__(
        self,
        step_time: float,
        time_constant: float,
        amplitude: float,
        scale: Number,
        criterion: Callable[[Tensor], Tensor],
        *,
        duration: float = 0.0,
        inclusive: bool = False,
        inplace: bool = False,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(step_time, time_constant, duration, inclusive, inplace, dtype)
        self.amplitude = check_number("amplitude", amplitude)
        self.scale = scale
        self.criterion = criterion


class ScaledNearestTraceReducer(_ScaledTraceReducer):
    r"""Keeps the trace of the last observation that met a criterion, scaled.

    $$x(t) = S h(t) + A \text{ if } J(h(t)) \text{, else } x(t - \Delta t)\, e^{-\Delta t / \tau}$$

    Args:
        step_time: time between observations, $\Delta t$.
        time_constant: time constant of the decay, $\tau$.
        amplitude: constant part of the value after a match, $A$.
        scale: factor of the observation in it, $S$.
        criterion: gives a boolean tensor of the matches, $J$.
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.
        dtype: data type of the states, torch's default if ``None``.
    """

    _elementwise = True

    def fold(self, obs: Tensor, state: Tensor | None) -> Tensor:  # type: ignore[override]
        """Returns the trace."""
        return trace_nearest_scaled(
            obs,
            state,
            decay=self.decay,
            amplitude=self.amplitude,
            scale=self.scale,
            matchfn=self.criterion,
        )


class ScaledCumulativeTraceReducer(_ScaledTraceReducer):
    r"""Keeps the trace of all observations that met a criterion, scaled.

    $$x(t) = x(t - \Delta t)\, e^{-\Delta t / \tau} + (S h(t) + A)\,[J(h(t))]$$

    Args:
        step_time: time between observations, $\Delta t$.
        time_constant: time constant of the decay, $\tau$.
        amplitude: constant part of what a match adds, $A$.
        scale: factor of the observation in it, $S$.
        criterion: gives a boolean tensor of the matches, $J$.
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.
        dtype: data type of the states, torch's default if ``None``.
    """

    _elementwise = True

    def fold(self, obs: Tensor, state: Tensor | None) -> Tensor:  # type: ignore[override]
        """Returns the trace."""
        return trace_cumulative_scaled(
            obs,
            state,
            decay=self.decay,
            amplitude=self.amplitude,
            scale=self.scale,
            matchfn=self.criterion,
        )


class _ConditionalTraceReducer(_TraceReducer, ABC):
    """A trace of the values of the observations where a condition, observed too, holds."""

    def __init__(
        self,
        step_time: float,
        time_constant: float,
        amplitude: float,
        scale: Number,
        *,
        duration: float = 0.0,
        inclusive: bool = False,
        inplace: bool = False,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(step_time, time_constant, duration, inclusive, inplace, dtype)
        self.amplitude = check_number("amplitude", amplitude)
        self.scale = scale


class ConditionalNearestTraceReducer(_ConditionalTraceReducer):
    r"""Keeps the trace of the last observation under a condition, scaled.

    Called with the observation and a boolean tensor, the condition.

    $$x(t) = S h(t) + A \text{ if } C(t) \text{, else } x(t - \Delta t)\, e^{-\Delta t / \tau}$$

    Args:
        step_time: time between observations, $\Delta t$.
        time_constant: time constant of the decay, $\tau$.
        amplitude: constant part of the value after a match, $A$.
        scale: factor of the observation in it, $S$.
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.
        dtype: data type of the states, torch's default if ``None``.
    """

    _elementwise = True

    def fold(  # type: ignore[override]
        self, obs: Tensor, cond: Tensor, state: Tensor | None
    ) -> Tensor:
        """Returns the trace."""
        return trace_nearest_scaled(
            obs,
            state,
            decay=self.decay,
            amplitude=self.amplitude,
            scale=self.scale,
            matchfn=lambda _: cond,
        )


class ConditionalCumulativeTraceReducer(_ConditionalTraceReducer):
    r"""Keeps the trace of all observations under a condition, scaled.

    Called with the observation and a boolean tensor, the condition.

    $$x(t) = x(t - \Delta t)\, e^{-\Delta t / \tau} + (S h(t) + A)\,[C(t)]$$

    Args:
        step_time: time between observations, $\Delta t$.
        time_constant: time constant of the decay, $\tau$.
        amplitude: constant part of what a match adds, $A$.
        scale: factor of the observation in it, $S$.
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.
        dtype: data type of the states, torch's default if ``None``.
    """

    _elementwise = True

    def fold(  # type: ignore[override]
        self, obs: Tensor, cond: Tensor, state: Tensor | None
    ) -> Tensor:
        """Returns the trace."""
        return trace_cumulative_scaled(
            obs,
            state,
            decay=self.decay,
            amplitude=self.amplitude,
            scale=self.scale,
            matchfn=lambda _: cond,
        )
