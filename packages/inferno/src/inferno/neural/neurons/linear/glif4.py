"""Generalized leaky integrate-and-fire neurons of the fourth kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from inferno.neural.neurons.mixins import BatchReduction

from .after_spike import AfterSpikeMixin, Several
from .glif2 import GLIF2

__all__ = ["GLIF4"]


class GLIF4(AfterSpikeMixin, GLIF2):
    r"""Generalized leaky integrate-and-fire neurons 4: GLIF2 with after-spike currents.

    $$
    \tau \frac{dV}{dt} = -(V - V_\text{rest}) + R \Big( I + \sum_j I_j \Big), \quad
    \frac{dI_j}{dt} = -k_j I_j, \quad
    \frac{d\theta_i}{dt} = -r_i \theta_i
    $$

    A spike, where $V \geq \Theta_\infty + \sum_i \theta_i$, takes

    $$
    V \leftarrow V_\text{rest} + m (V - V_\text{rest}) - b, \quad
    I_j \leftarrow f_j I_j + \delta_j, \quad
    \theta_i \leftarrow \theta_i + d_i
    $$

    Threshold adaptations are those of `GLIF2`, shared by the samples of a batch and updated in
    training mode; after-spike currents are those of `GLIF3`, part of the state of each sample.

    Args:
        shape: shape of the group; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        rest_v: rest voltage in mV.
        reset_v_add: amount $b$ subtracted from the voltage after a spike in mV.
        reset_v_mul: share $m$ of the deviation from rest that stays after a spike.
        thresh_eq_v: threshold $\Theta_\infty$ without adaptation in mV.
        refrac_t: length of the absolute refractory period in ms.
        tc_membrane: membrane time constant $\tau$ in ms.
        rc_adaptation: rates $r_i$ of the threshold adaptations in 1/ms, one or several.
        spike_increment: jumps $d_i$ of the thresholds on a spike in mV, one or several.
        rc_current: rates $k_j$ of decay of the after-spike currents in 1/ms, one or several.
        current_increment: jumps $\delta_j$ on a spike in nA, one or several.
        current_multiplier: shares $f_j$ that are left after a spike, one or several.
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
        resistance: float = 1.0,
        batch_size: int = 1,
        batch_reduction: BatchReduction | None = None,
    ) -> None:
        GLIF2.__init__(
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
            resistance=resistance,
            batch_size=batch_size,
            batch_reduction=batch_reduction,
        )
        AfterSpikeMixin.__init__(self, rc_current, current_increment, current_multiplier)

    def clear(self, keep_adaptations: bool = True, **kwargs: Any) -> None:
        """Returns the group to its resting state.

        Args:
            keep_adaptations: keep the threshold adaptations of spikes.
            **kwargs: ignored.
        """
        GLIF2.clear(self, keep_adaptations, **kwargs)
        self._clear_currents()

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
        held = self._refractory() if refrac_lock else None
        driven = self._with_after_currents(inputs, self.tc_membrane)
        spikes = GLIF2.forward(self, driven, adapt, refrac_lock)
        self._advance_currents(spikes, held)
        return spikes
