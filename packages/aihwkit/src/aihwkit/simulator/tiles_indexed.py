"""Tiles of release 0.1 that unfold images by an index vector; today every native tile can.

Call `set_indexed(indices, [C_in, H_in, W_in, H_out, W_out])` before the first product.
"""

from aihwkit.simulator.tiles.analog import AnalogTile as IndexedAnalogTile
from aihwkit.simulator.tiles.cuda_tiles import CudaAnalogTile as CudaIndexedAnalogTile
from aihwkit.simulator.tiles.cuda_tiles import (
    CudaFloatingPointTile as CudaIndexedFloatingPointTile,
)
from aihwkit.simulator.tiles.floating_point import FloatingPointTile as IndexedFloatingPointTile

__all__ = [
    "CudaIndexedAnalogTile",
    "CudaIndexedFloatingPointTile",
    "IndexedAnalogTile",
    "IndexedFloatingPointTile",
]
