"""Integrate-and-fire neurons whose membrane is linear."""

from .alif import ALIF
from .glif1 import GLIF1
from .glif2 import GLIF2
from .lif import LIF

__all__ = ["ALIF", "GLIF1", "GLIF2", "LIF"]
