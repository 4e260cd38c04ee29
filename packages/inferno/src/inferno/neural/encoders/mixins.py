"""Settings of encoders: step time, number of steps, refractory period, random numbers."""

from __future__ import annotations

import torch

from inferno._internal import argtest
from synaptensor.validation import check_instance, check_nonnegative, check_number, check_positive

__all__ = ["GeneratorMixin", "RefractoryStepMixin", "StepMixin", "StepTimeMixin"]


class StepTimeMixin:
    """Gives an encoder a step time.

    Args:
        step_time: length of a simulated step in ms.

    Raises:
        ValueError: if ``step_time`` is not positive.
    """

    def __init__(self, step_time: float) -> None:
        self._step_time = check_number("step_time", step_time, check_positive)

    @property
    def dt(self) -> float:
        """Length of a simulated step in ms."""
        return self._step_time

    @dt.setter
    def dt(self, value: float) -> None:
        self._step_time = check_number("dt", value, check_positive)


class StepMixin(StepTimeMixin):
    """Gives an encoder a step time and a number of steps.

    Args:
        steps: number of steps to generate.
        step_time: length of a simulated step in ms.

    Raises:
        ValueError: if ``steps`` is not a positive integer or ``step_time`` not positive.
    """

    def __init__(self, steps: int, step_time: float) -> None:
        StepTimeMixin.__init__(self, step_time)
        self._steps = argtest.gt("steps", steps, 0, int)

    @property
    def steps(self) -> int:
        """Number of steps to generate."""
        return self._steps

    @steps.setter
    def steps(self, value: int) -> None:
        self._steps = argtest.gt("steps", value, 0, int)

    @property
    def duration(self) -> float:
        """Length of what is generated, in ms."""
        return self._steps * self._step_time


class RefractoryStepMixin(StepMixin):
    """Gives an encoder a step time, a number of steps and a refractory period.

    Args:
        steps: number of steps to generate.
        step_time: length of a simulated step in ms.
        refrac: least interval between spikes in ms; ``None`` to follow the step time.

    Raises:
        ValueError: if an argument is out of range.
    """

    def __init__(self, steps: int, step_time: float, refrac: float | None) -> None:
        StepMixin.__init__(self, steps, step_time)
        self._refrac = _optional_time(refrac)

    @property
    def refrac(self) -> float:
        """Least interval between spikes in ms; set to ``None`` to follow the step time."""
        return self._step_time if self._refrac is None else self._refrac

    @refrac.setter
    def refrac(self, value: float | None) -> None:
        self._refrac = _optional_time(value)


class GeneratorMixin:
    """Gives an encoder a source of random numbers.

    Args:
        generator: source of random numbers; torch's default if ``None``.
    """

    def __init__(self, generator: torch.Generator | None) -> None:
        self.generator = generator

    @property
    def generator(self) -> torch.Generator | None:
        """Source of random numbers, ``None`` for torch's default."""
        return self._generator

    @generator.setter
    def generator(self, value: torch.Generator | None) -> None:
        if value is not None:
            check_instance("generator", value, torch.Generator)
        self._generator = value


def _optional_time(value: float | None) -> float | None:
    return None if value is None else check_number("refrac", value, check_nonnegative)
