"""Hyperparameters: defaults held by a trainer, overridden by what a cell is registered with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch

from inferno import Module
from inferno.learn.base import IndependentCellTrainer
from inferno.observe import CumulativeTraceReducer, NearestTraceReducer
from synaptensor.validation import (
    check_callable,
    check_choice,
    check_finite,
    check_nonnegative,
    check_number,
    check_positive,
    suggest,
)

__all__ = ["TunedTrainer", "nonnegative", "nonzero", "positive", "rate"]

_TRACES = {"cumulative": CumulativeTraceReducer, "nearest": NearestTraceReducer}

# names under which the trainer and the state of a cell hold a hyperparameter
_RENAMED = {
    "interp_tolerance": ("tolerance", "tolerance"),
    "trace_mode": ("trace", "tracemode"),
    "batch_reduction": ("batchreduce", "batchreduce"),
}


class TunedTrainer(IndependentCellTrainer):
    """A trainer with hyperparameters that cells can override.

    Subclasses list the checks of their hyperparameters in ``_checks`` and the default batch
    reduction in ``_reduction``.
    """

    _checks: ClassVar[dict[str, Callable[[str, Any], Any]]] = {}
    _reduction: Callable[..., torch.Tensor] = staticmethod(torch.mean)

    def _set_defaults(self, **values: Any) -> None:
        """Checks and keeps the defaults."""
        for name, value in self._checked(values).items():
            setattr(self, _RENAMED.get(name, (name, name))[0], value)
        self._names = tuple(values)

    def _state_of_cell(self, overrides: dict[str, Any]) -> Module:
        """Builds the state of a cell from the defaults and what overrides them.

        Raises:
            TypeError: if an override is not a hyperparameter.
        """
        unknown = [name for name in overrides if name not in self._names]
        if unknown:
            raise TypeError(
                f"{unknown[0]!r} is not a hyperparameter of {type(self).__name__}, which has "
                f"{', '.join(self._names)}{suggest(unknown[0], self._names)}"
            )
        values = {name: getattr(self, _RENAMED.get(name, (name, name))[0]) for name in self._names}
        state = Module()
        for name, value in self._checked(values | overrides).items():
            setattr(state, _RENAMED.get(name, (name, name))[1], value)
        if "trace_mode" in self._names:
            state.tracecls = _TRACES[state.tracemode]
        return state

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        checked = dict(values)
        for name, value in values.items():
            if name in self._checks:
                checked[name] = self._checks[name](name, value)
            elif name == "interp_tolerance":
                checked[name] = check_number(name, value, check_nonnegative)
            elif name == "trace_mode":
                checked[name] = check_choice(name, str(value).lower(), list(_TRACES))
            elif name == "batch_reduction":
                checked[name] = type(self)._reduction if value is None else value
                check_callable(name, checked[name])
        return checked

    def _pop_step_time(self, overrides: dict[str, Any]) -> None:
        """Takes a step time out of the overrides; it must be that of the trainer."""
        step_time = overrides.pop("step_time", self.step_time)
        if step_time is not None and self.step_time not in (None, step_time):
            raise ValueError(
                f"`step_time` must be that of the trainer, {self.step_time!r}, got {step_time!r}"
            )

    def _active(self, cell: Any) -> bool:
        return self.training and cell.training and cell.connection.updatable


def positive(name: str, value: float) -> float:
    """Returns a number that must be positive."""
    return check_number(name, value, check_positive)


def nonnegative(name: str, value: float) -> float:
    """Returns a number that must not be negative."""
    return check_number(name, value, check_nonnegative)


def rate(name: str, value: float) -> float:
    """Returns a finite number of either sign."""
    return check_finite(name, check_number(name, value))


def nonzero(name: str, value: float) -> float:
    """Returns a number that must not be zero."""
    number = check_number(name, value)
    if number == 0:
        raise ValueError(f"`{name}` must be nonzero, got {value!r}")
    return number
