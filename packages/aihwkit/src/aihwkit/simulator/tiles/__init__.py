"""Tile modules: a matrix on simulated analog hardware with its digital periphery."""

from aihwkit.simulator.tiles.analog import AnalogTile
from aihwkit.simulator.tiles.array import TileModuleArray
from aihwkit.simulator.tiles.base import BaseTile
from aihwkit.simulator.tiles.cuda_tiles import CudaAnalogTile, CudaFloatingPointTile
from aihwkit.simulator.tiles.floating_point import FloatingPointTile
from aihwkit.simulator.tiles.inference import InferenceTile, InferenceTileWithPeriphery
from aihwkit.simulator.tiles.inference_torch import TorchInferenceTile
from aihwkit.simulator.tiles.quantized_inference_torch import QuantizedTorchInferenceTile

__all__ = [
    "AnalogTile",
    "BaseTile",
    "CudaAnalogTile",
    "CudaFloatingPointTile",
    "FloatingPointTile",
    "InferenceTile",
    "InferenceTileWithPeriphery",
    "QuantizedTorchInferenceTile",
    "TileModuleArray",
    "TorchInferenceTile",
]
