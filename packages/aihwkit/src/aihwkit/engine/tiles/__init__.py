"""Simulator tiles: a matrix of devices with its periphery of converters."""

from aihwkit.engine.tiles.analog import AnalogTile
from aihwkit.engine.tiles.floating_point import FloatingPointTile

__all__ = ["AnalogTile", "FloatingPointTile"]
