"""Analog in-memory computing: crossbar tiles with noisy reads, pulsed updates and drift."""

from aihwkit.version import __version__

__all__ = ["__version__"]
