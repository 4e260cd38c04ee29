"""Accumulation and application of parameter updates."""

from .accumulator import Accumulator
from .terms import OuterSum, UpdateTerms
from .updater import Updatable, Updater

__all__ = ["Accumulator", "OuterSum", "Updatable", "UpdateTerms", "Updater"]
