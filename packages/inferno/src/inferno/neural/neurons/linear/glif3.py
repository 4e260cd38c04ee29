"""Generalized leaky integrate-and-fire neurons of the third kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from .after_spike import AfterSpikeMixin, Several
from .membrane import LinearNeuron

__all__ = ["GLIF3"]


class GLIF3(AfterSpikeMixin, LinearNeuron):
    r"""Generalized leaky integrate-and-fire neurons 3: after-spike currents.

    $$
    \tau \frac{dV}{dt} = -(V - V_\text{rest}) + R \Big( I + \sum_j I_j \Big), \quad
    \frac{dI_j}{dt} = -k_j I_j
    $$

    both integrated exactly for an input that is constant over the step. A spike resets the
    voltage to a constant and $I_j \leftarrow f_j I_j + \delta_j$. With the refractory lock the
    currents wait for the end of the refractory period, like the voltage; models fitted with
    currents that decay meanwhile take $f_j e^{-k_j r_\text{abs}}$ for $f_j$.

    After-spike currents belong to each sample and are cleared with the voltage.

    Args:
        shape: shape of the group; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        rest_v: rest voltage in mV.
        reset_v: voltage after a spike in mV.
        thresh_v: threshold in mV.
        refrac_t: length of the absolute refractory period in ms.
        time_constant: membrane time constant $\tau$ in ms.
        rc_current: rates $k_j$ of decay of the after-spike currents in 1/ms, one or several.
        current_increment: jumps $\delta_j$ on a spike in nA, one or several.
        current_multiplier: shares $f_j$ that are left after a spike, one or several.
        resistance: membrane resistance $R$ in MOhm.
        batch_size: number of samples simulated side by side.

    Raises:
        ValueError: if a size, time, rate or resistance is out of range, or
            ``rest_v`` or ``reset_v`` does not lie under ``thresh_v``.

    Reference:
        Teeter et al. (2018), Nature Communications 9, 709.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        rest_v: float,
        reset_v: float,
        thresh_v: float,
        refrac_t: float,
        time_constant: float,
        rc_current: Several,
        current_increment: Several,
        current_multiplier: Several = 1.0,
        resistance: float = 1.0,
        batch_size: int = 1,
    ) -> None:
        LinearNeuron.__init__(
            self,
            shape,
            step_time,
            rest_v,
            reset_v,
            thresh_v,
            refrac_t,
            time_constant,
            resistance,
            batch_size,
        )
        AfterSpikeMixin.__init__(self, rc_current, current_increment, current_multiplier)

    def clear(self, **kwargs: Any) -> None:
        """Returns the group to its resting state."""
        LinearNeuron.clear(self, **kwargs)
        self._clear_currents()

    def forward(self, inputs: Tensor, refrac_lock: bool = True, **kwargs: Any) -> Tensor:
        """Advances the group by one step.

        Args:
            inputs: currents in nA, shape ``(B, *shape)``.
            refrac_lock: hold voltages and after-spike currents during refractory periods.
            **kwargs: ignored.

        Returns:
            Spikes, boolean, shape ``(B, *shape)``.
        """
        held = self._refractory() if refrac_lock else None
        inputs = self._with_after_currents(inputs, self.time_constant)
        spikes = LinearNeuron.forward(self, inputs, refrac_lock)
        self._advance_currents(spikes, held)
        return spikes
