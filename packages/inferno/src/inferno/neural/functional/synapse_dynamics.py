"""Synaptic currents after one step of spikes."""

from __future__ import annotations

import math

from torch import Tensor

__all__ = ["current_decaying", "current_delta", "current_delta_injected"]


def current_delta(spikes: Tensor, *, step_time: float, spike_charge: float) -> Tensor:
    r"""Delivers the charge of each spike within its step.

    $$
    I(t) = \frac{Q}{\Delta t} s(t)
    $$

    Args:
        spikes: spikes, any shape; graded values scale the current.
        step_time: length of the step in ms.
        spike_charge: charge $Q$ of a spike in pC.

    Returns:
        Currents in nA, like ``spikes``.
    """
    return spikes * (spike_charge / step_time)


def current_delta_injected(
    spikes: Tensor, *injections: Tensor, step_time: float, spike_charge: float
) -> Tensor:
    r"""Delivers the charge of each spike within its step, and adds injected currents.

    $$
    I(t) = \frac{Q}{\Delta t} s(t) + \sum_j I_j(t)
    $$

    Args:
        spikes: spikes, any shape; graded values scale the current.
        *injections: currents in nA, like ``spikes``.
        step_time: length of the step in ms.
        spike_charge: charge $Q$ of a spike in pC.

    Returns:
        Currents in nA, like ``spikes``.
    """
    current = current_delta(spikes, step_time=step_time, spike_charge=spike_charge)
    for injection in injections:
        current = current + injection
    return current


def current_decaying(
    current: Tensor, spikes: Tensor, *, step_time: float, time_constant: float, jump: float
) -> Tensor:
    r"""Lets a current decay by one step and adds the jump of each spike.

    $$
    I(t) = I(t - \Delta t) \, e^{-\Delta t / \tau} + J s(t)
    $$

    A single exponential current takes $J = Q / \tau$; a double exponential one is the
    difference of two, with $J = Q / (\tau_d - \tau_r)$.

    Args:
        current: currents before the step in nA.
        spikes: spikes, like ``current``; graded values scale the jump.
        step_time: length of the step in ms.
        time_constant: time constant of the decay in ms.
        jump: increase $J$ on a spike in nA.

    Returns:
        Currents after the step, like ``current``.
    """
    # a number times booleans has torch's default type, whatever that of the currents
    spikes = spikes.to(current.dtype)
    return current * math.exp(-step_time / time_constant) + jump * spikes
