"""Simulator tiles, and the parameters and enumerations of their weight operations."""

from aihwkit.engine.tiles import AnalogTile, FloatingPointTile
from aihwkit.simulator.rpu_base.enums import WeightClipType, WeightModifierType, WeightRemapType
from aihwkit.simulator.rpu_base.tiles.cuda_tiles import CudaAnalogTile, CudaFloatingPointTile
from aihwkit.simulator.rpu_base.tiles.parameters import (
    WeightClipParameter,
    WeightModifierParameter,
    WeightRemapParameter,
)

__all__ = [
    "AnalogTile",
    "CudaAnalogTile",
    "CudaFloatingPointTile",
    "FloatingPointTile",
    "WeightClipParameter",
    "WeightClipType",
    "WeightModifierParameter",
    "WeightModifierType",
    "WeightRemapParameter",
    "WeightRemapType",
]

from aihwkit.simulator.rpu_base.tiles import bfloat16, double, half  # noqa: F401
