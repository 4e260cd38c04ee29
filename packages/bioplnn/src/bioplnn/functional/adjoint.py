r"""Gradients of differential equations with constant memory.

For $\dot y = f(t, y, \theta)$ and a loss $L$ of the states at some times, the adjoint
$a = \partial L / \partial y$ follows

$$\dot a = -a^\top \frac{\partial f}{\partial y}, \qquad
  \frac{dL}{d\theta} = \int a^\top \frac{\partial f}{\partial \theta}\,dt$$

backwards in time, and jumps by the gradient of the loss at every evaluation point. State and
adjoint are integrated backwards together from one evaluation point to the one before, so nothing
but the states at these points is kept.

What decays forwards grows backwards, and small errors with it. The state that comes out is
therefore compared with the one that was kept; where it misses it, the interval is halved, with the
state in the middle computed forwards again.

Reference:
    Pontryagin et al. (1962), The mathematical theory of optimal processes; Chen, Rubanova,
    Bettencourt and Duvenaud (2018), Neural ordinary differential equations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from bioplnn.functional.dopri5 import (
    NODES,
    STAGES,
    SolverError,
    SolverStatistics,
    Step,
    Tolerances,
    combine,
    dopri5,
    rms,
)
from bioplnn.functional.once import differentiable_once

Field = Callable[..., Tensor]
"""Called with times ``(B,)``, states ``(F, B)`` and the parameters."""

_DRIFT = 3.0  # how many tolerances the state may be off after its way back
_HALVINGS = 12


def dopri5_adjoint(
    f: Field,
    y0: Tensor,
    times: Tensor,
    parameters: Sequence[Tensor],
    tolerances: Tolerances | None = None,
) -> tuple[Tensor, SolverStatistics]:
    """Integrate as :func:`~bioplnn.functional.dopri5.dopri5` does, with gradients by the adjoint.

    Args:
        f: Vector field ``f(t, y, *parameters)``.
        y0: State ``(F, B)`` at the first time.
        times: Times ``(E,)``, increasing or decreasing.
        parameters: Everything that gets a gradient besides ``y0``.
        tolerances: Error control, forwards and backwards.

    Returns:
        States ``(E, F, B)`` and the costs of the forward integration. Their gradients cannot be
        differentiated a second time.

    Raises:
        SolverError: See :func:`~bioplnn.functional.dopri5.dopri5`; also in the backward pass.
    """
    tolerances = Tolerances() if tolerances is None else tolerances
    stats: list[SolverStatistics] = []
    states = _Adjoint.apply(f, tolerances, stats, times, y0, *parameters)
    return states, stats[0]


class _Adjoint(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        f: Field,
        tolerances: Tolerances,
        stats: list[SolverStatistics],
        times: Tensor,
        y0: Tensor,
        *parameters: Tensor,
    ) -> Tensor:
        states, costs = dopri5(lambda t, y: f(t, y, *parameters), y0, times, tolerances)
        stats.append(costs)
        ctx.f, ctx.tolerances = f, tolerances
        ctx.save_for_backward(states, times, *parameters)
        return states

    @staticmethod
    @differentiable_once('choose gradient="solver" for second derivatives')
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        states, times, *parameters = ctx.saved_tensors
        wanted = ctx.needs_input_grad[5:]
        back = _Backwards(ctx.f, parameters, wanted, ctx.tolerances)
        adjoint = grad[-1]
        for i in reversed(range(1, len(times))):
            adjoint = back.between(times[i - 1 : i + 1], states[i - 1 : i + 1], adjoint)
            adjoint = adjoint + grad[i - 1]
        return None, None, None, None, adjoint, *back.gradients


class _Backwards:
    """State and adjoint side by side, ``(2 F, B)``, and the gradients that add up on the way."""

    def __init__(
        self,
        f: Field,
        parameters: Sequence[Tensor],
        wanted: Sequence[bool],
        tolerances: Tolerances,
    ) -> None:
        self._f = f
        self._tolerances = tolerances
        self._parameters = [
            p.detach().requires_grad_(w) for p, w in zip(parameters, wanted, strict=True)
        ]
        self.gradients = [
            torch.zeros_like(p) if w else None for p, w in zip(parameters, wanted, strict=True)
        ]
        self._too_long = float("inf")

    def between(
        self, times: Tensor, states: Tensor, adjoint: Tensor, halvings: int = _HALVINGS
    ) -> Tensor:
        """Adjoint at the first of two times ``(2,)``, from that at the second.

        Args:
            times: The two times.
            states: States ``(2, F, B)`` there.
            adjoint: Adjoint at the second time.
            halvings: How often the interval may be halved.
        """
        length = float((times[1] - times[0]).abs())
        if length == 0.0:
            return adjoint
        if length < self._too_long and (found := self._whole(times, states, adjoint)) is not None:
            return found
        self._too_long = min(self._too_long, length)
        if not halvings:
            raise SolverError(
                f"the adjoint cannot follow the state back from t={float(times[1]):g} to "
                f'{float(times[0]):g}; choose finer tolerances or gradient="solver"'
            )
        # Middle and end of one run fit together better than the end of an earlier run would.
        times = torch.stack([times[0], times.mean(), times[1]])
        states, _ = dopri5(
            lambda t, y: self._f(t, y, *self._parameters), states[0], times, self._tolerances
        )
        adjoint = self.between(times[1:], states[1:], adjoint, halvings - 1)
        return self.between(times[:2], states[:2], adjoint, halvings - 1)

    def _whole(self, times: Tensor, states: Tensor, adjoint: Tensor) -> Tensor | None:
        """Adjoint at the first time in one go, or ``None`` where the state drifts away."""
        before = [None if total is None else total.clone() for total in self.gradients]
        both = torch.cat([states[1], adjoint])
        try:
            ends, _ = dopri5(self._field, both, times.flip(0), self._tolerances, self._observe)
        except SolverError:
            ends = torch.full_like(both, float("nan"))[None]
        state, found = ends[-1].chunk(2)
        size = torch.maximum(rms(states[0]), rms(states[1]))
        allowed = _DRIFT * (self._tolerances.atol + self._tolerances.rtol * size)
        if bool((rms(state - states[0]) <= allowed).all()):
            return found
        self.gradients = before
        return None

    def _field(self, t: Tensor, both: Tensor) -> Tensor:
        state, adjoint = both.chunk(2)
        with torch.enable_grad():
            state = state.detach().requires_grad_()
            change = self._f(t, state, *(p.detach() for p in self._parameters))
            (pulled,) = torch.autograd.grad(change, state, adjoint, allow_unused=True)
        if pulled is None:
            pulled = torch.zeros_like(adjoint)
        return torch.cat([change.detach(), -pulled])

    def _observe(self, t: Tensor, dt: Tensor, both: Tensor, step: Step, accepted: Tensor) -> None:
        """Add what an accepted step contributes to the integral over the parameters."""
        wanted = [p for p in self._parameters if p.requires_grad]
        if not wanted or not bool(accepted.any()):
            return
        lengths = torch.where(accepted, dt, torch.zeros_like(dt))
        for s, weight in enumerate(STAGES[-1]):
            if weight == 0.0:
                continue
            there = both if s == 0 else both + dt * combine(STAGES[s], step.stages)
            state, adjoint = there.chunk(2)
            with torch.enable_grad():
                change = self._f(t + NODES[s] * dt, state.detach(), *self._parameters)
                # Backwards in time, so that a step is negative.
                found = torch.autograd.grad(
                    change, wanted, -weight * lengths * adjoint, allow_unused=True
                )
            self._add(found)

    def _add(self, found: Sequence[Tensor | None]) -> None:
        parts = iter(found)
        for total in self.gradients:
            if total is not None and (part := next(parts)) is not None:
                total += part
