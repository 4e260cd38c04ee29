"""The inner loops compiled with numba, for models whose steps are constant or linear, and others.

Same draws, same decisions and same formulas as the torch definitions, one cross point at a time.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import math

from numba import njit

__all__ = ["merged_linear", "trains_exp", "trains_linear", "trains_power"]

_OPTIONS = {"nogil": True, "cache": True, "fastmath": {"contract", "nsz", "arcp", "reassoc"}}


@njit(**_OPTIONS)
def _merged(count, step, slope, scale, draw, noisy, multiplicative, sigma):
    """Return mean, standard deviation and change of several pulses; see `merged_change`."""
    others = count - 1
    growth = others * slope
    third = (growth - 2 * slope) / 4
    mean = count * step * (1 + growth / 2 * (1 + (growth - slope) / 3 * (1 + third)))
    if not noisy:
        return mean, mean * 0, mean
    if multiplicative:
        spread = sigma * step * math.sqrt(count) * (1 + growth * (1 + growth / 2))
        skew = growth * step * (sigma * sigma / 2) * (draw * draw - 1)
        return mean, spread, mean + spread * draw + skew
    rate = slope * (2 + slope)
    power = others * rate
    spread = sigma * scale * math.sqrt(count * (1 + power / 2 * (1 + (power - rate) / 3)))
    return mean, spread, mean + spread * draw


@njit(**_OPTIONS)
def merged_linear(
    weight,
    signed,
    draws,
    passed,
    start,
    up,
    down,
    lower,
    upper,
    noisy,
    multiplicative,
    sigma,
    limit,
    growth_limit,
    reach,
    slack,
):
    """Take the pulses of some vectors with constant or linear steps, merged where possible.

    Args:
        weight: `[n]`, changed in place.
        signed: signed numbers of pulses `[vectors, n]`.
        draws: standard normal draws `[vectors, n]`.
        passed: number of vectors taken `[n]`, changed in place.
        start: number of vectors before these.
        up: step at zero, slope and noise scale of up pulses, `[3, n]`.
        down: the same of down pulses.
        lower: lower bounds `[n]`.
        upper: upper bounds `[n]`.
        noisy: whether there is noise.
        multiplicative: whether the noise follows the step.
        sigma: relative noise.
        limit: largest number of pulses taken at once.
        growth_limit: largest product of pulses and slope taken at once.
        reach: number of standard deviations that count as within reach.
        slack: distance from a bound that counts as rounding.
    """
    n_vectors, n_points = signed.shape
    for point in range(n_points):
        if passed[point] != start:
            continue
        w = weight[point]
        done = 0
        for vector in range(n_vectors):
            count = signed[vector, point]
            if count == 0:
                done += 1
                continue
            if count > 0:
                base, slope, scale = up[0, point], up[1, point], up[2, point]
            else:
                base, slope, scale = down[0, point], down[1, point], down[2, point]
                count = -count
            step = base + slope * w
            draw = draws[vector, point] if noisy else draws[0, 0]
            mean, spread, change = _merged(
                count, step, slope, scale, draw, noisy, multiplicative, sigma
            )
            if count > 1:
                width = reach * abs(spread)
                if (
                    count > limit
                    or count * abs(slope) > growth_limit
                    or w + max(mean, 0) + width > upper[point] + slack
                    or w + min(mean, 0) - width < lower[point] - slack
                ):
                    break
            w = max(min(w + change, upper[point]), lower[point])
            done += 1
        weight[point] = w
        passed[point] += done


@njit(**_OPTIONS)
def trains_linear(
    weight, up_pulse, offsets, draws, up, down, lower, upper, noisy, multiplicative, sigma
):
    """Take trains of pulses one by one, with constant or linear steps; see `merged_linear`."""
    for point in range(weight.shape[0]):
        w = weight[point]
        for pulse in range(offsets[point], offsets[point + 1]):
            if up_pulse[pulse]:
                base, slope, scale = up[0, point], up[1, point], up[2, point]
            else:
                base, slope, scale = down[0, point], down[1, point], down[2, point]
            change = base + slope * w
            if noisy:
                spread = sigma * (change if multiplicative else scale)
                change += spread * draws[pulse]
            w = max(min(w + change, upper[point]), lower[point])
        weight[point] = w


@njit(**_OPTIONS)
def trains_exp(
    weight,
    up_pulse,
    offsets,
    draws,
    up,
    down,
    lower,
    upper,
    noisy,
    sigma,
    absolute,
    std_add,
    std_slope,
):
    """Take trains of pulses one by one; rows of `up` are step, rate and saturation at zero."""
    for point in range(weight.shape[0]):
        w = weight[point]
        for pulse in range(offsets[point], offsets[point + 1]):
            if up_pulse[pulse]:
                size, rate, at_zero = up[0, point], up[1, point], up[2, point]
            else:
                size, rate, at_zero = down[0, point], down[1, point], down[2, point]
            change = size * max(1 - at_zero * math.exp(rate * w), 0)
            if noisy:
                spread = sigma * change
                if absolute:
                    spread = sigma * (abs(change) + std_add + std_slope * abs(w))
                change += spread * draws[pulse]
            w = max(min(w + change, upper[point]), lower[point])
        weight[point] = w


@njit(**_OPTIONS)
def trains_power(
    weight, up_pulse, offsets, draws, up, down, inverse, lower, upper, noisy, sigma, smallest
):
    """Take trains of pulses one by one; rows of `up` are step, exponent and end of the range."""
    for point in range(weight.shape[0]):
        w = weight[point]
        for pulse in range(offsets[point], offsets[point + 1]):
            if up_pulse[pulse]:
                size, gamma, end = up[0, point], up[1, point], up[2, point]
            else:
                size, gamma, end = down[0, point], down[1, point], down[2, point]
            position = max(abs(end - w) * inverse[point], smallest)
            change = size * position**gamma
            if noisy:
                change += sigma * change * draws[pulse]
            w = max(min(w + change, upper[point]), lower[point])
        weight[point] = w
