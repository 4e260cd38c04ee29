"""Generation of spike trains from expected frequencies.

Trains are drawn only for elements that can spike, in rounds of intervals that end when every
train has reached the last step, so the cost follows the number of spikes and not of steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

__all__ = [
    "homogeneous_poisson_exp_interval",
    "homogeneous_poisson_exp_interval_online",
    "homogenous_poisson_bernoulli_approx",
    "homogenous_poisson_bernoulli_approx_online",
    "inhomogeneous_poisson_bernoulli_approx",
    "poisson_interval",
    "poisson_interval_online",
]

Generator = torch.Generator | None


@torch.no_grad()
def homogeneous_poisson_exp_interval(
    inputs: Tensor,
    steps: int,
    step_time: float,
    *,
    refrac: float | None = None,
    compensate: bool = True,
    generator: Generator = None,
) -> Tensor:
    r"""Generates Poisson spike trains with a refractory period, from exponential intervals.

    Intervals are $r + T$, with $T$ exponentially distributed with mean
    $1/f - r$ (compensated) or $1/f$. The train starts in equilibrium, so every step,
    the first included, spikes at the same expected rate: $f$ when compensated, otherwise
    $1 / (1/f + r)$. A step holds at most one spike.

    Args:
        inputs: expected frequencies in Hz, any shape; zero gives no spikes.
        steps: number of steps to generate.
        step_time: length of a step in ms.
        refrac: least interval between spikes in ms; ``None`` means ``step_time``.
        compensate: shorten the exponential part so that the expected rate stays ``inputs``.
        generator: source of random numbers; torch's default if ``None``.

    Returns:
        Boolean spikes of shape ``(steps, *inputs.shape)``.

    Raises:
        ValueError: if a frequency is negative or, with ``compensate``, leaves no room for
            ``refrac``.
    """
    dead = 1.0 if refrac is None else refrac / step_time
    rates, active = _active(inputs)
    scale = _exponential_scale(rates, step_time, dead, compensate)

    def draw(count: int, chosen: Tensor) -> Tensor:
        means = scale[chosen]
        gaps = torch.empty(count, *means.shape, dtype=means.dtype, device=means.device)
        return gaps.exponential_(1.0, generator=generator).mul_(means).add_(dead)

    first = _equilibrium_event(scale, dead, generator)
    return _trains(inputs, active, first, draw, scale + dead, steps)


@torch.no_grad()
def homogeneous_poisson_exp_interval_online(
    inputs: Tensor,
    steps: int,
    step_time: float,
    *,
    refrac: float | None = None,
    compensate: bool = True,
    generator: Generator = None,
) -> Iterator[Tensor]:
    """Generates the trains of `homogeneous_poisson_exp_interval` step by step.

    Args:
        inputs: expected frequencies in Hz, any shape; zero gives no spikes.
        steps: number of steps to generate.
        step_time: length of a step in ms.
        refrac: least interval between spikes in ms; ``None`` means ``step_time``.
        compensate: shorten the exponential part so that the expected rate stays ``inputs``.
        generator: source of random numbers; torch's default if ``None``.

    Yields:
        Boolean spikes of one step, shape ``inputs.shape``.

    Raises:
        ValueError: if a frequency is negative or, with ``compensate``, leaves no room for
            ``refrac``.
    """
    dead = 1.0 if refrac is None else refrac / step_time
    rates, active = _active(inputs)
    scale = _exponential_scale(rates, step_time, dead, compensate)
    remaining = _equilibrium_event(scale, dead, generator)
    for _ in range(steps):
        fired = remaining < 1.0
        yield _spread(fired, active, inputs)
        due = fired.nonzero().squeeze(-1)
        while due.numel():
            gaps = torch.empty_like(scale[due]).exponential_(1.0, generator=generator)
            remaining[due] += gaps * scale[due] + dead
            due = due[remaining[due] < 1.0]
        remaining -= 1.0


@torch.no_grad()
def poisson_interval(
    inputs: Tensor, steps: int, step_time: float, *, generator: Generator = None
) -> Tensor:
    r"""Generates spike trains whose intervals, in steps, follow a Poisson distribution.

    Intervals have the mean $1 / (f \Delta t)$; an interval of zero counts as one step.

    Args:
        inputs: expected frequencies in Hz, any shape; zero gives no spikes.
        steps: number of steps to generate.
        step_time: length of a step in ms.
        generator: source of random numbers; torch's default if ``None``.

    Returns:
        Boolean spikes of shape ``(steps, *inputs.shape)``.

    Raises:
        ValueError: if a frequency is negative.
    """
    rates, active = _active(inputs)
    means = 1000.0 / (rates * step_time)

    def draw(count: int, chosen: Tensor) -> Tensor:
        lam = means[chosen].expand(count, -1)
        return torch.poisson(lam, generator=generator).clamp_(min=1.0)

    first = torch.poisson(means, generator=generator).clamp_(min=1.0) - 1.0
    return _trains(inputs, active, first, draw, means, steps)


@torch.no_grad()
def poisson_interval_online(
    inputs: Tensor, steps: int, step_time: float, *, generator: Generator = None
) -> Iterator[Tensor]:
    """Generates the trains of `poisson_interval` step by step.

    Args:
        inputs: expected frequencies in Hz, any shape; zero gives no spikes.
        steps: number of steps to generate.
        step_time: length of a step in ms.
        generator: source of random numbers; torch's default if ``None``.

    Yields:
        Boolean spikes of one step, shape ``inputs.shape``.

    Raises:
        ValueError: if a frequency is negative.
    """
    rates, active = _active(inputs)
    means = 1000.0 / (rates * step_time)
    remaining = torch.poisson(means, generator=generator)
    for _ in range(steps):
        remaining -= 1.0
        fired = remaining < 1.0
        yield _spread(fired, active, inputs)
        remaining[fired] = torch.poisson(means[fired], generator=generator)


@torch.no_grad()
def homogenous_poisson_bernoulli_approx(
    inputs: Tensor, steps: int, step_time: float, *, generator: Generator = None
) -> Tensor:
    r"""Generates spike trains with an independent chance $\min(f \Delta t, 1)$ per step.

    Args:
        inputs: expected frequencies in Hz, any shape.
        steps: number of steps to generate.
        step_time: length of a step in ms.
        generator: source of random numbers; torch's default if ``None``.

    Returns:
        Boolean spikes of shape ``(steps, *inputs.shape)``.
    """
    chance = _chance(inputs, step_time).expand(steps, *inputs.shape)
    return torch.bernoulli(chance, generator=generator).bool()


@torch.no_grad()
def homogenous_poisson_bernoulli_approx_online(
    inputs: Tensor, steps: int, step_time: float, *, generator: Generator = None
) -> Iterator[Tensor]:
    """Generates the trains of `homogenous_poisson_bernoulli_approx` step by step.

    Args:
        inputs: expected frequencies in Hz, any shape.
        steps: number of steps to generate.
        step_time: length of a step in ms.
        generator: source of random numbers; torch's default if ``None``.

    Yields:
        Boolean spikes of one step, shape ``inputs.shape``.
    """
    chance = _chance(inputs, step_time)
    for _ in range(steps):
        yield torch.bernoulli(chance, generator=generator).bool()


@torch.no_grad()
def inhomogeneous_poisson_bernoulli_approx(
    inputs: Tensor, step_time: float, *, generator: Generator = None
) -> Tensor:
    """Generates spike trains from frequencies that change from step to step.

    Args:
        inputs: expected frequencies in Hz, shape ``(steps, ...)``.
        step_time: length of a step in ms.
        generator: source of random numbers; torch's default if ``None``.

    Returns:
        Boolean spikes of the shape of ``inputs``.
    """
    return torch.bernoulli(_chance(inputs, step_time), generator=generator).bool()


def _check_frequencies(inputs: Tensor) -> None:
    if not bool((inputs >= 0).all()):
        raise ValueError(f"`inputs` must be nonnegative frequencies, got {inputs.min().item()!r}")


def _active(inputs: Tensor) -> tuple[Tensor, Tensor]:
    flat = inputs.reshape(-1)
    if not flat.is_floating_point():
        flat = flat.to(torch.get_default_dtype())
    active = flat.nonzero().squeeze(-1)
    rates = flat[active]
    _check_frequencies(rates)
    return rates, active


def _exponential_scale(rates: Tensor, step_time: float, dead: float, compensate: bool) -> Tensor:
    scale = 1000.0 / (rates * step_time)
    if not compensate:
        return scale
    scale = scale - dead
    if bool((scale <= 0).any()):
        raise ValueError(
            f"`inputs` must be frequencies under {1000.0 / (dead * step_time)!r} Hz when a "
            f"refractory period of {dead * step_time!r} ms is compensated, "
            f"got {rates.max().item()!r}"
        )
    return scale


def _equilibrium_event(scale: Tensor, dead: float, generator: Generator) -> Tensor:
    """Draws the time of the first event of a renewal process that has been running forever."""
    phase = torch.empty_like(scale).uniform_(generator=generator) * (scale + dead)
    tail = torch.empty_like(scale).exponential_(1.0, generator=generator) * scale + dead
    return torch.where(phase < dead, phase, tail)


def _trains(
    inputs: Tensor,
    active: Tensor,
    first: Tensor,
    draw: Callable[[int, Tensor], Tensor],
    means: Tensor,
    steps: int,
) -> Tensor:
    """Marks the steps of events that start at ``first`` and follow at drawn intervals."""
    count = inputs.numel()
    # one slot more than needed takes what lies after the last step
    spikes = torch.zeros(steps * count + 1, dtype=torch.bool, device=inputs.device)
    chosen = (first < steps).nonzero().squeeze(-1)
    times = first[chosen]
    while chosen.numel():
        expected = float(((steps - times) / means[chosen]).mean())
        events = draw(math.ceil(1.25 * expected) + 4, chosen)
        events[0] = times
        events = events.cumsum(0)
        slots = (events.long() * count).add_(active[chosen])
        slots.masked_fill_(events >= steps, steps * count)
        spikes[slots.view(-1)] = True
        unfinished = events[-1] < steps
        chosen = chosen[unfinished]
        if chosen.numel():
            times = events[-1][unfinished] + draw(1, chosen)[0]
            within = times < steps
            chosen, times = chosen[within], times[within]
    return spikes[:-1].view(steps, *inputs.shape)


def _spread(fired: Tensor, active: Tensor, inputs: Tensor) -> Tensor:
    spikes = torch.zeros(inputs.numel(), dtype=torch.bool, device=inputs.device)
    spikes[active] = fired
    return spikes.view(inputs.shape)


def _chance(inputs: Tensor, step_time: float) -> Tensor:
    _check_frequencies(inputs)
    return (inputs / 1000.0 * step_time).clamp(max=1.0)
