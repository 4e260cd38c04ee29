"""How the weight of a device answers one pulse, and a few pulses of the same direction."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Change", "Response", "ResponseModel", "merged_change"]

Parameters = Mapping[str, Tensor]


class Response(NamedTuple):
    """Answer to one pulse.

    Attributes:
        step: mean change of the weight.
        slope: derivative of the step with respect to the weight; None if it does not depend on it.
        spread: standard deviation of the change (its sign does not matter); None without noise.
    """

    step: Tensor
    slope: Tensor | None
    spread: Tensor | None


class Change(NamedTuple):
    """Change by several pulses.

    Attributes:
        mean: mean change.
        spread: standard deviation, None without noise.
        change: the change for the given draws.
    """

    mean: Tensor
    spread: Tensor | None
    change: Tensor


@dataclass(frozen=True)
class ResponseModel(ABC):
    """A family of devices.

    Attributes:
        sigma: relative standard deviation of the change from pulse to pulse.
        multiplicative: whether the noise is proportional to the step at the present weight.
    """

    sigma: float
    multiplicative: bool = True

    @abstractmethod
    def response(self, weight: Tensor, up: Tensor, p: Parameters) -> Response:
        """Return the answer to one pulse.

        Args:
            weight: present weights.
            up: whether the pulse goes up.
            p: parameters of the devices, of the same shape.
        """

    @abstractmethod
    def derive(self, p: Parameters) -> dict[str, Tensor]:
        """Return the tensors that `response` needs, from the parameters that define a device."""

    def merge_limit(self, p: Parameters) -> int:
        """Return how many pulses may be taken at once without a noticeable error."""
        return 1

    def _spread(self, step: Tensor) -> Tensor | None:
        return step * self.sigma if self.sigma > 0 else None


def merged_change(
    n: Tensor, response: Response, sigma: float, multiplicative: bool, draw: Tensor | None
) -> Change:
    r"""Return the change by `n` pulses of the same direction, from one draw.

    With the step :math:`f` and its slope :math:`a` at the present weight, to third order in
    :math:`na`,

    .. math:: \mathrm{mean} = f \, \frac{(1 + a)^n - 1}{a}, \qquad
              \mathrm{noise} = \sigma f \sqrt{n} (1 + a)^{n - 1} \xi
              + \tfrac{n - 1}{2} \sigma^2 a f (\xi^2 - 1).

    The quadratic term gives the product of the `n` noisy factors its skewness. For constant steps
    this is the exact distribution, for additive noise that of a first-order autoregression. One
    pulse is always exact.

    Args:
        n: numbers of pulses; zero changes nothing.
        response: answer to one pulse.
        sigma: relative noise.
        multiplicative: whether the noise follows the step.
        draw: standard normal numbers :math:`\xi`; None without noise.
    """
    step, slope, spread = response
    if slope is None:
        mean = n * step
        if draw is None or spread is None:
            return Change(mean, None, mean)
        total = spread * n.sqrt()
        return Change(mean, total, torch.addcmul(mean, total, draw))
    others = (n - 1).clamp_(min=0)
    growth = others * slope
    second, third = growth - slope, growth - 2 * slope
    mean = n * step * (1 + growth / 2 * (1 + second / 3 * (1 + third / 4)))
    if draw is None or spread is None:
        return Change(mean, None, mean)
    if not multiplicative:
        rate = slope * (2 + slope)
        power = others * rate
        total = spread * (n * (1 + power / 2 * (1 + (power - rate) / 3))).sqrt()
        return Change(mean, total, torch.addcmul(mean, total, draw))
    total = spread * n.sqrt() * (1 + growth * (1 + growth / 2))
    change = torch.addcmul(mean, total, draw)
    if sigma > 0:
        change = change + growth * step * (0.5 * sigma**2) * (draw * draw - 1)
    return Change(mean, total, change)


def select(up: Tensor, if_up: Tensor, if_down: Tensor) -> Tensor:
    """Return one of two tensors, by the direction of the pulse."""
    return torch.where(up, if_up, if_down)


def limit_from_curvature(curvature: float, sigma: float) -> int:
    r"""Return how many pulses leave the error of the mean below half a percent of the noise.

    The mean of `n` pulses misses the term :math:`f'' f^2 n^3 / 6`, the noise is
    :math:`\sigma f \sqrt{n}`.

    Args:
        curvature: bound of :math:`|f'' f|`.
        sigma: relative noise; without noise there is nothing to hide the error.
    """
    if curvature == 0:
        return _UNLIMITED
    if sigma <= 0:
        return 1
    return max(1, math.floor((3e-2 * sigma / curvature) ** 0.4))


_UNLIMITED = 1 << 20
UNLIMITED = _UNLIMITED
