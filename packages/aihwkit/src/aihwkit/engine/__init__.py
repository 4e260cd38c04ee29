"""The simulator core: device matrices, compounds of them, and the tiles that they are part of."""

from aihwkit.engine import compounds, devices
from aihwkit.engine.tiles import AnalogTile, FloatingPointTile

__all__ = ["AnalogTile", "FloatingPointTile", "compounds", "devices"]
