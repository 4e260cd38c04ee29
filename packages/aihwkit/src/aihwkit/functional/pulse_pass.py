"""Applies the pulses of one vector to a matrix of devices."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from aihwkit.functional.response import Response, ResponseModel, merged_change

__all__ = ["Bounds", "apply_pulses", "can_merge", "merged_vectors", "pulse_by_pulse"]

# Beyond this many standard deviations (and beyond the mean) a bound is out of reach: the chance of
# missing a contact is below 2e-9 per cross point and vector.
REACH = 6.0

# Distance from a bound that counts as rounding: a soft bound is approached, never passed, and the
# last unit of a sum must not decide how its pulses are taken.
SLACK = 1e-6

# The expansion of `merged_change` is accurate to single precision up to this product.
LARGEST_GROWTH = 0.06


class Bounds(NamedTuple):
    """Lower and upper limits of the weights."""

    lower: Tensor
    upper: Tensor

    def clip(self, weight: Tensor) -> Tensor:
        """Limit to the bounds, the upper one first."""
        return torch.maximum(torch.minimum(weight, self.upper), self.lower)


def apply_pulses(
    weight: Tensor,
    counts: Tensor,
    direction: Tensor,
    params: Mapping[str, Tensor],
    noise: Tensor | None,
    model: ResponseModel,
    bounds: Bounds,
) -> Tensor:
    """Return the weights after pulses, one by one: the definition of the pulsed update.

    Every pulse moves the weight by the model's step at the present weight, with a fresh draw, and
    is limited to the bounds before the next one.

    Args:
        weight: weights of any shape.
        counts: numbers of pulses, of the same shape.
        direction: positive for pulses that increase the weight.
        params: what the model derived from the devices' parameters.
        noise: standard normal draws `[pulses, *shape]`, at least as many as the largest count; None
            without noise.
        model: of the devices.
        bounds: of the devices.
    """
    up = direction > 0
    for pulse in range(int(counts.max()) if counts.numel() else 0):
        response = model.response(weight, up, params)
        change = response.step
        if noise is not None and response.spread is not None:
            change = torch.addcmul(change, response.spread, noise[pulse])
        moved = bounds.clip(weight + change)
        weight = torch.where(counts > pulse, moved, weight)
    return weight


def can_merge(
    weight: Tensor,
    n: Tensor,
    response: Response,
    mean: Tensor,
    spread: Tensor | None,
    bounds: Bounds,
    limit: int,
) -> Tensor:
    """Return where `n` pulses may be taken at once: small growth, and no bound within reach."""
    width = 0.0 if spread is None else REACH * spread.abs()
    high = weight + mean.clamp(min=0) + width <= bounds.upper + SLACK
    low = weight + mean.clamp(max=0) - width >= bounds.lower - SLACK
    result = high & low & (n <= limit)
    if response.slope is not None:
        result &= n * response.slope.abs() <= LARGEST_GROWTH
    return result | (n <= 1)


def merged_vectors(
    weight: Tensor,
    signed: Tensor,
    draws: Tensor | None,
    passed: Tensor,
    start: int,
    params: Mapping[str, Tensor],
    model: ResponseModel,
    bounds: Bounds,
    limit: int,
) -> None:
    """Take the pulses of some vectors, those of one vector at once wherever that is possible.

    Where it is not, because a bound is within reach or the step changes too much, the cross point
    is left as it is before that vector; it continues pulse by pulse from there.

    Args:
        weight: weights `[rows, columns]`, changed in place.
        signed: signed numbers of pulses, positive up, `[vectors, rows, columns]`.
        draws: standard normal draws, of the same shape; None without noise.
        passed: number of vectors that each cross point has taken, changed in place; cross points
            with less than `start` do not take part.
        start: number of vectors before these.
        params: what the model derived.
        model: of the devices.
        bounds: of the devices.
        limit: largest number of pulses taken at once.
    """
    alive = passed == start
    for vector in range(signed.shape[0]):
        n = signed[vector].abs()
        draw = None if draws is None else draws[vector]
        response = model.response(weight, signed[vector] > 0, params)
        mean, spread, change = merged_change(n, response, model.sigma, model.multiplicative, draw)
        alive &= can_merge(weight, n, response, mean, spread, bounds, limit)
        moved = bounds.clip(weight + change)
        torch.where(alive & (n > 0), moved, weight, out=weight)
        passed += alive


def pulse_by_pulse(
    weight: Tensor,
    up: Tensor,
    offsets: Tensor,
    params: Mapping[str, Tensor],
    draws: Tensor | None,
    model: ResponseModel,
    bounds: Bounds,
) -> Tensor:
    """Take trains of pulses at a list of cross points, one pulse after the other.

    Args:
        weight: `[n]`.
        up: direction of every pulse, the trains one after the other, bool `[pulses]`.
        offsets: where each train starts, and the end of the last, int64 `[n + 1]`.
        params: what the model derived, each `[n]`.
        draws: standard normal draws of every pulse, `[pulses]`; None without noise.
        model: of the devices.
        bounds: of the devices, each `[n]`.

    Returns:
        New weights `[n]`.
    """
    result = weight.clone()
    start, length = offsets[:-1], offsets[1:] - offsets[:-1]
    index = (length > 0).nonzero().squeeze(1)
    pulse = 0
    while index.numel():
        place = start[index] + pulse
        part = {name: value[index] for name, value in params.items()}
        response = model.response(result[index], up[place], part)
        change = response.step
        if draws is not None and response.spread is not None:
            change = torch.addcmul(change, response.spread, draws[place])
        limits = Bounds(bounds.lower[index], bounds.upper[index])
        result[index] = limits.clip(result[index] + change)
        pulse += 1
        index = index[length[index] > pulse]
    return result
