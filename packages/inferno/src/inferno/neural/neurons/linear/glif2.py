"""Generalized leaky integrate-and-fire neurons of the second kind."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from inferno._internal import argtest
from inferno.neural.functional import voltage_thresholding_linear
from inferno.neural.neurons.mixins import BatchReduction
from inferno.neural.neurons.stepping import SteppingNeuron, ThresholdAdaptingNeuron
from synaptensor.validation import check_number, check_positive

from .membrane import LeakyNeuron

__all__ = ["GLIF2"]


class GLIF2(ThresholdAdaptingNeuron, LeakyNeuron):
    r"""Generalized leaky integrate-and-fire neurons 2: biological reset and adaptive threshold.

    $$
    V(t + \Delta t) = V_\text{rest} + (V(t) - V_\text{rest} - R I) e^{-\Delta t / \tau} + R I
    $$

    A spike resets the voltage in proportion to it,

    $$
    V \leftarrow V_\text{rest} + m (V - V_\text{rest}) - b
    $$

    $$
    \Theta = \Theta_\infty + \sum_k \theta_k, \quad
    \theta_k \leftarrow \theta_k \, e^{-\Delta t / \tau_k} + d_k s
    $$

    Adaptations are shared by the samples of a batch and updated in training mode.

    Args:
        shape: shape of the group; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        rest_v: rest voltage in mV.
        reset_v_add: amount $b$ subtracted from the voltage after a spike in mV.
        reset_v_mul: share $m$ of the deviation from rest that stays after a spike.
        thresh_eq_v: threshold without adaptation in mV.
        refrac_t: length of the absolute refractory period in ms.
        tc_membrane: membrane time constant $\tau$ in ms.
        rc_adaptation: rates $1 / \tau_k$ of the adaptations in 1/ms, one or several.
        spike_increment: jumps of the adaptations on a spike, one or several.
        resistance: membrane resistance $R$ in MOhm.
        batch_size: number of samples simulated side by side.
        batch_reduction: reduces adaptations over the batch, ``(tensor, dim) -> tensor``; the mean
            if ``None``.

    Raises:
        ValueError: if a size, time, time constant or resistance is out of range, or
            ``rest_v`` does not lie under ``thresh_eq_v``.

    Reference:
        Teeter et al. (2018), Nature Communications 9, 709.
    """

    _constants = "rc_adaptation"

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        rest_v: float,
        reset_v_add: float,
        reset_v_mul: float,
        thresh_eq_v: float,
        refrac_t: float,
        tc_membrane: float,
        rc_adaptation: float | Sequence[float],
        spike_increment: float | Sequence[float],
        resistance: float = 1.0,
        batch_size: int = 1,
        batch_reduction: BatchReduction | None = None,
    ) -> None:
        argtest.lt("rest_v", rest_v, thresh_eq_v, float, "thresh_eq_v")
        SteppingNeuron.__init__(self, shape, step_time, rest_v, refrac_t, batch_size)
        self.reset_v_add = check_number("reset_v_add", reset_v_add)
        self.reset_v_mul = check_number("reset_v_mul", reset_v_mul)
        self.thresh_eq_v = float(thresh_eq_v)
        self.tc_membrane = check_number("tc_membrane", tc_membrane, check_positive)
        self.resistance = argtest.neq("resistance", resistance, 0, float)
        self._create_adaptations(rc_adaptation, spike_increment, batch_reduction)

    def _kernel_parameters(self) -> tuple[int, float, float, float, bool, float, float]:
        return (
            0,
            0.0,
            0.0,
            math.exp(-self.step_time / self.tc_membrane),
            True,
            self.reset_v_add,
            self.reset_v_mul,
        )

    def _time_constants(self) -> Tensor:
        return 1 / self.rc_adaptation

    def _reset_voltage(self, voltages: Tensor) -> Tensor:
        return self.rest_v + self.reset_v_mul * (voltages - self.rest_v) - self.reset_v_add

    def _threshold(
        self, inputs: Tensor, voltages: Tensor | None, thresh_v: float | Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        return voltage_thresholding_linear(
            inputs,
            self.refrac,
            self._integrate_v,
            voltages,
            step_time=self.step_time,
            rest_v=self.rest_v,
            v_slope=self.reset_v_mul,
            v_intercept=self.reset_v_add,
            thresh_v=thresh_v,
            refrac_t=self.refrac_t,
        )
