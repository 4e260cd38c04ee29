"""Tiles of release 0.1 that unfold images by an index vector; today every native tile can.

Call `set_indexed(indices, [C_in, H_in, W_in, H_out, W_out])` before the first product. What was a
class for the accelerator is `tile.cuda()`.
"""

from aihwkit.simulator.tiles.analog import AnalogTile as IndexedAnalogTile
from aihwkit.simulator.tiles.floating_point import FloatingPointTile as IndexedFloatingPointTile

__all__ = ["IndexedAnalogTile", "IndexedFloatingPointTile"]
