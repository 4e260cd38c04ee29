"""Summary of an analog model: layers, tiles, utilisation, parameters and costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from torch.utils.hooks import RemovableHandle

from aihwkit.inference.calibration.exact_pass import exact_products
from aihwkit.nn.modules.base import AnalogLayerBase
from aihwkit.simulator.tiles.module import TileModule
from synaptensor.validation import check_instance

__all__ = ["AnalogInfo", "LayerInfo", "TileInfo", "analog_summary"]

COLUMN_DEFINITIONS = ["Layer Information", "Tile Information"]
COLUMN_NAMES = [
    "Layer Name",
    "Is Analog",
    "In Shape",
    "Out Shape",
    "Kernel Shape",
    "# of Tiles",
    "Reuse Factor",
    "Log. tile shape",
    "Phys. tile shape",
    "utilization (%)",
]
FORMATTING_WIDTH = 200
COLUMN_WIDTH = 10
FLOAT_FORMAT = "{0:.2f}"
_PERCENT = 100.0
_LAYER_COLUMNS = 7


class TileInfo:
    """Sizes of one tile.

    Args:
        tile: tile module.
        is_mapped: whether the tile is part of an array; a lone tile is as large as its matrix.

    Attributes:
        log_in_size: inputs of the matrix, a bias on the crossbar included.
        log_out_size: outputs of the matrix.
        phy_in_size: inputs of the physical array.
        phy_out_size: outputs of the physical array.
        utilization: used part of the physical array in percent.
    """

    def __init__(self, tile: Any, is_mapped: bool) -> None:
        self.log_in_size, self.log_out_size = tile.x_size, tile.out_size
        mapping = getattr(tile.rpu_config, "mapping", None)
        self.is_mapped = is_mapped
        self.phy_in_size = int(getattr(mapping, "max_input_size", 0) or self.log_in_size)
        self.phy_out_size = int(getattr(mapping, "max_output_size", 0) or self.log_out_size)
        area = max(self.phy_in_size, self.log_in_size) * max(self.phy_out_size, self.log_out_size)
        used = self.log_in_size * self.log_out_size
        self.utilization = _PERCENT * used / area if is_mapped else _PERCENT

    def tile_summary_dict(self) -> dict[str, Any]:
        """Return logical and physical shape and utilisation."""
        physical: Any = (self.phy_out_size, self.phy_in_size) if self.is_mapped else "N/A"
        return {
            "log_shape": (self.log_out_size, self.log_in_size),
            "phys_shape": physical,
            "utilization": self.utilization,
        }


class LayerInfo:
    """One layer of a model.

    Args:
        module: the layer.
        rpu_config: accepted for compatibility; tiles know theirs.
        input_size: shape of the input, batch included.
        output_size: shape of the output, batch included.
        calls: number of times that the layer was called in one forward pass.

    Attributes:
        reuse_factor: number of vectors that pass a tile of the layer in one forward pass.
        num_parameters: number of weights and biases.
    """

    def __init__(
        self,
        module: Module,
        rpu_config: Any = None,
        input_size: Any = None,
        output_size: Any = None,
        calls: int = 1,
    ) -> None:
        self.module = module
        self.name = type(module).__name__
        self.isanalog = isinstance(module, AnalogLayerBase)
        self.kernel_size = getattr(module, "kernel_size", None)
        self.input_size = None if input_size is None else list(input_size)
        self.output_size = None if output_size is None else list(output_size)
        self.calls = calls
        tiles = [tile for tile in module.modules() if isinstance(tile, TileModule)]
        mapped = len(tiles) > 1 or self.name.endswith("Mapped")
        self.tiles_info = [TileInfo(tile, mapped) for tile in tiles]
        self.num_tiles = len(tiles)
        self.num_parameters = _count_parameters(module, tiles)
        self.reuse_factor = self._reuse_factor() if self.isanalog else 0

    def _reuse_factor(self) -> int:
        if self.kernel_size is not None and self.output_size:
            channels = self.output_size[1] if len(self.output_size) > 1 else 1
            return self.calls * prod(self.output_size) // max(channels, 1)
        if self.input_size:
            return self.calls * prod(self.input_size) // max(self.input_size[-1], 1)
        return self.calls

    def layer_summary_dict(self) -> dict[str, Any]:
        """Return the columns of the layer."""
        return {
            "name": self.name,
            "isanalog": self.isanalog,
            "input_size": str(self.input_size),
            "output_size": str(self.output_size),
            "kernel_size": str(self.kernel_size) if self.kernel_size is not None else "-",
            "num_tiles": self.num_tiles,
            "reuse_factor": self.reuse_factor if self.isanalog else "-",
        }

    def tiles_summary_dict(self) -> dict[int, dict[str, Any]]:
        """Return the columns of each tile."""
        return {index: tile.tile_summary_dict() for index, tile in enumerate(self.tiles_info)}


def _count_parameters(module: Module, tiles: list[Any]) -> int:
    """Count weights on tiles and all other parameters once."""
    on_tiles = sum(tile.x_size * tile.out_size for tile in tiles)
    aliases = {id(tile.analog_ctx) for tile in tiles}
    aliases |= {id(getattr(tile, "shared_weights", None)) for tile in tiles}
    weights = {id(p) for tile in tiles for p in getattr(tile.tile, "parameters", tuple)()}
    digital = (p.numel() for p in module.parameters() if id(p) not in aliases | weights)
    return on_tiles + sum(digital)


class AnalogInfo:
    """Layers and tiles of a model, in the order in which they compute.

    One pass of zeros is made in evaluation mode, with exact products and without gradients, so no
    learned range changes, and no hook stays behind. A recurrent cell counts once.

    Args:
        model: any model.
        input_size: shape of the input, batch included.
        rpu_config: accepted for compatibility; tiles know theirs.

    Attributes:
        layer_summary: one `LayerInfo` for each layer.
        total_tile_number: number of tiles.
        total_nb_analog: number of analog layers.
        total_parameters: number of weights and biases of the model.
    """

    def __init__(self, model: Module, input_size: Any = None, rpu_config: Any = None) -> None:
        check_instance("model", model, Module)
        if input_size is None:
            raise TypeError("input_size must be the shape of an input with its batch, got None")
        self.model = model
        self.input_size = tuple(input_size)
        self.rpu_config = rpu_config
        self.layer_summary = self.create_layer_summary()
        self.total_tile_number = self.calculate_num_tiles()
        self.total_nb_analog = self.calculate_num_analog()
        tiles = [module for module in model.modules() if isinstance(module, TileModule)]
        self.total_parameters = _count_parameters(model, tiles)

    def register_hooks_recursively(
        self, module: Module, hook: Callable[..., Any]
    ) -> list[RemovableHandle]:
        """Register a forward hook on every layer and return the handles."""
        return [layer.register_forward_hook(hook) for layer in _layers(module)]

    def create_layer_summary(self) -> list[LayerInfo]:
        """Pass zeros through the model and return its layers in the order of computation."""
        shapes: dict[int, list[Any]] = {}
        order: list[Module] = []

        def remember(module: Module, inputs: Any, output: Any) -> None:
            if id(module) not in shapes:
                order.append(module)
                shapes[id(module)] = [_shape(inputs), _shape(output), 0]
            shapes[id(module)][2] += 1

        first = next(self.model.parameters(), None)
        device = torch.device("cpu") if first is None else first.device
        with ExitStack() as stack:
            for handle in self.register_hooks_recursively(self.model, remember):
                stack.callback(handle.remove)
            stack.enter_context(_in_evaluation(self.model))
            self.model(torch.zeros(self.input_size, device=device))
        infos = []
        for layer in order:
            inputs, outputs, calls = shapes[id(layer)]
            infos.append(LayerInfo(layer, self.rpu_config, inputs, outputs, calls))
        return infos

    def calculate_num_tiles(self) -> int:
        """Return the number of tiles of all layers."""
        return sum(layer.num_tiles for layer in self.layer_summary)

    def calculate_num_analog(self) -> int:
        """Return the number of analog layers."""
        return sum(layer.isanalog for layer in self.layer_summary)

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        rule, width = "-" * FORMATTING_WIDTH, 2 * COLUMN_WIDTH
        yield "=" * FORMATTING_WIDTH
        yield f"Model Name: {type(self.model).__name__}"
        yield "=" * FORMATTING_WIDTH
        yield "Per-layer Information"
        yield rule
        left = COLUMN_DEFINITIONS[0].ljust(_LAYER_COLUMNS * width)
        yield f"{left}| {COLUMN_DEFINITIONS[1]}"
        yield rule
        yield "".join(name.ljust(width) for name in COLUMN_NAMES)
        yield rule
        for layer in self.layer_summary:
            columns = layer.layer_summary_dict().values()
            yield "".join(str(value).ljust(width) for value in columns)
            for tile in layer.tiles_summary_dict().values():
                texts = [str(tile["log_shape"]), str(tile["phys_shape"])]
                texts.append(FLOAT_FORMAT.format(tile["utilization"]))
                yield " " * (_LAYER_COLUMNS * width) + "".join(t.ljust(width) for t in texts)
        yield "=" * FORMATTING_WIDTH
        yield "General Information"
        yield rule
        yield f"Total number of tiles: {self.total_tile_number}"
        yield f"Total number of analog layers: {self.total_nb_analog}"
        yield f"Total number of parameters: {self.total_parameters}"
        yield "=" * FORMATTING_WIDTH


def _layers(model: Module) -> Iterator[Module]:
    """Generate the layers: analog ones as a whole, others down to modules without children."""
    if isinstance(model, AnalogLayerBase):
        inner = any(
            isinstance(module, AnalogLayerBase) for module in model.modules() if module is not model
        )
        if not inner and not model.IS_CONTAINER:
            yield model
            return
    children = list(model.children())
    if not children:
        yield model
    for child in children:
        if not isinstance(child, TileModule):
            yield from _layers(child)


def _shape(value: Any) -> tuple[int, ...] | None:
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, tuple | list) and value:
        return _shape(value[0])
    return None


@contextmanager
def _in_evaluation(model: Module) -> Iterator[None]:
    """Let a model compute exactly for a while, in evaluation mode and without gradients."""
    training = [(module, module.training) for module in model.modules()]
    tiles = [module for module in model.modules() if isinstance(module, TileModule)]
    model.eval()
    try:
        with torch.no_grad(), exact_products(t for t in tiles if hasattr(t.rpu_config, "forward")):
            yield
    finally:
        for module, mode in training:
            module.training = mode


def analog_summary(model: Module, input_size: Any = None, rpu_config: Any = None) -> AnalogInfo:
    """Return a summary of a model; its `repr` is a table.

    Args:
        model: any model.
        input_size: shape of the input, batch included.
        rpu_config: accepted for compatibility; tiles know theirs.

    Raises:
        TypeError: without `input_size`.
    """
    return AnalogInfo(model, input_size, rpu_config)
