"""Interfaces of probability distributions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

__all__ = ["ContinuousDistribution", "DiscreteDistribution", "Distribution"]


def astensors(*values: complex | Tensor) -> tuple[Tensor, ...]:
    """Converts scalars to tensors that agree with the leftmost tensor among the values.

    Beside an integer tensor, fractional scalars are of the default data type.
    """
    reference = next((v for v in values if isinstance(v, Tensor)), None)
    device = None if reference is None else reference.device

    def convert(value: Any) -> Tensor:
        if isinstance(value, Tensor):
            return value
        dtype = torch.get_default_dtype() if reference is None else reference.dtype
        if not (dtype.is_floating_point or dtype.is_complex) and isinstance(value, float):
            dtype = torch.get_default_dtype()
        return torch.tensor(value, dtype=dtype, device=device)

    return tuple(convert(v) for v in values)


class Distribution(ABC):
    """A probability distribution; all methods are class methods."""

    @classmethod
    @abstractmethod
    def validate(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Tells which of the given parameters and support are valid."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def sample(cls, *args: Any, **kwargs: Any) -> Tensor:
        """Draws a sample for each element of the parameters."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def mean(cls, *args: Any, **kwargs: Any) -> Tensor:
        """Expected value."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def variance(cls, *args: Any, **kwargs: Any) -> Tensor:
        """Variance."""
        raise NotImplementedError


class DiscreteDistribution(Distribution, ABC):
    """A distribution of integers."""

    @classmethod
    @abstractmethod
    def pmf(cls, *args: Any, **kwargs: Any) -> Tensor:
        """Probability mass."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def logpmf(cls, *args: Any, **kwargs: Any) -> Tensor:
        """Logarithm of the probability mass."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def cdf(cls, *args: Any, **kwargs: Any) -> Tensor:
        """Probability of at most the support."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def logcdf(cls, *args: Any, **kwargs: Any) -> Tensor:
        """Logarithm of the probability of at most the support."""
        raise NotImplementedError


class ContinuousDistribution(Distribution, ABC):
    """A distribution of real numbers."""

    @classmethod
    @abstractmethod
    def pdf(cls, *args: Any, **kwargs: Any) -> Tensor:
        """Probability density."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def logpdf(cls, *args: Any, **kwargs: Any) -> Tensor:
        """Logarithm of the probability density."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def cdf(cls, *args: Any, **kwargs: Any) -> Tensor:
        """Probability of at most the support."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def logcdf(cls, *args: Any, **kwargs: Any) -> Tensor:
        """Logarithm of the probability of at most the support."""
        raise NotImplementedError
