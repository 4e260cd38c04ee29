"""Tiles of release 0.1 on the accelerator; today every tile moves there by `tile.cuda()`."""

from __future__ import annotations

from typing import Any

from aihwkit.simulator.tiles.analog import AnalogTile
from aihwkit.simulator.tiles.floating_point import FloatingPointTile

__all__ = ["CudaAnalogTile", "CudaFloatingPointTile"]


class CudaFloatingPointTile(FloatingPointTile):
    """Floating-point tile on the current CUDA device; takes the arguments of its base.

    Raises:
        CudaError: if there is no CUDA device.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cuda()


class CudaAnalogTile(AnalogTile):
    """Analog tile on the current CUDA device; takes the arguments of its base.

    Raises:
        CudaError: if there is no CUDA device.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cuda()
