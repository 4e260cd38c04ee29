"""Numerical linear algebra with analog matrices; needs scipy."""

from aihwkit.linalg.matrix import AnalogMatrix

__all__ = ["AnalogMatrix"]
