"""After-spike currents and voltage-dependent thresholds, integrated exactly over a step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "adaptive_thresholds_membrane",
    "after_spike_current",
    "after_spike_currents_update",
]

# what decays further is zero: processors calculate slowly with subnormal numbers
_LEAST = 1e-30


def after_spike_currents_update(
    currents: Tensor,
    spikes: Tensor,
    *,
    step_time: float,
    rates: Sequence[float],
    multipliers: Sequence[float],
    increments: Sequence[float],
    held: Tensor | None = None,
) -> Tensor:
    r"""Lets after-spike currents decay by one step and resets them where a neuron spikes.

    $$
    I_j \leftarrow I_j \, e^{-k_j \Delta t}, \quad
    I_j \leftarrow f_j I_j + \delta_j \; \text{on a spike}
    $$

    Args:
        currents: after-spike currents in nA, shape ``(B, *shape, K)``.
        spikes: spikes of the step, shape ``(B, *shape)``.
        step_time: length of the step in ms.
        rates: rates $k_j$ of decay in 1/ms.
        multipliers: shares $f_j$ that are left after a spike.
        increments: jumps $\delta_j$ on a spike in nA.
        held: where currents do not decay, shape ``(B, *shape)``.

    Returns:
        After-spike currents, like ``currents``.
    """
    fired = spikes.to(currents.dtype)
    parts = []
    for j, (rate, multiplier, increment) in enumerate(
        zip(rates, multipliers, increments, strict=True)
    ):
        part = currents[..., j] * math.exp(-rate * step_time)
        if held is not None:
            part = torch.where(held, currents[..., j], part)
        parts.append(part + fired * ((multiplier - 1.0) * part + increment))
    return F.hardshrink(torch.stack(parts, -1), _LEAST)


def after_spike_current(
    currents: Tensor, *, step_time: float, time_constant: float, rates: Sequence[float]
) -> Tensor:
    r"""Returns the constant current that moves a leaky membrane as decaying ones do.

    Currents $I_j e^{-k_j t}$ move the membrane over a step by

    $$
    R \sum_j I_j \frac{e^{-k_j \Delta t} - e^{-\Delta t / \tau}}{1 - k_j \tau}
    = R I \left( 1 - e^{-\Delta t / \tau} \right)
    $$

    of which the right side defines $I$.

    Args:
        currents: currents at the start of the step in nA, shape ``(B, *shape, K)``.
        step_time: length of the step in ms.
        time_constant: membrane time constant $\tau$ in ms.
        rates: rates $k_j$ of decay in 1/ms.

    Returns:
        Currents $I$ in nA, shape ``(B, *shape)``.
    """
    leak = 1.0 / time_constant
    whole = -math.expm1(-step_time * leak)
    total = torch.zeros_like(currents[..., 0])
    for j, rate in enumerate(rates):
        total = total + currents[..., j] * (leak * _overlap(step_time, leak, rate) / whole)
    return total


def adaptive_thresholds_membrane(
    adaptations: Tensor,
    voltages: Tensor,
    inputs: Tensor,
    currents: Tensor | None = None,
    *,
    step_time: float,
    rest_v: float,
    time_constant: float,
    resistance: float,
    adapt_rate: float,
    rebound_rate: float,
    rates: Sequence[float] = (),
) -> Tensor:
    r"""Integrates a threshold that follows a leaky membrane exactly over a step.

    $$
    \frac{d\theta}{dt} = a (V - V_\text{rest}) - b \theta, \quad
    \tau \frac{dV}{dt} = -(V - V_\text{rest}) + R I + R \sum_j I_j e^{-k_j t}
    $$

    Args:
        adaptations: threshold adaptations $\theta$ in mV, shape ``(B, *shape)``.
        voltages: voltages at the start of the step in mV, like ``adaptations``.
        inputs: currents $I$ in nA, constant over the step, like ``adaptations``.
        currents: decaying currents at the start of the step in nA, shape ``(B, *shape, K)``.
        step_time: length of the step in ms.
        rest_v: rest voltage in mV.
        time_constant: membrane time constant $\tau$ in ms.
        resistance: membrane resistance $R$ in MOhm.
        adapt_rate: rate $a$ of adaptation in 1/ms.
        rebound_rate: rate $b$ of recovery in 1/ms.
        rates: rates $k_j$ of the decaying currents in 1/ms.

    Returns:
        Threshold adaptations after the step, like ``adaptations``.
    """
    leak = 1.0 / time_constant
    own = _overlap(step_time, rebound_rate, leak)
    steady = _overlap(step_time, rebound_rate, 0.0) - own
    drive = (voltages - rest_v) * own + inputs * (resistance * steady)
    for j, rate in enumerate(rates):
        weight = resistance * leak * _double_overlap(step_time, rebound_rate, leak, rate)
        drive = drive + currents[..., j] * weight  # type: ignore[index]
    followed = adaptations * math.exp(-rebound_rate * step_time) + adapt_rate * drive
    return F.hardshrink(followed, _LEAST)


def _overlap(time: float, first: float, second: float) -> float:
    """The convolution of two exponentials with these rates, at a time."""
    gap = (first - second) * time
    share = 1.0 if gap == 0 else -math.expm1(-gap) / gap
    return time * math.exp(-second * time) * share


def _double_overlap(time: float, first: float, second: float, third: float) -> float:
    """The convolution of three exponentials with these rates, at a time.

    A difference quotient of `_overlap`; for rates that nearly agree it is taken at a distance at
    which rounding and curvature both stay below 1e-9.
    """
    gap = second - third
    least = 1e-4 * max(abs(second), abs(third), 1e-12)
    if abs(gap) < least:
        middle = (second + third) / 2
        second, third, gap = middle + least / 2, middle - least / 2, least
    return (_overlap(time, first, third) - _overlap(time, first, second)) / gap
