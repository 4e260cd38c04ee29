"""Conductances of synapses, and what they do to a membrane over one step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "conductance_alpha",
    "conductance_current",
    "conductance_equivalent_current",
    "voltage_integration_conductance",
]

# what decays further is zero: processors calculate slowly with subnormal numbers
_LEAST = 1e-30


def conductance_alpha(
    conductance: Tensor,
    rise: Tensor,
    spikes: Tensor,
    *,
    step_time: float,
    time_constant: float,
    peak: float,
) -> tuple[Tensor, Tensor]:
    r"""Advances alpha-shaped conductances exactly by one step and adds the spikes.

    $$
    g(t) = \hat{g} \frac{t}{\tau} e^{1 - t / \tau}
    $$

    after a spike, as the solution of $\dot{g} = -g / \tau + x$, $\dot{x} = -x / \tau$ with jumps
    of $x$ by $\hat{g} e / \tau$.

    Args:
        conductance: conductances $g$ before the step in uS.
        rise: rates $x$ before the step in uS/ms, like ``conductance``.
        spikes: spikes, like ``conductance``; graded values scale the jump.
        step_time: length of the step in ms.
        time_constant: time $\tau$ from a spike to the peak in ms.
        peak: conductance $\hat{g}$ at the peak after a spike in uS.

    Returns:
        Conductances and rates after the step.
    """
    decay = math.exp(-step_time / time_constant)
    # a number times booleans has torch's default type, whatever that of the conductances
    spikes = spikes.to(conductance.dtype)
    conductance = F.hardshrink((conductance + step_time * rise) * decay, _LEAST)
    rise = F.hardshrink(rise * decay, _LEAST)
    return conductance, rise + (peak * math.e / time_constant) * spikes


def conductance_current(
    conductances: Tensor, voltages: Tensor, *, reversal_v: Sequence[float]
) -> Tensor:
    r"""Returns the currents that conductances let flow at present voltages.

    $$
    I = \sum_k g_k (E_k - V)
    $$

    Args:
        conductances: conductances $g_k$ in uS, shape ``(B, *shape, K)``.
        voltages: voltages in mV, shape ``(B, *shape)``.
        reversal_v: reversal potentials $E_k$ in mV.

    Returns:
        Currents in nA, shape ``(B, *shape)``.
    """
    total, drive = _sums(conductances, reversal_v)
    return drive - total * voltages


def voltage_integration_conductance(
    masked_inputs: Tensor,
    voltages: Tensor,
    conductances: Tensor,
    *,
    step_time: float,
    time_constant: float,
    rest_v: float,
    resistance: float,
    reversal_v: Sequence[float],
) -> Tensor:
    r"""Integrates a leaky membrane with conductances exactly, all constant over the step.

    $$
    \tau \frac{dV}{dt} = -(V - V_\text{rest}) + R \Big[ I + \sum_k g_k (E_k - V) \Big]
    $$

    $$
    V(t + \Delta t) = V_\infty + (V(t) - V_\infty) \, e^{-c \Delta t / \tau}, \quad
    c = 1 + R \sum_k g_k, \quad
    V_\infty = \frac{1}{c} \Big( V_\text{rest} + R I + R \sum_k g_k E_k \Big)
    $$

    However large the conductances are, the voltage stays between the potentials that drive it.

    Args:
        masked_inputs: currents $I$ in nA, shape ``(B, *shape)``.
        voltages: voltages in mV, like ``masked_inputs``.
        conductances: conductances $g_k$ in uS, shape ``(B, *shape, K)``.
        step_time: length of the step in ms.
        time_constant: membrane time constant $\tau$ without conductances in ms.
        rest_v: rest voltage in mV.
        resistance: membrane resistance $R$ without conductances in MOhm.
        reversal_v: reversal potentials $E_k$ in mV.

    Returns:
        Voltages after the step.
    """
    total, drive = _sums(conductances, reversal_v)
    load = 1.0 + resistance * total
    target = (rest_v + resistance * (masked_inputs + drive)) / load
    return target + (voltages - target) * torch.exp(load * (-step_time / time_constant))


def conductance_equivalent_current(
    inputs: Tensor | float,
    voltages: Tensor,
    conductances: Tensor,
    *,
    step_time: float,
    time_constant: float,
    rest_v: float,
    resistance: float,
    reversal_v: Sequence[float],
) -> Tensor:
    r"""Returns the constant currents that do to a leaky membrane what conductances do.

    With the voltage $V'$ that `voltage_integration_conductance` gives,

    $$
    R I = \frac{V' - V_\text{rest} - (V - V_\text{rest}) e^{-\Delta t / \tau}}
    {1 - e^{-\Delta t / \tau}}
    $$

    so that every model with a leaky membrane takes conductances, exactly.

    Args:
        inputs: further currents in nA, shape ``(B, *shape)``.
        voltages: voltages $V$ in mV, shape ``(B, *shape)``.
        conductances: conductances in uS, shape ``(B, *shape, K)``.
        step_time: length of the step in ms.
        time_constant: membrane time constant $\tau$ without conductances in ms.
        rest_v: rest voltage in mV.
        resistance: membrane resistance $R$ without conductances in MOhm.
        reversal_v: reversal potentials in mV.

    Returns:
        Currents in nA, shape ``(B, *shape)``.
    """
    total, drive = _sums(conductances, reversal_v)
    load = 1.0 + resistance * total
    target = (resistance * (inputs + drive - total * rest_v)) / load
    above = voltages - rest_v
    # V' - V = (target - above) (1 - exp(-c dt / tau)): differences keep digits at small steps
    moved = (above - target) * torch.expm1(load * (-step_time / time_constant))
    whole = -math.expm1(-step_time / time_constant)
    return (above + moved / whole) / resistance


def _sums(conductances: Tensor, reversal_v: Sequence[float]) -> tuple[Tensor, Tensor]:
    """The sum of conductances, and that weighted by reversal potentials."""
    if conductances.shape[-1] != len(reversal_v):
        raise ValueError(
            f"`conductances` must have {len(reversal_v)} entries in the last dimension, one for "
            f"each of `reversal_v`, got shape {tuple(conductances.shape)}"
        )
    drive = conductances[..., 0] * reversal_v[0]
    for k, reversal in enumerate(reversal_v[1:], start=1):
        drive = drive + conductances[..., k] * reversal
    return conductances.sum(-1), drive
