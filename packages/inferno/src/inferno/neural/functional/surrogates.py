"""Spike functions whose gradient is that of a smooth function."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor

from synaptensor.validation import check_positive

__all__ = [
    "ATan",
    "FastSigmoid",
    "Gaussian",
    "Sigmoid",
    "StraightThrough",
    "SuperSpike",
    "Surrogate",
    "Triangle",
]


@dataclass(frozen=True)
class Surrogate(ABC):
    r"""A spike function with a gradient.

    Forward it is the Heaviside step, so that spikes are those of the simulation; backward its
    derivative is replaced by that of a smooth primitive $\sigma$:

    $$
    s = [x \geq 0], \quad \frac{\partial s}{\partial x} := \sigma'(x)
    $$

    Neurons call it with $x = (V - \Theta) / (\Theta_\infty - V_\text{rest})$, the voltage above
    threshold in units of the distance from rest to threshold.

    Args:
        slope: steepness $k$ of the primitive around zero.
        relaxed: give the primitive forward too, for checks against finite differences.

    Reference:
        Neftci, Mostafa and Zenke (2019), IEEE Signal Processing Magazine 36, 51-63.
    """

    slope: float = 1.0
    relaxed: bool = False

    def __post_init__(self) -> None:
        check_positive("slope", self.slope)

    @abstractmethod
    def derivative(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma'(x)$."""
        raise NotImplementedError(f"{type(self).__name__}(Surrogate) must define `derivative`")

    @abstractmethod
    def primitive(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma(x)$."""
        raise NotImplementedError(f"{type(self).__name__}(Surrogate) must define `primitive`")

    def relax(self) -> Self:
        """Returns the surrogate that gives its primitive forward too."""
        return replace(self, relaxed=True)

    def __call__(self, excess: Tensor) -> Tensor:
        """Returns spikes, one where ``excess`` is not negative and zero elsewhere, like it."""
        if self.relaxed:
            return self.primitive(excess)
        if torch.compiler.is_compiling():
            # the compiler fuses this; it does not trace functions with objects as arguments
            smooth = self.primitive(excess)
            return (excess >= 0).to(excess.dtype) + (smooth - smooth.detach())
        return _Spike.apply(excess, self)


class _Spike(torch.autograd.Function):
    """The Heaviside step with the derivative of a surrogate; keeps nothing but its input."""

    generate_vmap_rule = True

    @staticmethod
    def forward(excess: Tensor, surrogate: Surrogate) -> Tensor:
        return (excess >= 0).to(excess.dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Surrogate], output: Tensor) -> None:
        excess, ctx.surrogate = inputs
        ctx.save_for_backward(excess)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (excess,) = ctx.saved_tensors
        return grad * ctx.surrogate.derivative(excess), None


@dataclass(frozen=True)
class FastSigmoid(Surrogate):
    r"""The derivative of a fast sigmoid, with long tails.

    $$
    \sigma(x) = \frac{x}{1 + k |x|}, \quad \sigma'(x) = \frac{1}{(1 + k |x|)^2}
    $$

    Reference:
        Zenke and Vogels (2021), Neural Computation 33, 899-925.
    """

    slope: float = 25.0

    def derivative(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma'(x)$."""
        return 1.0 / (1.0 + self.slope * excess.abs()).square()

    def primitive(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma(x)$."""
        return excess / (1.0 + self.slope * excess.abs())


@dataclass(frozen=True)
class SuperSpike(FastSigmoid):
    r"""The fast sigmoid with the steepness of SuperSpike.

    The paper takes 1 per mV, with 10 mV between rest and threshold.

    Reference:
        Zenke and Ganguli (2018), Neural Computation 30, 1514-1541, equation 3.
    """

    slope: float = 10.0


@dataclass(frozen=True)
class ATan(Surrogate):
    r"""The derivative of an arcus tangent.

    $$
    \sigma(x) = \frac{1}{\pi} \arctan \left( \frac{\pi}{2} k x \right) + \frac{1}{2}, \quad
    \sigma'(x) = \frac{k / 2}{1 + (\pi k x / 2)^2}
    $$

    Reference:
        Fang et al. (2021), International Conference on Computer Vision, 2661-2671.
    """

    slope: float = 2.0

    def derivative(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma'(x)$."""
        return (self.slope / 2) / (1.0 + (math.pi / 2 * self.slope * excess).square())

    def primitive(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma(x)$."""
        return torch.atan(math.pi / 2 * self.slope * excess) / math.pi + 0.5


@dataclass(frozen=True)
class Sigmoid(Surrogate):
    r"""The derivative of the logistic function.

    $$
    \sigma(x) = \frac{1}{1 + e^{-k x}}, \quad \sigma'(x) = k \, \sigma(x) (1 - \sigma(x))
    $$
    """

    slope: float = 4.0

    def derivative(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma'(x)$."""
        value = torch.sigmoid(self.slope * excess)
        return self.slope * value * (1.0 - value)

    def primitive(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma(x)$."""
        return torch.sigmoid(self.slope * excess)


@dataclass(frozen=True)
class Gaussian(Surrogate):
    r"""The density of a normal distribution of standard deviation $1 / k$.

    $$
    \sigma(x) = \Phi(k x), \quad \sigma'(x) = \frac{k}{\sqrt{2 \pi}} e^{-k^2 x^2 / 2}
    $$

    Reference:
        Yin, Corradi and Bohté (2021), Nature Machine Intelligence 3, 905-913.
    """

    slope: float = 2.0

    def derivative(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma'(x)$."""
        scale = self.slope / math.sqrt(2 * math.pi)
        return scale * torch.exp(-0.5 * (self.slope * excess).square())

    def primitive(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma(x)$."""
        return torch.special.ndtr(self.slope * excess)


@dataclass(frozen=True)
class Triangle(Surrogate):
    r"""A triangle, zero beyond a distance of $1 / k$ from the threshold.

    $$
    \sigma'(x) = \gamma \max(1 - k |x|, 0)
    $$

    Args:
        slope: steepness $k$ of the triangle.
        relaxed: give the primitive forward too, for checks against finite differences.
        damping: height $\gamma$ of the triangle.

    Reference:
        Bellec et al. (2018), Advances in Neural Information Processing Systems 31, 787-797.
    """

    damping: float = 0.3

    def derivative(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma'(x)$."""
        return self.damping * (1.0 - self.slope * excess.abs()).clamp(min=0.0)

    def primitive(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma(x)$."""
        inside = excess.clamp(-1.0 / self.slope, 1.0 / self.slope)
        return self.damping * (inside - 0.5 * self.slope * inside * inside.abs())


@dataclass(frozen=True)
class StraightThrough(Surrogate):
    r"""Passes gradients on as if there were no threshold.

    $$
    \sigma(x) = k x, \quad \sigma'(x) = k
    $$

    Reference:
        Bengio, Léonard and Courville (2013), arXiv:1308.3432.
    """

    def derivative(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma'(x)$."""
        return torch.full_like(excess, self.slope)

    def primitive(self, excess: Tensor) -> Tensor:
        r"""Returns $\sigma(x)$."""
        return self.slope * excess
