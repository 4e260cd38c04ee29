"""Input ranges and quantisation ranges of trained models from data."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import ExitStack
from enum import Enum
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from aihwkit.exceptions import ArgumentError, ConfigError
from aihwkit.functional.settings import MVMSettings
from aihwkit.inference.calibration.exact_pass import exact_products
from aihwkit.inference.calibration.observers import (
    CachedQuantile,
    Largest,
    MovingQuantile,
    MovingStd,
    Observer,
    OutputObserver,
)
from aihwkit.nn.modules.base import AnalogLayerBase
from aihwkit.simulator.parameters.enums import BoundManagementType, NoiseManagementType
from aihwkit.simulator.parameters.pre_post import PrePostProcessingRPU
from synaptensor.random import RandomStream
from synaptensor.validation import check_in_range, check_instance, check_integer

__all__ = [
    "InputRangeCalibrationType",
    "calibrate_input_ranges",
    "calibrate_quantization_ranges",
]


class InputRangeCalibrationType(Enum):
    """How an input range is made from inputs."""

    NONE = "None"
    """No calibration."""

    MOVING_STD = "MovingStd"
    """Mean over batches of a multiple of the standard deviation."""

    MOVING_QUANTILE = "MovingQuantile"
    """Mean over batches of a quantile of the magnitudes."""

    CACHE_QUANTILE = "CacheQuantile"
    """Quantile of the magnitudes in a random sample of all batches."""

    MAX = "Max"
    """Largest magnitude."""


@torch.no_grad()
def calibrate_input_ranges(
    model: Module,
    calibration_type: InputRangeCalibrationType,
    dataloader: Iterable[Any],
    quantile: float = 0.99995,
    max_samples: int = 1000,
    std_alpha: float | None = None,
    force_all_layers: bool = True,
    verbose: bool = False,
    output_quantile: float | None = None,
) -> None:
    """Set the input ranges of all tiles from data.

    During the passes all products are exact and no input is clipped, so the result depends neither
    on the old ranges nor on noise, and repeating the calibration gives the same ranges.

    A range that just holds the inputs uses the input converters best, but sums of many large inputs
    may then exceed the output converters (`forward.out_bound`), above all in networks that were
    trained without a chip in mind and on tiles without bound management. `output_quantile` widens
    the ranges of such tiles.

    Args:
        model: analog model; ends in the mode in which it was.
        calibration_type: how a range is made from inputs.
        dataloader: yields `(args, kwargs)` for calls of the model.
        quantile: fraction of magnitudes below the range.
        max_samples: number of input vectors that are kept for `CACHE_QUANTILE`, and of batches
            that count for `MOVING_STD`.
        std_alpha: range in standard deviations; None takes `init_std_alpha`.
        force_all_layers: give all tiles a range, switching noise management off where it is on.
        verbose: print the ranges.
        output_quantile: fraction of outputs of each tile that its output converter must hold, at
            least; None looks at inputs only.

    Raises:
        ArgumentError: if the model is not analog, or no data come.
        ConfigError: if noise management is on somewhere and may not be switched off.
        ValueError: if a number is out of range.
    """
    check_instance("calibration_type", calibration_type, InputRangeCalibrationType)
    if calibration_type is InputRangeCalibrationType.NONE:
        return
    if not isinstance(model, AnalogLayerBase):
        raise ArgumentError(
            f"model must be an analog layer or container, got {type(model).__name__}; wrap it with "
            "AnalogWrapper or convert_to_analog"
        )
    check_in_range("quantile", quantile, 0.0, 1.0)
    check_integer("max_samples", max_samples, minimum=1)
    if output_quantile is not None:
        check_in_range("output_quantile", output_quantile, 0.0, 1.0)
    tiles = dict(_tiles_to_calibrate(model, force_all_layers))
    # Keyed before the passes, which draw from torch's generator themselves.
    sampling = RandomStream().generator("cpu")
    observers: dict[str, Observer] = {}
    for name, tile in tiles.items():
        alpha = std_alpha
        if alpha is None:
            alpha = tile.rpu_config.pre_post.input_range.init_std_alpha
        observers[name] = _make_observer(calibration_type, quantile, max_samples, alpha, sampling)
    outputs: dict[str, OutputObserver] = {}
    if output_quantile is not None:
        outputs = dict(_output_observers(tiles, output_quantile, max_samples, sampling))
    _observe(model, tiles, observers, outputs, dataloader)
    for name, tile in tiles.items():
        value = observers[name].value()
        if value is None:
            continue
        if name in outputs:
            value = max(value, outputs[name].value() or 0.0)
        _set_range(tile, value, observers[name].batches, calibration_type, std_alpha)
        if verbose:
            print(f"{name}: input range {value:.4f} ({calibration_type.value})")


def _tiles_to_calibrate(model: Any, force_all_layers: bool) -> Iterable[tuple[str, Any]]:
    for name, tile in model.named_analog_tiles():
        config = tile.rpu_config
        if not isinstance(config, PrePostProcessingRPU) or not hasattr(config, "forward"):
            continue
        if not force_all_layers and not config.pre_post.input_range.enable:
            continue
        managed = config.forward.noise_management != NoiseManagementType.NONE
        if managed and not force_all_layers:
            raise ConfigError(
                f"forward.noise_management of {name!r} must be NONE for an input range, got "
                f"{config.forward.noise_management}; force_all_layers=True switches it off"
            )
        yield name, tile


def _make_observer(
    kind: InputRangeCalibrationType,
    quantile: float,
    max_samples: int,
    std_alpha: float,
    sampling: torch.Generator,
) -> Observer:
    if kind is InputRangeCalibrationType.MAX:
        return Largest()
    if kind is InputRangeCalibrationType.CACHE_QUANTILE:
        return CachedQuantile(quantile, max_samples, sampling)
    if kind is InputRangeCalibrationType.MOVING_QUANTILE:
        return MovingQuantile(quantile)
    return MovingStd(std_alpha, max_samples)


def _output_observers(
    tiles: dict[str, Any], quantile: float, max_samples: int, sampling: torch.Generator
) -> Iterable[tuple[str, OutputObserver]]:
    for name, tile in tiles.items():
        io = tile.rpu_config.forward
        bound = MVMSettings.from_parameters(io).out_bound
        if math.isinf(bound) or io.bound_management != BoundManagementType.NONE:
            continue
        observer = CachedQuantile(quantile, max_samples, sampling)
        weight = tile.tile.get_weights().detach()
        yield name, OutputObserver(weight, tile.in_size, bound, observer)


def _observe(
    model: Module,
    tiles: dict[str, Any],
    observers: dict[str, Observer],
    outputs: dict[str, OutputObserver],
    data: Iterable[Any],
) -> None:
    training, batches = model.training, 0
    with ExitStack() as stack:
        for name, tile in tiles.items():
            hooks = [partial(_take_inputs, observers[name])]
            if name in outputs:
                hooks.append(partial(_take_vectors, outputs[name]))
            for hook in hooks:
                stack.callback(tile.register_forward_pre_hook(hook).remove)
        stack.enter_context(exact_products(tiles.values()))
        stack.callback(model.train, training)
        model.eval()
        for args, kwargs in data:
            model(*args, **kwargs)
            batches += 1
    if batches == 0:
        raise ArgumentError("dataloader must yield at least one (args, kwargs), got none")


def _take_inputs(observer: Observer, tile: Any, inputs: tuple[Tensor, ...]) -> None:
    values = inputs[0].detach()
    if tile.is_indexed():
        values = values.movedim(1, -1)
    elif tile.in_trans:
        values = values.movedim(0, -1)
    observer.see(values.reshape(-1, values.shape[-1]))


def _take_vectors(observer: OutputObserver, tile: Any, inputs: tuple[Tensor, ...]) -> None:
    values = inputs[0].detach()
    if tile.is_indexed():
        values = tile.image_unfold.unfold(values)
    elif tile.in_trans:
        values = values.movedim(0, -1)
    observer.see(values.reshape(-1, values.shape[-1]))


def _set_range(
    tile: Any,
    value: float,
    batches: int,
    kind: InputRangeCalibrationType,
    std_alpha: float | None,
) -> None:
    config = tile.rpu_config
    parameters = config.pre_post.input_range
    if config.forward.noise_management != NoiseManagementType.NONE:
        config.forward.noise_management = NoiseManagementType.NONE
        tile.replace_with(config)
        config, parameters = tile.rpu_config, tile.rpu_config.pre_post.input_range
    parameters.init_value = value
    parameters.init_from_data = 0
    parameters.calibration_info = kind.value
    if std_alpha is not None:
        parameters.init_std_alpha = std_alpha
    if not parameters.enable:
        parameters.enable = True
        parameters.learn_input_range = False
    if tile.input_range is None:
        tile.init_input_processing()
    tile.set_input_range(value)
    tile.input_range_update_idx.fill_(batches)


@torch.no_grad()
def calibrate_quantization_ranges(
    model: Module, loader: Iterable[Any], max_num_batches: int = 20
) -> None:
    """Set the ranges of all quantisers from data; the model ends in evaluation mode.

    Args:
        model: model with quantised modules.
        loader: yields inputs, sequences that begin with the input, or dictionaries of keywords.
        max_num_batches: number of batches to look at.

    Raises:
        ArgumentError: if nothing in the model is quantised, or no data come.
    """
    check_integer("max_num_batches", max_num_batches, minimum=1)
    from aihwkit.simulator.digital_low_precision.model_states import estimate_ranges, fix_ranges
    from aihwkit.simulator.digital_low_precision.quantization_manager import QuantizationManager

    if not any(isinstance(module, QuantizationManager) for module in model.modules()):
        raise ArgumentError("model must have quantised modules, got none")
    first = next(model.parameters(), None)
    device = torch.device("cpu") if first is None else first.device
    model.eval()
    estimate_ranges(model)
    batches = 0
    for batch in loader:
        if isinstance(batch, dict):
            model(**{k: v.to(device) if isinstance(v, Tensor) else v for k, v in batch.items()})
        else:
            values = batch[0] if isinstance(batch, tuple | list) else batch
            model(values.to(device))
        batches += 1
        if batches >= max_num_batches:
            break
    if batches == 0:
        raise ArgumentError("loader must yield at least one batch, got none")
    fix_ranges(model)
