"""Estimators of the range of data, as modules that remember what they need."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from aihwkit.simulator.digital_low_precision.minmax import (
    AllMinMaxEstimator,
    CurrentMinMaxEstimator,
    NoDataPassedError,
    RangeEstimatorBase,
    RunningMinMaxEstimator,
)
from aihwkit.simulator.digital_low_precision.range_search import (
    CrossEntropyEstimator,
    MSE_Estimator,
    OptMethod,
)

__all__ = [
    "AllMinMaxEstimator",
    "CrossEntropyEstimator",
    "CurrentMinMaxEstimator",
    "MSE_Estimator",
    "NoDataPassedError",
    "OptMethod",
    "RangeEstimatorBase",
    "RangeEstimatorMap",
    "RangeEstimators",
    "RunningMinMaxEstimator",
]


class RangeEstimatorMap(NamedTuple):
    """Number and class of an estimator."""

    value: int
    cls: type[RangeEstimatorBase]


class RangeEstimators(Enum):
    """Range estimators."""

    current_minmax = RangeEstimatorMap(0, CurrentMinMaxEstimator)
    allminmax = RangeEstimatorMap(1, AllMinMaxEstimator)
    running_minmax = RangeEstimatorMap(2, RunningMinMaxEstimator)
    MSE = RangeEstimatorMap(3, MSE_Estimator)
    cross_entropy = RangeEstimatorMap(4, CrossEntropyEstimator)

    @property
    def cls(self) -> type[RangeEstimatorBase]:
        """Class of the estimators."""
        return self.value.cls

    @classmethod
    def list(cls) -> list[str]:
        """Return the names of the estimators."""
        return [member.name for member in cls]
