"""The membranes that QIF shares with Izhikevich, and EIF with AdEx."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from inferno._internal import argtest
from inferno.neural.functional import (
    voltage_integration_exponential,
    voltage_integration_quadratic,
)
from inferno.neural.neurons.stepping import SteppingNeuron
from synaptensor.validation import check_number, check_positive

__all__ = ["ExponentialNeuron", "QuadraticNeuron"]


class _RunawayNeuron(SteppingNeuron):
    """Neurons with a constant threshold above the voltage where a spike takes off."""

    # attributes with the voltage of the take-off, its strength, and the membrane time constant
    _takeoff_v: str
    _strength: str
    _tau = "time_constant"

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        rest_v: float,
        takeoff_v: float,
        strength: float,
        reset_v: float,
        thresh_v: float,
        refrac_t: float,
        time_constant: float,
        resistance: float,
        batch_size: int,
    ) -> None:
        argtest.lt("rest_v", rest_v, takeoff_v, float, self._takeoff_v)
        argtest.lte(self._takeoff_v, takeoff_v, thresh_v, float, "thresh_v")
        argtest.lt("reset_v", reset_v, thresh_v, float, "thresh_v")
        SteppingNeuron.__init__(self, shape, step_time, rest_v, refrac_t, batch_size)
        setattr(self, self._takeoff_v, float(takeoff_v))
        setattr(
            self,
            self._strength,
            check_number(self._strength, strength, check_positive),
        )
        self.reset_v = float(reset_v)
        self.thresh_v = float(thresh_v)
        setattr(self, self._tau, check_number(self._tau, time_constant, check_positive))
        self.resistance = argtest.neq("resistance", resistance, 0, float)


class QuadraticNeuron(_RunawayNeuron):
    """Neurons that move away from a critical voltage, the faster the farther."""

    _takeoff_v, _strength = "crit_v", "affinity"
    crit_v: float
    affinity: float

    def _kernel_parameters(self) -> tuple[int, float, float, float, bool, float, float]:
        share = self.step_time / getattr(self, self._tau)
        return 1, self.affinity, self.crit_v, share, False, self.reset_v, 0.0

    def _integrate_v(self, masked_inputs: Tensor) -> Tensor:
        return voltage_integration_quadratic(
            masked_inputs,
            self.voltage,
            step_time=self.step_time,
            rest_v=self.rest_v,
            crit_v=self.crit_v,
            affinity=self.affinity,
            time_constant=getattr(self, self._tau),
            resistance=self.resistance,
        )


class ExponentialNeuron(_RunawayNeuron):
    """Neurons whose voltage takes off exponentially above the rheobase threshold."""

    _takeoff_v, _strength = "rheobase_v", "sharpness"
    rheobase_v: float
    sharpness: float

    def _kernel_parameters(self) -> tuple[int, float, float, float, bool, float, float]:
        share = self.step_time / getattr(self, self._tau)
        return 2, self.rheobase_v, self.sharpness, share, False, self.reset_v, 0.0

    def _integrate_v(self, masked_inputs: Tensor) -> Tensor:
        return voltage_integration_exponential(
            masked_inputs,
            self.voltage,
            step_time=self.step_time,
            rest_v=self.rest_v,
            rheobase_v=self.rheobase_v,
            sharpness=self.sharpness,
            time_constant=getattr(self, self._tau),
            resistance=self.resistance,
        )
