"""Connections that map currents linearly."""

from .dense import LinearDense
from .direct import LinearDirect
from .lateral import LinearLateral

__all__ = ["LinearDense", "LinearDirect", "LinearLateral"]
