"""Integrate-and-fire neurons whose membrane is nonlinear."""

from .adex import AdEx
from .eif import EIF
from .izhikevich import Izhikevich
from .qif import QIF

__all__ = ["EIF", "QIF", "AdEx", "Izhikevich"]
