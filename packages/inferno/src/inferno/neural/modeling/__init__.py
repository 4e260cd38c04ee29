"""Accumulation and application of parameter updates."""

from .accumulator import Accumulator
from .terms import OuterSum, SignedTerm, UpdateTerms
from .updater import Updatable, Updater

__all__ = ["Accumulator", "OuterSum", "SignedTerm", "Updatable", "UpdateTerms", "Updater"]
