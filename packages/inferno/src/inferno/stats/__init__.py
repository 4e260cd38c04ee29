"""Probability distributions and predicates on their parameters."""

from . import base, constraints, distributions
from .base import ContinuousDistribution, DiscreteDistribution, Distribution
from .distributions import LogNormal, Normal, Poisson

__all__ = [
    "ContinuousDistribution",
    "DiscreteDistribution",
    "Distribution",
    "LogNormal",
    "Normal",
    "Poisson",
    "base",
    "constraints",
    "distributions",
]
