"""Export of weights as conductances for a chip, and import of what was measured there."""

from __future__ import annotations

import copy
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module, ModuleList

from aihwkit.exceptions import FusionExportError, TileError
from aihwkit.inference.converter.base import BaseConductanceConverter
from aihwkit.inference.converter.fusion import FusionConductanceConverter
from aihwkit.nn.modules.base import AnalogLayerBase
from aihwkit.simulator.tiles.inference import InferenceTileWithPeriphery
from aihwkit.simulator.tiles.module import TileModule

__all__ = ["fusion_export", "fusion_import"]

_HEADER_LINES = 5


def fusion_export(
    analog_model: Any,
    g_converter: BaseConductanceConverter | None = None,
    file_name: str | Path | None = None,
) -> tuple[OrderedDict[str, list[float]], dict[str, list[Any]], dict[str, Any]]:
    """Return the conductances of all analog layers.

    Args:
        analog_model: model with inference tiles.
        g_converter: mapping of weights to conductances; `FusionConductanceConverter()` if None.
        file_name: CSV file to write, too.

    Returns:
        Conductances by layer, one slice of a tile after the other; what the converter needs for
        the way back, by layer and tile; the state of the model.

    Raises:
        TileError: if a tile is no inference tile.
    """
    converter = FusionConductanceConverter() if g_converter is None else g_converter
    data: OrderedDict[str, list[float]] = OrderedDict()
    params: dict[str, list[Any]] = {}
    for name, layer in analog_model.named_analog_layers():
        data[name], params[name] = [], []
        for tile in layer.analog_tiles():
            slices, tile_params = converter.convert_to_conductances(_weights(tile))
            data[name].extend(torch.stack(list(slices)).flatten().tolist())
            params[name].append(tile_params)
    if file_name is not None:
        _fusion_save_csv(file_name, data, _fusion_get_csv_header(analog_model))
    return data, params, analog_model.state_dict()


def fusion_import(
    conductance_data: dict[str, list[float]] | str | Path,
    analog_model: Any,
    params: dict[str, list[Any]],
    state_dict: dict[str, Any] | None = None,
    g_converter: BaseConductanceConverter | None = None,
) -> Any:
    """Write measured conductances to the tiles of a model; biases and scales stay.

    Args:
        conductance_data: conductances by layer, or the CSV file with them.
        analog_model: model; it is changed and put into evaluation mode.
        params: second result of `fusion_export`.
        state_dict: state to load first.
        g_converter: the converter of the export.

    Returns:
        The model.

    Raises:
        FusionExportError: if the file or the data belong to another model; nothing changes then.
        TileError: if a tile is no inference tile.
    """
    converter = FusionConductanceConverter() if g_converter is None else g_converter
    if isinstance(conductance_data, str | Path):
        conductance_data = _fusion_load_csv(conductance_data, _fusion_get_csv_header(analog_model))
    weights = []
    for name, layer in analog_model.named_analog_layers():
        if name not in conductance_data or name not in params:
            raise FusionExportError(f"conductance_data and params must have the layer {name!r}")
        tiles = list(layer.analog_tiles())
        values = torch.tensor(conductance_data[name], dtype=torch.float32)
        weights.extend(_read_layer(name, tiles, values, params[name], converter))
    if state_dict is not None:
        analog_model.load_state_dict(state_dict)
    analog_model.eval()
    for tile, weight in weights:
        matrix, bias = tile._separate_weights(weight.to(tile.get_dtype()))
        tile.set_weights(matrix, bias, apply_weight_scaling=False)
    return analog_model


def _weights(tile: Any) -> Tensor:
    if not isinstance(tile, InferenceTileWithPeriphery):
        raise TileError(f"export needs inference tiles, got a {type(tile).__name__}")
    result: Tensor = tile.tile.get_weights().detach().cpu()
    return result


def _read_layer(
    name: str, tiles: list[Any], values: Tensor, params: list[Any], converter: Any
) -> list[tuple[Any, Tensor]]:
    """Return the tiles of a layer with the matrices that the values stand for."""
    total = sum(_weights(tile).numel() for tile in tiles)
    if values.numel() == 0 or values.numel() % total or len(params) != len(tiles):
        raise FusionExportError(
            f"conductance_data[{name!r}] must have a multiple of {total} values for {len(tiles)} "
            f"tiles, got {values.numel()} for {len(params)}"
        )
    n_slices, position, result = values.numel() // total, 0, []
    for tile, tile_params in zip(tiles, params, strict=True):
        shape = _weights(tile).shape
        count = n_slices * shape.numel()
        slices = values[position : position + count].view(n_slices, *shape)
        result.append((tile, converter.convert_back_to_weights(list(slices), tile_params)))
        position += count
    return result


# -- files -------------------------------------------------------------------------------------


def _fusion_get_csv_header(analog_model: Any) -> list[str]:
    """Return index, class, number of weights, height and width of every analog layer."""
    index, rows = 0, []
    for module in analog_model.modules():
        if _is_no_layer(module):
            continue
        index += 1
        if isinstance(module, AnalogLayerBase):
            tiles: list[Any] = list(module.analog_tiles())
            sizes: Any = module
            height = int(getattr(sizes, "out_features", 0) or getattr(sizes, "out_channels", 0))
            height = height or tiles[0].out_size
            total = sum(_weights(tile).numel() for tile in tiles)
            rows.append((index, type(module).__name__, total, height, total // height))
    return [",".join(map(str, column)) for column in zip(*rows, strict=True)]


def _is_no_layer(module: Module) -> bool:
    container = isinstance(module, AnalogLayerBase) and module.IS_CONTAINER
    inside = isinstance(module, TileModule | ModuleList)
    return container or inside or type(module).__module__.startswith("aihwkit.simulator.tiles")


def _fusion_save_csv(
    file_name: str | Path, conductance_data: dict[str, list[float]], header: list[str]
) -> None:
    """Write header, names and one line of values for each layer."""
    lines = [*header, ",".join(conductance_data)]
    lines += [",".join(repr(value) for value in values) for values in conductance_data.values()]
    Path(file_name).write_text("\n".join(lines) + "\n")


def _fusion_load_csv(file_name: str | Path, header: list[str]) -> OrderedDict[str, list[float]]:
    """Read what `_fusion_save_csv` wrote.

    Raises:
        FusionExportError: if the header is another one.
    """
    lines = Path(file_name).read_text().splitlines()
    found = lines[:_HEADER_LINES]
    if found != header:
        raise FusionExportError(f"{file_name} must begin with {header}, got {found}")
    names = lines[_HEADER_LINES].split(",")
    values = [[float(v) for v in line.split(",")] for line in lines[_HEADER_LINES + 1 :]]
    return OrderedDict(zip(names, copy.copy(values), strict=True))
