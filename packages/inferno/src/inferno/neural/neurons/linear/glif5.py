"""Generalized leaky integrate-and-fire neurons of the fifth kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from inferno.neural.functional import adaptive_thresholds_membrane
from inferno.neural.neurons.mixins import BatchedState, BatchReduction
from synaptensor.validation import check_number, check_positive

from .after_spike import Several
from .glif4 import GLIF4

__all__ = ["GLIF5"]


class GLIF5(GLIF4):
    r"""Generalized leaky integrate-and-fire neurons 5: GLIF4 with a threshold that follows.

    To the equations of `GLIF4` comes a part of the threshold driven by the voltage,

    $$
    \frac{d\theta_V}{dt} = a (V - V_\text{rest}) - b \theta_V, \quad
    \Theta = \Theta_\infty + \sum_i \theta_i + \theta_V
    $$

    integrated exactly over the step together with the membrane. A spike leaves it as it is. It
    belongs to each sample and is cleared with the voltage. A step compares the voltage at its end
    with the threshold at its start, as all models here do.

    Args:
        shape: shape of the group; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        rest_v: rest voltage in mV.
        reset_v_add: amount subtracted from the voltage after a spike in mV.
        reset_v_mul: share of the deviation from rest that stays after a spike.
        thresh_eq_v: threshold $\Theta_\infty$ without adaptation in mV.
        refrac_t: length of the absolute refractory period in ms.
        tc_membrane: membrane time constant $\tau$ in ms.
        rc_adaptation: rates of the threshold adaptations of spikes in 1/ms, one or several.
        spike_increment: jumps $d_i$ of the thresholds on a spike in mV, one or several.
        rc_current: rates of decay of the after-spike currents in 1/ms, one or several.
        current_increment: jumps of the after-spike currents on a spike in nA, one or several.
        current_multiplier: shares of them that are left after a spike, one or several.
        adapt_rate: rate $a$ with which the threshold follows the voltage in 1/ms.
        rebound_rate: rate $b$ with which it returns in 1/ms.
        resistance: membrane resistance $R$ in MOhm.
        batch_size: number of samples simulated side by side.
        batch_reduction: reduces adaptations over the batch, ``(tensor, dim) -> tensor``; the mean
            if ``None``.

    Raises:
        ValueError: if a size, time, rate or resistance is out of range, or
            ``rest_v`` does not lie under ``thresh_eq_v``.

    Reference:
        Teeter et al. (2018), Nature Communications 9, 709.
    """

    # the fused loop takes adaptations that the samples share
    _fused = False

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
        rc_current: Several,
        current_increment: Several,
        current_multiplier: Several = 1.0,
        adapt_rate: float,
        rebound_rate: float,
        resistance: float = 1.0,
        batch_size: int = 1,
        batch_reduction: BatchReduction | None = None,
    ) -> None:
        GLIF4.__init__(
            self,
            shape,
            step_time,
            rest_v=rest_v,
            reset_v_add=reset_v_add,
            reset_v_mul=reset_v_mul,
            thresh_eq_v=thresh_eq_v,
            refrac_t=refrac_t,
            tc_membrane=tc_membrane,
            rc_adaptation=rc_adaptation,
            spike_increment=spike_increment,
            rc_current=rc_current,
            current_increment=current_increment,
            current_multiplier=current_multiplier,
            resistance=resistance,
            batch_size=batch_size,
            batch_reduction=batch_reduction,
        )
        self.adapt_rate = check_number("adapt_rate", adapt_rate)
        self.rebound_rate = check_number("rebound_rate", rebound_rate, check_positive)
        BatchedState.create(self, "voltage_threshold_", torch.zeros(self.batchedshape))

    @property
    def voltage_threshold(self) -> Tensor:
        """Part of the threshold driven by the voltage in mV, shape ``(B, *shape)``."""
        return self._buffers["_voltage_threshold__data"]  # type: ignore[return-value]

    @voltage_threshold.setter
    def voltage_threshold(self, value: Tensor) -> None:
        BatchedState.assign(self, "voltage_threshold", value)

    def clear(self, keep_adaptations: bool = True, **kwargs: Any) -> None:
        """Returns the group to its resting state.

        Args:
            keep_adaptations: keep the threshold adaptations of spikes.
            **kwargs: ignored.
        """
        GLIF4.clear(self, keep_adaptations, **kwargs)
        self.voltage_threshold = torch.zeros_like(self.voltage_threshold)

    def forward(  # type: ignore[override]
        self,
        inputs: Tensor,
        adapt: bool | None = None,
        refrac_lock: bool = True,
        **kwargs: Any,
    ) -> Tensor:
        """Advances the group by one step.

        Args:
            inputs: currents in nA, shape ``(B, *shape)``.
            adapt: update the threshold adaptations of spikes; in training mode only if ``None``.
            refrac_lock: hold voltages, currents and thresholds during refractory periods.
            **kwargs: ignored.

        Returns:
            Spikes, boolean, shape ``(B, *shape)``.
        """
        voltages, currents = self.voltage, self.after_current
        refractory = self._refractory()
        spikes = GLIF4.forward(self, inputs, adapt, refrac_lock)
        followed = adaptive_thresholds_membrane(
            self.voltage_threshold,
            voltages,
            torch.where(refractory, 0.0, inputs),
            currents.masked_fill(refractory.unsqueeze(-1), 0.0),
            step_time=self.step_time,
            rest_v=self.rest_v,
            time_constant=self.tc_membrane,
            resistance=self.resistance,
            adapt_rate=self.adapt_rate,
            rebound_rate=self.rebound_rate,
            rates=self.rc_current,
        )
        if refrac_lock:
            followed = torch.where(refractory, self.voltage_threshold, followed)
        self._buffers["_voltage_threshold__data"] = followed
        return spikes

    def _fire(
        self,
        inputs: Tensor,
        thresh_v: float,
        refrac_lock: bool,
        adaptations: Tensor | None = None,
    ) -> Tensor:
        followed = self.voltage_threshold.unsqueeze(-1)
        if adaptations is not None:
            shared = adaptations.expand(*followed.shape[:-1], adaptations.shape[-1])
            followed = torch.cat((shared, followed), -1)
        return GLIF4._fire(self, inputs, thresh_v, refrac_lock, followed)
