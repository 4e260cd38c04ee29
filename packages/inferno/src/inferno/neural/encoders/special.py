"""Encoders with other statistics of intervals."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from inferno import Module
from inferno.neural.functional import poisson_interval, poisson_interval_online
from synaptensor.validation import check_nonnegative, check_number

from .mixins import GeneratorMixin, StepMixin

__all__ = ["PoissonIntervalEncoder"]


class PoissonIntervalEncoder(GeneratorMixin, StepMixin, Module):
    """Encodes intensities as spikes whose intervals, in steps, follow a Poisson distribution.

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
        generate = poisson_interval_online if online else poisson_interval
        return generate(
            self._frequency * inputs, self._steps, self._step_time, generator=self._generator
        )
