"""The change of weights by the pulses of one vector, for devices with linear and exponential steps.

The formulas are those of `aihwkit.functional.response.merged_change`, for a list of cross points at
a time.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import as_float, load, round_even, store
from aihwkit.engine.kernels.numba_random import OPTIONS

__all__ = [
    "EXPONENTIAL",
    "LINEAR",
    "LOWER",
    "SCALE",
    "SLOPE",
    "UPPER",
    "move_listed",
    "move_points",
    "step_points",
]

LINEAR, EXPONENTIAL = 0, 1

_U, _F = np.uint64, np.float32
# Rows of the parameters of a matrix row; the first entry of a pair is for up pulses.
SLOPE, SCALE, UPPER, LOWER = _U(2), _U(4), _U(6), _U(7)
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}
_ZERO, _ONE, _TWO, _HALF, _THIRD, _QUARTER = _F(0), _F(1), _F(2), _F(0.5), _F(1 / 3), _F(0.25)
_LOG2E, _LN2_HIGH, _LN2_LOW = _F(1.4426950408889634), _F(0.693359375), _F(-2.12194440e-4)
_LARGEST_EXPONENT = _F(80.0)


@njit(**_INLINE)
def _exp(x):
    """Return the exponential to single precision, by a polynomial on [-ln2/2, ln2/2]."""
    x = min(max(x, -_LARGEST_EXPONENT), _LARGEST_EXPONENT)
    n = round_even(x * _LOG2E)
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    p = _F(1.9875691500e-4)
    p = p * r + _F(1.3981999507e-3)
    p = p * r + _F(8.3334519073e-3)
    p = p * r + _F(4.1665795894e-2)
    p = p * r + _F(1.6666665459e-1)
    p = p * r + _F(5.0000001201e-1)
    value = p * (r * r) + r + _ONE
    return value * as_float(np.int32((np.int32(n) + np.int32(127)) << np.int32(23)))


@njit(**_INLINE)
def _single_step(kind, w, step, slope, scale, noise):
    """Return mean, slope and standard deviation over sigma of one pulse.

    Args:
        kind: of the devices.
        w: weight.
        step: size at weight zero (linear), or far from saturation (exponential).
        slope: of the step, or rate of the exponential.
        scale: of additive noise, or missing fraction of the step at weight zero.
        noise: whether noise is proportional to the step, and its absolute parts.
    """
    multiplicative, std_add, std_slope = noise
    if kind == LINEAR:
        mean = step + slope * w
        return mean, slope, mean if multiplicative else scale
    missing = scale * _exp(slope * w)
    mean = step * max(_ONE - missing, _ZERO)
    steepness = -step * slope * missing if missing < _ONE else _ZERO
    return mean, steepness, abs(mean) + std_add + std_slope * abs(w)


@njit(**_INLINE)
def _several_steps(kind, w, count, draw, parameters, bounds, noise, limits):
    """Return the weight after several pulses at once, and whether they may not be taken so.

    Args:
        kind: of the devices.
        w: weight.
        count: number of pulses.
        draw: standard normal number.
        parameters: step, slope, and scale; see `_single_step`.
        bounds: lower and upper.
        noise: sigma, whether it is proportional to the step, and its absolute parts.
        limits: most pulses at once, largest growth, reach in standard deviations, slack.
    """
    sigma, multiplicative, std_add, std_slope = noise
    largest, growth_limit, reach, slack = limits
    step, slope, scale = parameters
    lower, upper = bounds
    mean1, slope, unit = _single_step(
        kind, w, step, slope, scale, (multiplicative, std_add, std_slope)
    )
    growth = (count - _ONE) * slope
    second = growth - slope
    third = second - slope
    mean = count * mean1
    mean *= _ONE + growth * _HALF * (_ONE + second * _THIRD * (_ONE + third * _QUARTER))
    root = np.sqrt(count)
    follows = sigma * unit * root * (_ONE + growth * (_ONE + growth * _HALF))
    skew = growth * mean1 * (sigma * sigma * _HALF) * (draw * draw - _ONE)
    rate = slope * (_TWO + slope)
    power = (count - _ONE) * rate
    factor = _ONE + power * _HALF * (_ONE + (power - rate) * _THIRD)
    stays = sigma * unit * root * np.sqrt(max(factor, _ZERO))
    spread = follows if multiplicative else stays
    change = mean + spread * draw + (skew if multiplicative else _ZERO)
    width = reach * abs(spread)
    high = w + max(mean, _ZERO) + width > upper + slack
    low = w + min(mean, _ZERO) - width < lower - slack
    steep = (count > largest) | (count * abs(slope) > growth_limit)
    return max(min(w + change, upper), lower), (count > _ONE) & (high | low | steep)


@njit(**_INLINE)
def _move(kind, multiplicative, points, counts, draws, m, noise, limits, out, far):
    """Write the weights of `m` cross points after their pulses, and which must go one by one.

    Args:
        kind: of the devices.
        multiplicative: whether the noise is proportional to the step.
        points: lists of weights, steps, slopes, scales, upper and lower bounds.
        counts: numbers of pulses; without any a weight stays.
        draws: standard normal numbers.
        m: number of cross points.
        noise: see `_several_steps`.
        limits: see `_several_steps`.
        out: written, weights.
        far: written, whether the pulses may not be taken at once.

    Returns:
        How many may not.
    """
    present, steps, slopes, scales, uppers, lowers = points
    noise = (noise[0], multiplicative, noise[2], noise[3])
    n_far = _ZERO
    for k in range(m):
        k = _U(k)
        parameters = (load(steps, k, 4), load(slopes, k, 4), load(scales, k, 4))
        bounds = (load(lowers, k, 4), load(uppers, k, 4))
        w, count, draw = load(present, k, 4), load(counts, k, 4), load(draws, k, 4)
        moved, alone = _several_steps(kind, w, count, draw, parameters, bounds, noise, limits)
        store(out, k, moved if count > _ZERO else w, 4)
        # A float: loops with wider numbers take fewer points at once.
        mark = _ONE if alone else _ZERO
        store(far, k, mark, 4)
        n_far += mark
    return n_far


@njit(**_INLINE)
def _move_listed(
    kind, multiplicative, weight, params, columns, places, counts, draws, m, noise, limits, out, far
):
    """Do what `_move` does for points whose weights and parameters are not together.

    Args:
        kind: of the devices.
        multiplicative: whether the noise is proportional to the step.
        weight: of the row.
        params: of the row: steps, slopes, scales of both directions and both bounds, each of the
            row's length, one after the other.
        columns: of the points.
        places: columns, plus the row's length where pulses go down.
        counts: see `_move`.
        draws: see `_move`.
        m: number of points.
        noise: see `_several_steps`.
        limits: see `_several_steps`.
        out: written, weights.
        far: written, whether the pulses may not be taken at once.
    """
    noise = (noise[0], multiplicative, noise[2], noise[3])
    n = _U(weight.shape[0])
    n_far = _ZERO
    for k in range(m):
        k = _U(k)
        j, place = _U(load(columns, k, 4)), _U(load(places, k, 4))
        parameters = (
            load(params, place, 4),
            load(params, SLOPE * n + place, 4),
            load(params, SCALE * n + place, 4),
        )
        bounds = (load(params, LOWER * n + j, 4), load(params, UPPER * n + j, 4))
        w, count, draw = load(weight, j, 4), load(counts, k, 4), load(draws, k, 4)
        moved, alone = _several_steps(kind, w, count, draw, parameters, bounds, noise, limits)
        store(out, k, moved, 4)
        mark = _ONE if alone else _ZERO
        store(far, k, mark, 4)
        n_far += mark
    return n_far


@njit(**_INLINE)
def _step(kind, multiplicative, points, counts, draws, pulse, m, noise, moved):
    """Write the weights of `m` cross points after one more pulse.

    Args:
        kind: of the devices.
        multiplicative: whether the noise is proportional to the step.
        points: see `_move`.
        counts: numbers of pulses.
        draws: standard normal numbers.
        pulse: number of pulses before.
        m: number of cross points.
        noise: see `_several_steps`.
        moved: written, weights.

    Returns:
        How many of them have no further pulses.
    """
    present, steps, slopes, scales, uppers, lowers = points
    sigma, _, std_add, std_slope = noise
    n_done = _ZERO
    for k in range(m):
        k = _U(k)
        w = load(present, k, 4)
        parameters = (load(steps, k, 4), load(slopes, k, 4), load(scales, k, 4))
        mean, _, unit = _single_step(kind, w, *parameters, (multiplicative, std_add, std_slope))
        next_w = w + mean + sigma * unit * load(draws, k, 4)
        store(moved, k, max(min(next_w, load(uppers, k, 4)), load(lowers, k, 4)), 4)
        n_done += _ONE if load(counts, k, 4) <= pulse + _ONE else _ZERO
    return n_done


@njit(**_INLINE)
def step_points(kind, points, counts, draws, pulse, m, noise, moved):
    """Call `_step` with constants, so that each loop holds the formulas of one case only."""
    if kind == LINEAR:
        if noise[1]:
            return _step(LINEAR, True, points, counts, draws, pulse, m, noise, moved)
        return _step(LINEAR, False, points, counts, draws, pulse, m, noise, moved)
    return _step(EXPONENTIAL, True, points, counts, draws, pulse, m, noise, moved)


@njit(**_INLINE)
def move_points(kind, points, counts, draws, m, noise, limits, out, far):
    """Call `_move` with constants, so that each loop holds the formulas of one case only."""
    if kind == LINEAR:
        if noise[1]:
            return _move(LINEAR, True, points, counts, draws, m, noise, limits, out, far)
        return _move(LINEAR, False, points, counts, draws, m, noise, limits, out, far)
    return _move(EXPONENTIAL, True, points, counts, draws, m, noise, limits, out, far)


@njit(**_INLINE)
def move_listed(kind, weight, params, lists, draws, m, noise, limits, out, far):
    """Call `_move_listed` with constants, so that each loop holds the formulas of one case only."""
    if kind == LINEAR:
        if noise[1]:
            return _move_listed(
                LINEAR, True, weight, params, *lists, draws, m, noise, limits, out, far
            )
        return _move_listed(
            LINEAR, False, weight, params, *lists, draws, m, noise, limits, out, far
        )
    return _move_listed(
        EXPONENTIAL, True, weight, params, *lists, draws, m, noise, limits, out, far
    )
