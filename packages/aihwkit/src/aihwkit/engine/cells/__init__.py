"""Matrices of devices: single ones, and cells of several."""

from aihwkit.engine.cells.base import Cell, UpdateContext
from aihwkit.engine.cells.ideal import IdealCell

__all__ = ["Cell", "IdealCell", "UpdateContext"]
