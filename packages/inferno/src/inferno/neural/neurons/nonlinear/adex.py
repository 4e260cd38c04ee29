"""AdEx neurons: adaptive exponential integrate-and-fire."""

from __future__ import annotations

from collections.abc import Sequence

from inferno.neural.neurons.mixins import BatchReduction
from inferno.neural.neurons.stepping import CurrentAdaptingNeuron

from .membrane import ExponentialNeuron

__all__ = ["AdEx"]


class AdEx(CurrentAdaptingNeuron, ExponentialNeuron):
    r"""Exponential integrate-and-fire neurons with adaptation currents.

    $$
    \tau \frac{dV}{dt} = -(V - V_\text{rest}) + \Delta_T e^{(V - V_T) / \Delta_T} + R I
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
        rheobase_v: voltage $V_T$ at which a spike takes off in mV.
        sharpness: steepness $\Delta_T$ of the take-off in mV.
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
            ``rest_v < rheobase_v <= thresh_v`` or ``reset_v < thresh_v`` does not hold.

    Reference:
        *Neuronal Dynamics*, Gerstner, Kistler, Naud and Paninski (2014), section 6.1.
    """

    _tau = "tc_membrane"

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
        tc_membrane: float,
        tc_adaptation: float | Sequence[float],
        voltage_coupling: float | Sequence[float],
        spike_increment: float | Sequence[float],
        resistance: float = 1.0,
        batch_size: int = 1,
        batch_reduction: BatchReduction | None = None,
    ) -> None:
        ExponentialNeuron.__init__(
            self,
            shape,
            step_time,
            rest_v,
            rheobase_v,
            sharpness,
            reset_v,
            thresh_v,
            refrac_t,
            tc_membrane,
            resistance,
            batch_size,
        )
        self._create_adaptations(tc_adaptation, voltage_coupling, spike_increment, batch_reduction)
