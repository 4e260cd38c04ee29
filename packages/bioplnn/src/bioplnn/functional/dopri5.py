r"""Adaptive Dormand-Prince 5(4) integration in which every sample has its own time and step.

States are ``(F, B)``: features first, samples last, so that everything that belongs to a sample
(its time, its step) is a vector ``(B,)``.

Reference:
    Dormand and Prince (1980); step size control and initial step after Hairer, Norsett and
    Wanner, Solving Ordinary Differential Equations I, section II.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

VectorField = Callable[[Tensor, Tensor], Tensor]
"""Called with times ``(B,)`` and states ``(F, B)``, returns derivatives ``(F, B)``."""

ORDER = 5
NODES = (0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
STAGES: tuple[tuple[float, ...], ...] = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_FOURTH = (1951 / 21600, 0, 22642 / 50085, 451 / 720, -12231 / 42400, 649 / 6300, 1 / 60)
ERROR = tuple(fifth - fourth for fifth, fourth in zip((*STAGES[6], 0.0), _FOURTH, strict=True))
MIDDLE = tuple(
    0.5 * m
    for m in (
        6025192743 / 30085553152,
        0.0,
        51252292925 / 65400821598,
        -2691868925 / 45128329728,
        187940372067 / 1594534317056,
        -1776094331 / 19743644256,
        11237099 / 235043384,
    )
)
_SAFETY, _SMALLEST_FACTOR, _LARGEST_FACTOR = 0.9, 0.2, 10.0
_SMALLEST_RATIO = 1e-38


class SolverError(RuntimeError):
    """The integration cannot go on: values are not finite, or too many steps were needed."""


@dataclass(frozen=True)
class Tolerances:
    """Error control of the solver.

    Args:
        atol: Absolute tolerance.
        rtol: Relative tolerance.
        max_steps: Largest number of attempted steps, ``None`` for no limit.
    """

    atol: float = 1e-6
    rtol: float = 1e-3
    max_steps: int | None = None


@dataclass
class SolverStatistics:
    """What an integration cost.

    Attributes:
        n_f_evals: Evaluations of the vector field (each for the whole batch).
        n_steps: Attempted steps, until the last sample was done.
        n_accepted: Accepted steps of every sample.
    """

    n_f_evals: int = 0
    n_steps: int = 0
    n_accepted: tuple[int, ...] = ()

    def __add__(self, other: SolverStatistics | None) -> SolverStatistics:
        """Costs of two integrations of the same batch, one after the other."""
        if other is None:
            return self
        accepted = (a + b for a, b in zip(self.n_accepted, other.n_accepted, strict=True))
        return SolverStatistics(
            self.n_f_evals + other.n_f_evals, self.n_steps + other.n_steps, tuple(accepted)
        )


class Step(NamedTuple):
    """One attempted step of all samples: stages, end point and scaled error."""

    stages: list[Tensor]
    y1: Tensor
    ratio: Tensor


def rms(x: Tensor) -> Tensor:
    """Root mean square over the features, per sample."""
    return x.square().mean(0).sqrt()


def combine(weights: Sequence[float], stages: Sequence[Tensor]) -> Tensor:
    """Weighted sum of stages, leaving out zero weights."""
    total = None
    for weight, stage in zip(weights, stages, strict=False):
        if weight != 0.0:
            total = stage * weight if total is None else torch.add(total, stage, alpha=weight)
    assert total is not None  # every row of the table has a nonzero weight
    return total


Observer = Callable[[Tensor, Tensor, Tensor, Step, Tensor], None]
"""Called after every step with its start, length, first state, stages, and who accepts it."""


def dopri5(
    f: VectorField,
    y0: Tensor,
    times: Tensor,
    tolerances: Tolerances | None = None,
    observe: Observer | None = None,
) -> tuple[Tensor, SolverStatistics]:
    """Integrate ``dy/dt = f(t, y)`` and evaluate the solution at some times.

    Gradients flow through all accepted operations, not through the choice of step sizes.

    Args:
        f: Vector field.
        y0: State ``(F, B)`` at the first time.
        times: Increasing or decreasing times ``(E,)``; the first is the start, the last the end.
        tolerances: Error control.
        observe: Called after every step.

    Returns:
        States ``(E, F, B)`` and statistics.

    Raises:
        SolverError: A value is not finite, ``max_steps`` is exceeded, or a step is too small for
            the numbers to resolve.
    """
    tolerances = Tolerances() if tolerances is None else tolerances
    batch = y0.shape[1]
    start, end = times[0].expand(batch), times[-1].expand(batch)
    stats = SolverStatistics(n_accepted=(0,) * batch)
    counts = torch.zeros(batch, dtype=torch.int64, device=y0.device)
    found: list[Tensor | None] = [y0 if bool(t == times[0]) else None for t in times]
    if all(y is not None for y in found):
        return torch.stack([y0] * len(times)), stats
    sign = 1.0 if bool(times[-1] > times[0]) else -1.0
    t, y = start, y0
    first = f(t, y)
    dt = initial_step(f, t, y, first, end, sign, tolerances)
    stats.n_f_evals = 2
    running = torch.ones_like(t, dtype=torch.bool)
    while bool(running.any()):
        if tolerances.max_steps is not None and stats.n_steps >= tolerances.max_steps:
            raise SolverError(f"the solver needs more than max_steps={tolerances.max_steps} steps")
        step = attempt(f, t, y, dt, first, tolerances)
        stats.n_steps += 1
        stats.n_f_evals += 6
        _check_step(t, dt, step, running)
        accepted = (step.ratio < 1) & running
        if observe is not None:
            observe(t, dt, y, step, accepted)
        reaches_end = dt == end - t
        t1 = torch.where(reaches_end, end, t + dt)
        _evaluate(found, times, t, t1, sign, accepted, y, dt, step)
        t = torch.where(accepted, t1, t)
        y = torch.where(accepted, step.y1, y)
        first = torch.where(accepted, step.stages[6], first)
        counts += accepted
        running = (end - t) * sign > 0
        dt = limit(dt * step_factor(step.ratio), t, end, sign)
    stats.n_accepted = tuple(counts.tolist())
    return torch.stack([y for y in found if y is not None]), stats


def _check_step(t: Tensor, dt: Tensor, step: Step, running: Tensor) -> None:
    """Stop where a step has no result, or where time no longer moves."""
    finite, moving = torch.isfinite(step.ratio), (t + dt != t) | ~running
    if bool((finite & moving).all()):
        return
    if not bool(finite.all()):
        raise SolverError(
            f"the solver met values that are not finite between t={t.min().item():g} "
            f"and t={(t + dt).max().item():g}"
        )
    k = (~moving).nonzero()[0]
    raise SolverError(
        f"the solver needs a step of {dt[k].item():g} at t={t[k].item():g}, which {t.dtype} cannot "
        "resolve; start at time 0, raise atol or rtol, or compute in double precision"
    )


@torch.no_grad()
def initial_step(
    f: VectorField,
    t: Tensor,
    y: Tensor,
    first: Tensor,
    end: Tensor,
    sign: float,
    tolerances: Tolerances,
) -> Tensor:
    """Guess a first step from the size of the state and of its first two derivatives."""
    scale = tolerances.atol + tolerances.rtol * y.abs()
    d0, d1 = rms(y / scale), rms(first / scale)
    small = (d0 < 1e-5) | (d1 < 1e-5)
    a = torch.where(small, torch.full_like(d0, 1e-6), 0.01 * d0 / d1)
    a = torch.minimum(a, (end - t).abs())
    second = f(t + sign * a, y + sign * a * first)
    d2 = rms((second - first) / scale) / a
    largest = torch.maximum(d1, d2)
    b = torch.where(largest <= 1e-15, (1e-3 * a).clamp(min=1e-6), (0.01 / largest) ** (1 / ORDER))
    return limit(sign * torch.minimum(100 * a, b), t, end, sign)


def limit(dt: Tensor, t: Tensor, end: Tensor, sign: float) -> Tensor:
    """Keep steps inside the interval."""
    remaining = end - t
    return torch.minimum(dt, remaining) if sign > 0 else torch.maximum(dt, remaining)


def step_factor(ratio: Tensor) -> Tensor:
    """By how much the next step is longer, from the scaled error of this one."""
    return (_SAFETY * ratio ** (-1 / ORDER)).clamp(_SMALLEST_FACTOR, _LARGEST_FACTOR)


def attempt(
    f: VectorField, t: Tensor, y: Tensor, dt: Tensor, first: Tensor, tolerances: Tolerances
) -> Step:
    """Compute the stages of one step and its error."""
    stages = [first]
    y1 = y
    for node, weights in zip(NODES[1:], STAGES[1:], strict=True):
        y1 = y + dt * combine(weights, stages)
        stages.append(f(t + node * dt, y1))
    with torch.no_grad():
        error = dt * combine(ERROR, stages)
        scale = tolerances.atol + tolerances.rtol * torch.maximum(y.abs(), y1.abs())
        ratio = rms(error / scale)
        # clamp would hide a NaN
        ratio = torch.where(ratio < _SMALLEST_RATIO, _SMALLEST_RATIO, ratio)
    return Step(stages, y1, ratio)


def _evaluate(
    found: list[Tensor | None],
    times: Tensor,
    t0: Tensor,
    t1: Tensor,
    sign: float,
    accepted: Tensor,
    y0: Tensor,
    dt: Tensor,
    step: Step,
) -> None:
    """Fill in the evaluation points that an accepted step has passed."""
    at = times[:, None]
    passed = (sign * at > sign * t0) & (sign * at <= sign * t1) & accepted
    if not bool(passed.any()):
        return
    coefficients = quartic(y0, step, dt)
    for i in passed.any(1).nonzero().flatten().tolist():
        x = (times[i] - t0) / torch.where(accepted, dt, torch.ones_like(dt))
        value = coefficients[0]
        for c in coefficients[1:]:
            value = value * x + c
        old = found[i]
        found[i] = torch.where(passed[i], value, torch.zeros_like(value) if old is None else old)


def quartic(y0: Tensor, step: Step, dt: Tensor) -> tuple[Tensor, ...]:
    """Coefficients, highest first, of the interpolant on [0, 1] between the ends of a step."""
    y1 = step.y1
    f0, f1 = dt * step.stages[0], dt * step.stages[6]
    middle = y0 + dt * combine(MIDDLE, step.stages)
    a = 2 * (f1 - f0) - 8 * (y0 + y1) + 16 * middle
    b = 5 * f0 - 3 * f1 + 18 * y0 + 14 * y1 - 32 * middle
    c = f1 - 4 * f0 - 11 * y0 - 5 * y1 + 16 * middle
    return a, b, c, f0, y0
