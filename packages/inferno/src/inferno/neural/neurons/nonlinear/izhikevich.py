"""Izhikevich neurons: adaptive quadratic integrate-and-fire."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from inferno._internal import argtest
from inferno.neural.functional import voltage_integration_quadratic
from inferno.neural.neurons.mixins import AdaptiveCurrentMixin, BatchReduction
from inferno.neural.neurons.stepping import CurrentAdaptingNeuron, SteppingNeuron, repeat_last
from synaptensor.validation import check_positive

__all__ = ["Izhikevich"]


class Izhikevich(CurrentAdaptingNeuron):
    r"""Quadratic integrate-and-fire neurons with adaptation currents.

    $$
    \tau \frac{dV}{dt} = a (V - V_\text{rest}) (V - V_c) + R I
    $$

    $$
    \tau_k \frac{dw_k}{dt} = a_k (V - V_\text{rest}) - w_k, \quad
    w_k \leftarrow w_k + b_k s, \quad
    I = I_\text{in} - \sum_k w_k
    $$

    Adaptations are shared by the samples of a batch and updated in training mode.

    Args:
        shape: shape of the group; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        rest_v: rest voltage in mV.
        crit_v: critical voltage $V_c$ in mV, above which a spike takes off.
        affinity: strength $a$ of the attraction to rest and repulsion from critical.
        reset_v: voltage after a spike in mV.
        thresh_v: threshold in mV.
        refrac_t: length of the absolute refractory period in ms.
        tc_membrane: membrane time constant $\tau$ in ms.
        tc_adaptation: time constants $\tau_k$ of the adaptations in ms, one or several.
        voltage_coupling: couplings $a_k$ of the adaptations to the voltage in uS.
        spike_increment: jumps of the adaptations on a spike, one or several.
        resistance: membrane resistance $R$ in MOhm.
        batch_size: number of samples simulated side by side.
        batch_reduction: reduces adaptations over the batch, ``(tensor, dim) -> tensor``; the mean
            if ``None``.

    Raises:
        ValueError: if a size, time, time constant or resistance is out of range, or
            ``rest_v < crit_v <= thresh_v`` or ``reset_v < thresh_v`` does not hold.

    Reference:
        *Neuronal Dynamics*, Gerstner, Kistler, Naud and Paninski (2014), section 6.2.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        rest_v: float,
        crit_v: float,
        affinity: float,
        reset_v: float,
        thresh_v: float,
        refrac_t: float,
        tc_membrane: float,
        tc_adaptation: float | Sequence[float],
        voltage_coupling: float | Sequence[float],
        spike_increment: float | Sequence[float],
        resistance: float = 1.0,
        batch_size: int = 1,
        batch_reduction: BatchReduction | None = None,
    ) -> None:
        argtest.lt("rest_v", rest_v, crit_v, float, "crit_v")
        argtest.lte("crit_v", crit_v, thresh_v, float, "thresh_v")
        argtest.lt("reset_v", reset_v, thresh_v, float, "thresh_v")
        SteppingNeuron.__init__(self, shape, step_time, rest_v, refrac_t, batch_size)
        self.crit_v = float(crit_v)
        self.affinity = float(check_positive("affinity", affinity))
        self.reset_v = float(reset_v)
        self.thresh_v = float(thresh_v)
        self.tc_membrane = float(check_positive("tc_membrane", tc_membrane))
        self.resistance = argtest.neq("resistance", resistance, 0, float)
        adaptation = repeat_last(
            {"tc_adaptation": check_positive},
            {
                "tc_adaptation": tc_adaptation,
                "voltage_coupling": voltage_coupling,
                "spike_increment": spike_increment,
            },
        )
        self.register_buffer("tc_adaptation", adaptation["tc_adaptation"], persistent=False)
        self.register_buffer("adapt_vc_coupling", adaptation["voltage_coupling"], persistent=False)
        self.register_buffer("adapt_increment", adaptation["spike_increment"], persistent=False)
        count = len(adaptation["tc_adaptation"])
        AdaptiveCurrentMixin.__init__(self, torch.zeros(*self.shape, count), batch_reduction)

    def _kernel_parameters(self) -> tuple[int, float, float, float, bool, float, float]:
        return (
            1,
            self.affinity,
            self.crit_v,
            self.step_time / self.tc_membrane,
            False,
            self.reset_v,
            0.0,
        )

    def _integrate_v(self, masked_inputs: Tensor) -> Tensor:
        return voltage_integration_quadratic(
            masked_inputs,
            self.voltage,
            step_time=self.step_time,
            rest_v=self.rest_v,
            crit_v=self.crit_v,
            affinity=self.affinity,
            time_constant=self.tc_membrane,
            resistance=self.resistance,
        )
