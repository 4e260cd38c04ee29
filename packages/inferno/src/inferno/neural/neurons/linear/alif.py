"""Adaptive leaky integrate-and-fire neurons."""

from __future__ import annotations

import math
from collections.abc import Sequence

from inferno._internal import argtest
from inferno.neural.neurons.mixins import BatchReduction
from inferno.neural.neurons.stepping import SteppingNeuron, ThresholdAdaptingNeuron
from synaptensor.validation import check_number, check_positive

from .membrane import LeakyNeuron

__all__ = ["ALIF"]


class ALIF(ThresholdAdaptingNeuron, LeakyNeuron):
    r"""Leaky integrate-and-fire neurons whose thresholds adapt.

    $$
    V(t + \Delta t) = V_\text{rest} + (V(t) - V_\text{rest} - R I) e^{-\Delta t / \tau} + R I
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
        reset_v: voltage after a spike in mV.
        thresh_eq_v: threshold without adaptation in mV.
        refrac_t: length of the absolute refractory period in ms.
        tc_membrane: membrane time constant $\tau$ in ms.
        tc_adaptation: time constants $\tau_k$ of the adaptations in ms, one or several.
        spike_increment: jumps of the adaptations on a spike, one or several.
        resistance: membrane resistance $R$ in MOhm.
        batch_size: number of samples simulated side by side.
        batch_reduction: reduces adaptations over the batch, ``(tensor, dim) -> tensor``; the mean
            if ``None``.

    Raises:
        ValueError: if a size, time, time constant or resistance is out of range, or
            ``rest_v`` or ``reset_v`` does not lie under ``thresh_eq_v``.

    Reference:
        *Neuronal Dynamics*, Gerstner, Kistler, Naud and Paninski (2014), section 6.1.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        rest_v: float,
        reset_v: float,
        thresh_eq_v: float,
        refrac_t: float,
        tc_membrane: float,
        tc_adaptation: float | Sequence[float],
        spike_increment: float | Sequence[float],
        resistance: float = 1.0,
        batch_size: int = 1,
        batch_reduction: BatchReduction | None = None,
    ) -> None:
        argtest.lt("rest_v", rest_v, thresh_eq_v, float, "thresh_eq_v")
        argtest.lt("reset_v", reset_v, thresh_eq_v, float, "thresh_eq_v")
        SteppingNeuron.__init__(self, shape, step_time, rest_v, refrac_t, batch_size)
        self.reset_v = float(reset_v)
        self.thresh_eq_v = float(thresh_eq_v)
        self.tc_membrane = check_number("tc_membrane", tc_membrane, check_positive)
        self.resistance = argtest.neq("resistance", resistance, 0, float)
        self._create_adaptations(tc_adaptation, spike_increment, batch_reduction)

    def _kernel_parameters(self) -> tuple[int, float, float, float, bool, float, float]:
        return 0, 0.0, 0.0, math.exp(-self.step_time / self.tc_membrane), False, self.reset_v, 0.0
