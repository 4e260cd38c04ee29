"""Equations that several noise models share; pure functions of conductances."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

__all__ = [
    "log_fit",
    "noise_generator",
    "normal_like",
    "polynomial",
    "power_law_drift",
    "read_noise_growth",
    "uniform_like",
]

_generator: ContextVar[torch.Generator | None] = ContextVar("noise_generator", default=None)


@contextmanager
def noise_generator(generator: torch.Generator) -> Iterator[None]:
    """Let all noise models draw from a generator instead of from torch's default one.

    Args:
        generator: generator on the device of the weights.

    Example:
        >>> with noise_generator(torch.Generator().manual_seed(7)):
        ...     model.program_analog_weights()
    """
    token = _generator.set(generator)
    try:
        yield
    finally:
        _generator.reset(token)


def normal_like(values: Tensor) -> Tensor:
    """Return standard normal draws of the shape, type and device of a tensor."""
    generator = _generator.get()
    if generator is None:
        return torch.randn_like(values)
    return torch.randn(values.shape, generator=generator, dtype=values.dtype, device=values.device)


def uniform_like(values: Tensor) -> Tensor:
    """Return draws from [0, 1) of the shape, type and device of a tensor."""
    generator = _generator.get()
    return torch.rand(values.shape, generator=generator, dtype=values.dtype, device=values.device)


def polynomial(coefficients: Sequence[float], x: Tensor) -> Tensor:
    """Return :math:`c_0 + c_1 x + c_2 x^2 + ...`."""
    *lower, highest = coefficients
    if not lower:
        return torch.full_like(x, highest)
    total = x * highest
    for coefficient in reversed(lower[1:]):
        total.add_(coefficient).mul_(x)
    return total.add_(lower[0])


def log_fit(log_g: Tensor, slope: float, offset: float, low: float, high: float) -> Tensor:
    """Return `clip(slope * ln g + offset, low, high)` of the logarithm of a conductance."""
    return (log_g * slope).add_(offset).clamp_(low, high)


def power_law_drift(g: Tensor, nu: Tensor, ratio: float) -> Tensor:
    r"""Return :math:`g\,(t / t_0)^{-\nu}`.

    Args:
        g: conductances at :math:`t_0`.
        nu: exponents.
        ratio: :math:`t / t_0`.
    """
    return (nu * -math.log(ratio)).exp_().mul_(g)


def read_noise_growth(t: float, t_read: float) -> float:
    r"""Return :math:`\sqrt{\ln((t + t_{read}) / (2 t_{read}))}`, the growth of 1/f noise."""
    return math.sqrt(math.log((t + t_read) / (2 * t_read)))
