"""Integrate-and-fire neurons whose membrane is linear."""

from .alif import ALIF
from .glif1 import GLIF1
from .glif2 import GLIF2
from .glif3 import GLIF3
from .glif4 import GLIF4
from .glif5 import GLIF5
from .lif import LIF

__all__ = ["ALIF", "GLIF1", "GLIF2", "GLIF3", "GLIF4", "GLIF5", "LIF"]
