"""Exponential integrate-and-fire neurons."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from inferno._internal import argtest
from inferno.neural.functional import voltage_integration_exponential
from inferno.neural.neurons.stepping import SteppingNeuron
from synaptensor.validation import check_positive

__all__ = ["EIF"]


class EIF(SteppingNeuron):
    r"""Exponential integrate-and-fire neurons.

    $$
    \tau \frac{dV}{dt} = -(V - V_\text{rest}) + \Delta_T e^{(V - V_T) / \Delta_T} + R I
    $$

    Args:
        shape: shape of the group; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        rest_v: rest voltage in mV.
        rheobase_v: voltage $V_T$ at which a spike takes off in mV.
        sharpness: steepness $\Delta_T$ of the take-off in mV.
        reset_v: voltage after a spike in mV.
        thresh_v: threshold in mV.
        refrac_t: length of the absolute refractory period in ms.
        time_constant: membrane time constant $\tau$ in ms.
        resistance: membrane resistance $R$ in MOhm.
        batch_size: number of samples simulated side by side.

    Raises:
        ValueError: if a size, time, time constant or resistance is out of range, or
            ``rest_v < rheobase_v <= thresh_v`` or ``reset_v < thresh_v`` does not hold.

    Reference:
        *Neuronal Dynamics*, Gerstner, Kistler, Naud and Paninski (2014), section 5.2.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        rest_v: float,
        rheobase_v: float,
        sharpness: float,
        reset_v: float,
        thresh_v: float,
        refrac_t: float,
        time_constant: float,
        resistance: float = 1.0,
        batch_size: int = 1,
    ) -> None:
        argtest.lt("rest_v", rest_v, rheobase_v, float, "rheobase_v")
        argtest.lte("rheobase_v", rheobase_v, thresh_v, float, "thresh_v")
        argtest.lt("reset_v", reset_v, thresh_v, float, "thresh_v")
        SteppingNeuron.__init__(self, shape, step_time, rest_v, refrac_t, batch_size)
        self.rheobase_v = float(rheobase_v)
        self.sharpness = float(check_positive("sharpness", sharpness))
        self.reset_v = float(reset_v)
        self.thresh_v = float(thresh_v)
        self.time_constant = float(check_positive("time_constant", time_constant))
        self.resistance = argtest.neq("resistance", resistance, 0, float)

    def _kernel_parameters(self) -> tuple[int, float, float, float, bool, float, float]:
        return (
            2,
            self.rheobase_v,
            self.sharpness,
            self.step_time / self.time_constant,
            False,
            self.reset_v,
            0.0,
        )

    def _integrate_v(self, masked_inputs: Tensor) -> Tensor:
        return voltage_integration_exponential(
            masked_inputs,
            self.voltage,
            step_time=self.step_time,
            rest_v=self.rest_v,
            rheobase_v=self.rheobase_v,
            sharpness=self.sharpness,
            time_constant=self.time_constant,
            resistance=self.resistance,
        )
