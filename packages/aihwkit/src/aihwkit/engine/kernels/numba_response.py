"""The answers of devices with linear and exponential steps to one pulse, and to several at once.

The formulas are those of `aihwkit.functional.response.merged_change`, for one cross point. What a
row of devices is made of lies in one vector, eight numbers of each device, one after the other.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import as_float, load, round_even
from aihwkit.engine.kernels.numba_random import OPTIONS

__all__ = [
    "EXPONENTIAL",
    "LINEAR",
    "N_PARAMETERS",
    "of_device",
    "several_steps",
    "single_step",
]

LINEAR, EXPONENTIAL = 0, 1

N_PARAMETERS = 8
"""Step, slope and scale, each of up and of down pulses, and the upper and the lower bound."""

_U, _F = np.uint64, np.float32
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}
_ZERO, _ONE, _TWO, _HALF, _THIRD, _QUARTER = _F(0), _F(1), _F(2), _F(0.5), _F(1 / 3), _F(0.25)
_LOG2E, _LN2_HIGH, _LN2_LOW = _F(1.4426950408889634), _F(0.693359375), _F(-2.12194440e-4)
_LARGEST_EXPONENT = _F(80.0)


@njit(**_INLINE)
def of_device(params, n, j, falls):
    """Return step, slope, scale, lower and upper bound of a device for a direction of pulses.

    Args:
        params: of the row, `[8 n]`.
        n: number of devices that the vector holds.
        j: number of the device.
        falls: whether pulses go down.
    """
    up, down = load(params, j, 4), load(params, n + j, 4)
    step = down if falls else up
    up, down = load(params, _U(2) * n + j, 4), load(params, _U(3) * n + j, 4)
    slope = down if falls else up
    up, down = load(params, _U(4) * n + j, 4), load(params, _U(5) * n + j, 4)
    scale = down if falls else up
    return step, slope, scale, load(params, _U(7) * n + j, 4), load(params, _U(6) * n + j, 4)


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
def single_step(kind, w, step, slope, scale, noise):
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
def several_steps(kind, w, count, draw, parameters, bounds, noise, limits):
    """Return the weight after several pulses at once, and whether they may not be taken so.

    Args:
        kind: of the devices.
        w: weight.
        count: number of pulses.
        draw: standard normal number.
        parameters: step, slope, and scale; see `single_step`.
        bounds: lower and upper.
        noise: sigma, whether it is proportional to the step, and its absolute parts.
        limits: most pulses at once, largest growth, reach in standard deviations, slack.
    """
    sigma, multiplicative, std_add, std_slope = noise
    largest, growth_limit, reach, slack = limits
    step, slope, scale = parameters
    lower, upper = bounds
    mean1, slope, unit = single_step(
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
