"""After-spike currents, shared by GLIF3, GLIF4 and GLIF5."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from inferno.neural.functional import after_spike_current, after_spike_currents_update
from inferno.neural.neurons.mixins import BatchedState
from inferno.neural.neurons.stepping import like_voltages, repeated_numbers
from synaptensor.validation import check_positive

__all__ = ["AfterSpikeMixin", "Several"]

Several = float | Iterable[float]


class AfterSpikeMixin:
    """Gives a neuron group after-spike currents, part of the state of every sample.

    Args:
        rc_current: rates of their decay in 1/ms, one or several.
        current_increment: jumps on a spike in nA, one or several.
        current_multiplier: shares that are left after a spike, one or several.
    """

    def __init__(
        self: Any, rc_current: Several, current_increment: Several, current_multiplier: Several
    ) -> None:
        values = repeated_numbers(
            {"rc_current": check_positive},
            {
                "rc_current": rc_current,
                "current_increment": current_increment,
                "current_multiplier": current_multiplier,
            },
        )
        for name, value in values.items():
            setattr(self, name, tuple(value))
        count = len(self.rc_current)
        BatchedState.create(self, "after_current_", torch.zeros(*self.batchedshape, count))

    @property
    def after_current(self: Any) -> Tensor:
        """After-spike currents in nA, shape ``(B, *shape, K)``."""
        return self._buffers["_after_current__data"]

    @after_current.setter
    def after_current(self: Any, value: Tensor) -> None:
        BatchedState.assign(self, "after_current", value)

    def _with_after_currents(self: Any, inputs: Tensor, time_constant: float) -> Tensor:
        """Inputs and the effect of the after-spike currents on the membrane."""
        return like_voltages(inputs, self.voltage) + after_spike_current(
            self.after_current,
            step_time=self.step_time,
            time_constant=time_constant,
            rates=self.rc_current,
        )

    def _refractory(self: Any) -> Tensor:
        """Which neurons are refractory in the coming step."""
        return self.refrac > self.step_time

    def _advance_currents(self: Any, spikes: Tensor, held: Tensor | None) -> None:
        self._buffers["_after_current__data"] = after_spike_currents_update(
            self.after_current,
            spikes,
            step_time=self.step_time,
            rates=self.rc_current,
            multipliers=self.current_multiplier,
            increments=self.current_increment,
            held=held,
        )

    def _clear_currents(self: Any) -> None:
        self.after_current = torch.zeros_like(self.after_current)
