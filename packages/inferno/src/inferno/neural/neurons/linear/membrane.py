"""The leaky membrane of the linear models, and what LIF, GLIF1 and GLIF3 share beyond it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from inferno._internal import argtest
from inferno.neural.functional import voltage_integration_linear
from inferno.neural.neurons.stepping import SteppingNeuron
from synaptensor.validation import check_number, check_positive

__all__ = ["LeakyNeuron", "LinearNeuron"]


class LeakyNeuron(SteppingNeuron):
    """Neurons whose voltage leaks exponentially towards rest."""

    # name of the attribute with the membrane time constant
    _tau = "tc_membrane"

    def _integrate_v(self, masked_inputs: Tensor) -> Tensor:
        return voltage_integration_linear(
            masked_inputs,
            self.voltage,
            step_time=self.step_time,
            time_constant=getattr(self, self._tau),
            rest_v=self.rest_v,
            resistance=self.resistance,
        )


class LinearNeuron(LeakyNeuron):
    """Leaky neurons with a constant threshold and a constant reset."""

    _tau = "time_constant"

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        rest_v: float,
        reset_v: float,
        thresh_v: float,
        refrac_t: float,
        time_constant: float,
        resistance: float,
        batch_size: int,
    ) -> None:
        argtest.lt("rest_v", rest_v, thresh_v, float, "thresh_v")
        argtest.lt("reset_v", reset_v, thresh_v, float, "thresh_v")
        SteppingNeuron.__init__(self, shape, step_time, rest_v, refrac_t, batch_size)
        self.reset_v = float(reset_v)
        self.thresh_v = float(thresh_v)
        self.time_constant = check_number("time_constant", time_constant, check_positive)
        self.resistance = argtest.neq("resistance", resistance, 0, float)

    def _kernel_parameters(self) -> tuple[int, float, float, float, bool, float, float]:
        return 0, 0.0, 0.0, math.exp(-self.step_time / self.time_constant), False, self.reset_v, 0.0
