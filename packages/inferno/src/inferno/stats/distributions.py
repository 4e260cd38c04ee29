"""The Poisson, normal and log-normal distributions.

Arguments are numbers or tensors; all methods return tensors.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from . import constraints
from .base import ContinuousDistribution, DiscreteDistribution, astensors

__all__ = ["LogNormal", "Normal", "Poisson"]

Real = float | Tensor

_LOG_SQRT_2PI = math.log(math.sqrt(2 * math.pi))


class Poisson(DiscreteDistribution):
    r"""Poisson distribution with rate $\lambda$: counts of independent events."""

    @classmethod
    def validate(cls, rate: Real | None = None, support: Real | None = None) -> dict[str, Any]:
        """Tells if the rate is real and the support an integer, neither negative."""
        return {
            "rate": constraints.nonnegreal(rate),
            "support": constraints.nonneginteger(support),
        }

    @classmethod
    def sample(cls, rate: Real, generator: torch.Generator | None = None) -> Tensor:
        """Draws a count for each rate."""
        (rate,) = astensors(rate)
        return torch.poisson(rate, generator=generator)

    @classmethod
    def pmf(cls, support: Real, rate: Real) -> Tensor:
        r"""Probability mass $\lambda^k e^{-\lambda} / k!$."""
        return cls.logpmf(support, rate).exp()

    @classmethod
    def logpmf(cls, support: Real, rate: Real) -> Tensor:
        r"""Logarithm of the mass, $k \log \lambda - \lambda - \log k!$."""
        support, rate = astensors(support, rate)
        return torch.xlogy(support, rate) - rate - torch.lgamma(support + 1)

    @classmethod
    def cdf(cls, support: Real, rate: Real) -> Tensor:
        r"""Probability of at most $k$ events, $Q(\lfloor k + 1 \rfloor, \lambda)$."""
        support, rate = astensors(support, rate)
        order = torch.floor(support + 1).to(torch.promote_types(support.dtype, rate.dtype))
        return torch.special.gammaincc(order, rate.to(order.dtype))

    @classmethod
    def logcdf(cls, support: Real, rate: Real) -> Tensor:
        """Logarithm of the probability of at most $k$ events."""
        return cls.cdf(support, rate).log()

    @classmethod
    def mean(cls, rate: Real) -> Tensor:
        r"""Expected value $\lambda$."""
        return astensors(rate)[0]

    @classmethod
    def variance(cls, rate: Real) -> Tensor:
        r"""Variance $\lambda$."""
        return astensors(rate)[0]


class Normal(ContinuousDistribution):
    r"""Normal distribution with mean $\mu$ (``loc``) and deviation $\sigma$ (``scale``)."""

    @classmethod
    def validate(
        cls, loc: Real | None = None, scale: Real | None = None, support: Real | None = None
    ) -> dict[str, Any]:
        """Tells if location, scale and support are real and the scale positive."""
        return {
            "loc": constraints.real(loc),
            "scale": constraints.posreal(scale),
            "support": constraints.real(support),
        }

    @classmethod
    def params_mv(cls, mean: Real, variance: Real) -> tuple[Tensor, Tensor]:
        """Location and scale for a mean and variance."""
        mean, variance = astensors(mean, variance)
        return mean, variance.sqrt()

    @classmethod
    def sample(cls, loc: Real, scale: Real, generator: torch.Generator | None = None) -> Tensor:
        """Draws a number for each element of location and scale."""
        loc, scale = astensors(loc, scale)
        return torch.normal(loc, scale, generator=generator)

    @classmethod
    def sample_mv(
        cls, mean: Real, variance: Real, generator: torch.Generator | None = None
    ) -> Tensor:
        """Draws a number for each element of mean and variance."""
        return cls.sample(*cls.params_mv(mean, variance), generator=generator)

    @classmethod
    def pdf(cls, support: Real, loc: Real, scale: Real) -> Tensor:
        r"""Density $\frac{1}{\sigma\sqrt{2\pi}}\, e^{-\frac{1}{2}((x - \mu)/\sigma)^2}$."""
        support, loc, scale = astensors(support, loc, scale)
        z = (support - loc) / scale
        return torch.exp(-(z**2) / 2) / (scale * math.sqrt(2 * math.pi))

    @classmethod
    def logpdf(cls, support: Real, loc: Real, scale: Real) -> Tensor:
        """Logarithm of the density, also where the density underflows."""
        support, loc, scale = astensors(support, loc, scale)
        z = (support - loc) / scale
        return -(z**2) / 2 - torch.log(scale) - _LOG_SQRT_2PI

    @classmethod
    def cdf(cls, support: Real, loc: Real, scale: Real) -> Tensor:
        r"""Probability of at most $x$, $(1 + \mathrm{erf}((x-\mu)/(\sigma\sqrt{2}))) / 2$."""
        support, loc, scale = astensors(support, loc, scale)
        return (1 + torch.erf((support - loc) / (scale * math.sqrt(2)))) / 2

    @classmethod
    def logcdf(cls, support: Real, loc: Real, scale: Real) -> Tensor:
        """Logarithm of the probability of at most $x$, also in the lower tail."""
        support, loc, scale = astensors(support, loc, scale)
        return torch.special.log_ndtr((support - loc) / scale)

    @classmethod
    def mean(cls, loc: Real) -> Tensor:
        r"""Expected value $\mu$."""
        return astensors(loc)[0]

    @classmethod
    def variance(cls, scale: Real) -> Tensor:
        r"""Variance $\sigma^2$."""
        return astensors(scale)[0] ** 2


class LogNormal(ContinuousDistribution):
    r"""Log-normal distribution: of numbers whose logarithm is normal with $\mu$ and $\sigma$."""

    @classmethod
    def validate(
        cls, loc: Real | None = None, scale: Real | None = None, support: Real | None = None
    ) -> dict[str, Any]:
        """Tells if location, scale and support are real, the latter two positive."""
        return {
            "loc": constraints.real(loc),
            "scale": constraints.posreal(scale),
            "support": constraints.posreal(support),
        }

    @classmethod
    def params_mv(cls, mean: Real, variance: Real) -> tuple[Tensor, Tensor]:
        r"""Location and scale for a mean $m$ and variance $v$.

        $$\mu = \log \frac{m^2}{\sqrt{m^2 + v}}, \quad \sigma = \sqrt{\log(1 + v / m^2)}$$
        """
        mean, variance = astensors(mean, variance)
        square = mean**2
        return (
            torch.log(square / torch.sqrt(square + variance)),
            torch.sqrt(torch.log1p(variance / square)),
        )

    @classmethod
    def sample(cls, loc: Real, scale: Real, generator: torch.Generator | None = None) -> Tensor:
        """Draws a number for each element of location and scale."""
        return Normal.sample(loc, scale, generator=generator).exp()

    @classmethod
    def sample_mv(
        cls, mean: Real, variance: Real, generator: torch.Generator | None = None
    ) -> Tensor:
        """Draws a number for each element of mean and variance."""
        return cls.sample(*cls.params_mv(mean, variance), generator=generator)

    @classmethod
    def pdf(cls, support: Real, loc: Real, scale: Real) -> Tensor:
        """Density; see ``logpdf``."""
        return cls.logpdf(support, loc, scale).exp()

    @classmethod
    def logpdf(cls, support: Real, loc: Real, scale: Real) -> Tensor:
        r"""Logarithm of the density.

        $$-\log \sigma - \log x
          - \frac{1}{2} \left(\log 2\pi + ((\mu - \log x) / \sigma)^2\right)$$
        """
        support, loc, scale = astensors(support, loc, scale)
        logarithm = torch.log(support)
        return Normal.logpdf(logarithm, loc, scale) - logarithm

    @classmethod
    def cdf(cls, support: Real, loc: Real, scale: Real) -> Tensor:
        """Probability of at most $x$."""
        support, loc, scale = astensors(support, loc, scale)
        return Normal.cdf(torch.log(support), loc, scale)

    @classmethod
    def logcdf(cls, support: Real, loc: Real, scale: Real) -> Tensor:
        """Logarithm of the probability of at most $x$."""
        support, loc, scale = astensors(support, loc, scale)
        return Normal.logcdf(torch.log(support), loc, scale)

    @classmethod
    def mean(cls, loc: Real, scale: Real) -> Tensor:
        r"""Expected value $e^{\mu + \sigma^2 / 2}$."""
        loc, scale = astensors(loc, scale)
        return torch.exp(loc + scale**2 / 2)

    @classmethod
    def variance(cls, loc: Real, scale: Real) -> Tensor:
        r"""Variance $(e^{\sigma^2} - 1)\, e^{2\mu + \sigma^2}$."""
        loc, scale = astensors(loc, scale)
        return torch.expm1(scale**2) * torch.exp(2 * loc + scale**2)
