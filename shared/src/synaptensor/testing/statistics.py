"""Assertions about random numbers, each with a stated limit in standard deviations.

A correct program fails a limit of ``z = 5`` once in 1.7 million independent samples; tests
fix the seed besides, so they either always pass or always fail.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from synaptensor.validation import check_in_range, check_integer

__all__ = ["assert_frequency", "assert_mean", "assert_same_distribution", "assert_variance"]


def assert_mean(samples: Tensor, mean: float, z: float = 5.0) -> float:
    """Assert that independent samples have the given mean; return the deviation in sigmas.

    The statistic is ``(average - mean) / (s / sqrt(n))``.
    """
    values = _flat(samples)
    return _judge("mean", float(values.mean()), mean, float(values.std()) / _root(values), z)


def assert_variance(samples: Tensor, variance: float, z: float = 5.0) -> float:
    """Assert that independent samples have the given variance; return the deviation in sigmas.

    The standard error of the sample variance is ``sqrt((m4 - s**4) / n)`` with the fourth
    central moment ``m4``, which holds for any distribution that has one.
    """
    values = _flat(samples)
    centred = values - values.mean()
    measured = float(values.var())
    spread = float(centred.pow(4).mean()) - float(centred.pow(2).mean()) ** 2
    return _judge("variance", measured, variance, math.sqrt(max(spread, 0.0)) / _root(values), z)


def assert_frequency(
    hits: Tensor | int, probability: float, trials: int = 0, z: float = 5.0
) -> float:
    """Assert that independent events happen with the given probability.

    Args:
        hits: Boolean tensor of outcomes, or a number of hits together with `trials`.
        probability: Expected probability of an event, in (0, 1).
        trials: Number of trials when `hits` is a number.
        z: Limit in standard deviations of the binomial distribution.

    Returns:
        The deviation in sigmas.
    """
    check_in_range("probability", probability, 0.0, 1.0, inclusive="neither")
    if isinstance(hits, Tensor):
        trials, hits = hits.numel(), int(hits.sum())
    check_integer("trials", trials, minimum=1)
    error = math.sqrt(probability * (1.0 - probability) / trials)
    return _judge("frequency", hits / trials, probability, error, z)


def assert_same_distribution(
    samples: Tensor, other: Tensor | Callable[[Tensor], Tensor], z: float = 5.0
) -> float:
    """Assert by a Kolmogorov-Smirnov test that samples come from one distribution.

    Args:
        samples: Independent samples.
        other: Independent samples of the other distribution, or its cumulative
            distribution function, continuous, on float64 tensors.
        z: Limit; the distance is refused if it is as improbable as a normal number beyond
            `z` standard deviations on either side.

    Returns:
        The probability of a distance at least as large.

    Reference:
        Stephens, "EDF statistics for goodness of fit and some comparisons", JASA 1974, for
        the correction of the asymptotic distribution at finite size.
    """
    values = _flat(samples).sort().values
    if isinstance(other, Tensor):
        others = _flat(other).sort().values
        distance = _two_sample_distance(values, others)
        size = len(values) * len(others) / (len(values) + len(others))
    else:
        distance = _one_sample_distance(values, other(values))
        size = len(values)
    root = math.sqrt(size)
    p = _kolmogorov((root + 0.12 + 0.11 / root) * distance)
    limit = math.erfc(z / math.sqrt(2.0))
    if not p >= limit:
        raise AssertionError(
            f"the distributions differ: Kolmogorov-Smirnov distance {distance:.4g} at effective "
            f"size {size:.0f} has probability {p:.3g}, below {limit:.3g} (z = {z:g})"
        )
    return p


def _flat(samples: Tensor) -> Tensor:
    values = samples.detach().to("cpu", torch.float64).flatten()
    if len(values) < 2:
        raise ValueError(f"`samples` must hold at least 2 numbers, got {len(values)}")
    return values


def _root(values: Tensor) -> float:
    return math.sqrt(len(values))


def _judge(what: str, measured: float, expected: float, error: float, z: float) -> float:
    difference = measured - expected
    sigmas = difference / error if error > 0 else (0.0 if difference == 0 else math.inf)
    if not abs(sigmas) <= z:  # written so that NaN fails
        raise AssertionError(
            f"the {what} is {measured:.6g}, expected {expected:.6g}: "
            f"{sigmas:+.2f} standard errors away, the limit is {z:g}"
        )
    return sigmas


def _two_sample_distance(a: Tensor, b: Tensor) -> float:
    points = torch.cat((a, b))
    below_a = torch.searchsorted(a, points, right=True) / len(a)
    below_b = torch.searchsorted(b, points, right=True) / len(b)
    return float((below_a - below_b).abs().max())


def _one_sample_distance(values: Tensor, cdf: Tensor) -> float:
    steps = torch.arange(len(values) + 1, dtype=torch.float64) / len(values)
    return float(torch.maximum(steps[1:] - cdf, cdf - steps[:-1]).max())


def _kolmogorov(x: float) -> float:
    if x < 0.2:  # the series converges too slowly here, and the value is 1 to 12 digits
        return 1.0
    total = 2.0 * sum((-1) ** (k - 1) * math.exp(-2.0 * (k * x) ** 2) for k in range(1, 101))
    return min(max(total, 0.0), 1.0)
