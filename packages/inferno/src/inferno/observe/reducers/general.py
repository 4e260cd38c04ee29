"""Reducers that keep observations and the times of events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from inferno._internal import argtest
from inferno.functional import interp_previous

from .base import FoldReducer

__all__ = ["EventReducer", "PassthroughReducer"]

_INITIAL = {"inf": float("inf"), "zero": 0.0, "nan": float("nan")}


class PassthroughReducer(FoldReducer):
    """Keeps the observations themselves.

    Between two observations the older one holds.

    Args:
        step_time: time between observations.
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.
        dtype: data type of the states, torch's default if ``None``.
    """

    def __init__(
        self,
        step_time: float,
        duration: float = 0.0,
        inclusive: bool = False,
        inplace: bool = False,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(step_time, duration, inclusive, inplace, 0, dtype=dtype)

    _elementwise = True

    def fold(self, obs: Tensor, state: Tensor | None) -> Tensor:  # type: ignore[override]
        """Returns the observation."""
        return obs

    def interpolate(
        self, prev_data: Tensor, next_data: Tensor, sample_at: Tensor, step_time: float
    ) -> Tensor:
        """Returns the older observation."""
        return interp_previous(prev_data, next_data, sample_at, step_time)

    def view(self, time: float | Tensor, tolerance: float = 1e-7) -> Tensor | None:
        """Returns the observation at a time before the present; see ``FoldReducer.view``."""
        if type(self).interpolate is not PassthroughReducer.interpolate:
            return super().view(time, tolerance)
        if self._initial:
            return None
        # given by name, one neighbour is read instead of both
        result: Tensor = self.data_.select(time, interp_previous, tolerance=tolerance)
        return result


class EventReducer(FoldReducer):
    r"""Keeps the time since the last event.

    $$x(t) = 0 \text{ on an event, else } x(t - \Delta t) + \Delta t$$

    Args:
        step_time: time between observations.
        criterion: gives a boolean tensor of the events in an observation.
        initial: state before the first event, ``"inf"``, ``"zero"`` or ``"nan"``.
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.
        dtype: data type of the states, torch's default if ``None``.

    Raises:
        TypeError: if ``initial`` is not a string.
        ValueError: if ``initial`` is none of the allowed strings.
    """

    def __init__(
        self,
        step_time: float,
        criterion: Callable[[Tensor], Tensor],
        initial: str = "inf",
        duration: float = 0.0,
        inclusive: bool = False,
        inplace: bool = False,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        argtest.instance("initial", initial, str)
        fill = _INITIAL[argtest.oneof("initial", initial, *_INITIAL, op=str.lower)]
        super().__init__(step_time, duration, inclusive, inplace, fill, dtype=dtype)
        self.criterion = criterion

    def fold(self, obs: Tensor, state: Tensor | None) -> Tensor:  # type: ignore[override]
        """Returns the time since the last event."""
        dtype: torch.dtype = self.data_.dtype
        elapsed: Any = self.fill if state is None else state + self.dt
        return torch.where(self.criterion(obs), 0.0, elapsed).to(dtype)

    def _fold_into(self, out: Tensor, state: Tensor, *inputs: Tensor) -> bool:
        events = self.criterion(inputs[0])
        if events.dtype is not torch.bool or events.shape != out.shape:
            return False
        torch.add(state, self.dt, out=out)
        out.masked_fill_(events, 0)
        return True

    def interpolate(
        self, prev_data: Tensor, next_data: Tensor, sample_at: Tensor, step_time: float
    ) -> Tensor:
        """Returns the older time plus the time since."""
        return prev_data + sample_at
