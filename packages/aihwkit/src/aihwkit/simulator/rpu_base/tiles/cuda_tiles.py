"""Simulator tiles on an accelerator, made from tiles on the CPU."""

import copy

from aihwkit.engine.tiles import AnalogTile, FloatingPointTile
from aihwkit.exceptions import CudaError
from aihwkit.simulator.rpu_base.cuda import is_compiled

__all__ = ["CudaAnalogTile", "CudaFloatingPointTile"]


def _adopt(target: FloatingPointTile, source: FloatingPointTile) -> None:
    if not is_compiled():
        raise CudaError("CUDA is not available here; torch.cuda.is_available() is False")
    target.__dict__.update(copy.deepcopy(source).__dict__)
    target._rebind(target._storage)
    target.cuda()


class CudaFloatingPointTile(FloatingPointTile):
    """Copy of a floating-point tile on the current CUDA device.

    Args:
        tile: tile to copy.

    Raises:
        CudaError: if there is no CUDA device.
    """

    def __init__(self, tile: FloatingPointTile) -> None:
        _adopt(self, tile)


class CudaAnalogTile(AnalogTile):
    """Copy of an analog tile on the current CUDA device.

    Args:
        tile: tile to copy.

    Raises:
        CudaError: if there is no CUDA device.
    """

    def __init__(self, tile: AnalogTile) -> None:
        _adopt(self, tile)
