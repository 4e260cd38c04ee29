"""Encoders that turn intensities into Poisson spike trains."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from inferno import Module
from inferno.neural.functional import (
    homogeneous_poisson_exp_interval,
    homogeneous_poisson_exp_interval_online,
    homogenous_poisson_bernoulli_approx,
    homogenous_poisson_bernoulli_approx_online,
)
from synaptensor.validation import check_flag, check_nonnegative, check_number

from .mixins import GeneratorMixin, RefractoryStepMixin, StepMixin

__all__ = ["HomogeneousPoissonApproxEncoder", "HomogeneousPoissonEncoder"]


class HomogeneousPoissonEncoder(GeneratorMixin, RefractoryStepMixin, Module):
    """Encodes intensities as Poisson spike trains with a refractory period.

    Args:
        steps: number of steps to generate.
        step_time: length of a simulated step in ms.
        frequency: spikes per second of intensity 1, in Hz.
        refrac: least interval between spikes in ms; ``None`` to follow the step time.
        compensate: keep the expected rate at the frequency in spite of the refractory period.
        generator: source of random numbers; torch's default if ``None``.

    Raises:
        ValueError: if an argument is out of range, or ``compensate`` is set and the refractory
            period leaves no room for the frequency.
    """

    def __init__(
        self,
        steps: int,
        step_time: float,
        frequency: float,
        *,
        refrac: float | None = None,
        compensate: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        Module.__init__(self)
        RefractoryStepMixin.__init__(self, steps, step_time, refrac)
        GeneratorMixin.__init__(self, generator)
        self._frequency = check_number("frequency", frequency, check_nonnegative)
        self._compensate = check_flag("compensate", compensate)
        if self._compensate:
            _check_room(self._frequency, self.refrac)

    @property
    def frequency(self) -> float:
        """Spikes per second of intensity 1, in Hz."""
        return self._frequency

    @frequency.setter
    def frequency(self, value: float) -> None:
        value = check_number("frequency", value, check_nonnegative)
        if self._compensate:
            _check_room(value, self.refrac)
        self._frequency = value

    @property
    def refrac(self) -> float:
        """Least interval between spikes in ms; set to ``None`` to follow the step time."""
        return RefractoryStepMixin.refrac.fget(self)  # type: ignore[attr-defined]

    @refrac.setter
    def refrac(self, value: float | None) -> None:
        if self._compensate:
            _check_room(self._frequency, self.dt if value is None else value)
        RefractoryStepMixin.refrac.fset(self, value)  # type: ignore[attr-defined]

    @property
    def compensated(self) -> bool:
        """Whether the expected rate is kept in spite of the refractory period."""
        return self._compensate

    @compensated.setter
    def compensated(self, value: bool) -> None:
        if value:
            _check_room(self._frequency, self.refrac)
        self._compensate = bool(value)

    def forward(self, inputs: Tensor, online: bool = False) -> Tensor | Iterator[Tensor]:
        """Generates spike trains.

        Args:
            inputs: intensities from 0 to 1, shape ``(B, ...)``.
            online: generate step by step.

        Returns:
            Boolean spikes of shape ``(steps, B, ...)``, or an iterator over its steps.
        """
        generate = (
            homogeneous_poisson_exp_interval_online if online else homogeneous_poisson_exp_interval
        )
        return generate(
            self._frequency * inputs,
            self._steps,
            self._step_time,
            refrac=self.refrac,
            compensate=self._compensate,
            generator=self._generator,
        )


class HomogeneousPoissonApproxEncoder(GeneratorMixin, StepMixin, Module):
    """Encodes intensities as spikes with an independent chance in every step.

    Args:
        steps: number of steps to generate.
        step_time: length of a simulated step in ms.
        frequency: spikes per second of intensity 1, in Hz.
        generator: source of random numbers; torch's default if ``None``.

    Raises:
        ValueError: if an argument is out of range.
    """

    def __init__(
        self,
        steps: int,
        step_time: float,
        frequency: float,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        Module.__init__(self)
        StepMixin.__init__(self, steps, step_time)
        GeneratorMixin.__init__(self, generator)
        self.frequency = frequency

    @property
    def frequency(self) -> float:
        """Spikes per second of intensity 1, in Hz."""
        return self._frequency

    @frequency.setter
    def frequency(self, value: float) -> None:
        self._frequency = check_number("frequency", value, check_nonnegative)

    def forward(self, inputs: Tensor, online: bool = False) -> Tensor | Iterator[Tensor]:
        """Generates spike trains.

        Args:
            inputs: intensities from 0 to 1, shape ``(B, ...)``.
            online: generate step by step.

        Returns:
            Boolean spikes of shape ``(steps, B, ...)``, or an iterator over its steps.
        """
        generate = (
            homogenous_poisson_bernoulli_approx_online
            if online
            else homogenous_poisson_bernoulli_approx
        )
        return generate(
            self._frequency * inputs, self._steps, self._step_time, generator=self._generator
        )


def _check_room(frequency: float, refrac: float) -> None:
    if frequency * refrac >= 1000.0:
        raise ValueError(
            f"`frequency` must be under {1000.0 / refrac!r} Hz for a compensated refractory "
            f"period of {refrac!r} ms, got {frequency!r}"
        )
