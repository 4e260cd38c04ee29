"""Components for examples, plots and tests."""

from .functional import identity, tuplewrap, varidentity
from .neural import ExactNeuron

__all__ = ["ExactNeuron", "identity", "tuplewrap", "varidentity"]
