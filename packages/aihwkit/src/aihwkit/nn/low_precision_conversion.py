"""Conversion of models to quantised digital ones."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from torch.nn import Conv2d, Linear, Module

from aihwkit.exceptions import ArgumentError
from aihwkit.nn.conversion import convert_to_digital
from aihwkit.nn.low_precision_modules.conversion_utils import (
    DEFAULT_CONVERSIONS,
    get_module_args,
)
from aihwkit.nn.low_precision_modules.quantization_states import enable_quant_states
from aihwkit.nn.low_precision_modules.quantized_input_module import QuantizedInputModule
from aihwkit.nn.modules.base import AnalogLayerBase
from aihwkit.simulator.digital_low_precision.config_utils import convert_configs_to_kwargs_dict
from aihwkit.simulator.digital_low_precision.minmax import RangeEstimatorBase
from aihwkit.simulator.digital_low_precision.quantizers import QuantizerBase
from aihwkit.simulator.parameters.quantization import QuantizationMap, QuantizedModuleConfig

__all__ = ["convert_to_quantized", "quantize_model"]

LEAF_MODULES = (RangeEstimatorBase, QuantizerBase)
"""Modules that are parts of quantisers and stay as they are."""


def convert_to_quantized(model: Module, quantization_map: QuantizationMap) -> Any:
    """Return a copy of a model with quantised layers, switched on where they have bits.

    Args:
        model: digital model; analog layers named by the map become digital first.
        quantization_map: which modules are quantised, and how.

    Example:
        >>> config = QuantizationConfig(ActivationQuantConfig(8), WeightQuantConfig(8))
        >>> model = convert_to_quantized(
        ...     model, append_default_conversions(QuantizationMap(config))
        ... )
    """
    model = deepcopy(model)
    quantized = quantize_model(model, quantization_map)
    result = model if quantized is None else quantized
    enable_quant_states(result)
    return result


def quantize_model(
    model: Module, quantization_map: QuantizationMap, model_name: str = ""
) -> Module | None:
    """Quantise a model in place.

    The settings of an instance go before those of its type. A module that is used in several
    places is converted once and stays shared.

    Args:
        model: module to convert, with all it contains.
        quantization_map: which modules are quantised, and how.
        model_name: dotted name of the module within a larger model.

    Returns:
        The module that takes its place, or None if it stays.

    Raises:
        ArgumentError: if the quantised class cannot take the place of the module.
    """
    return _Quantization(quantization_map).quantize(model, model_name)


class _Quantization:
    """One run of the conversion; converted modules are remembered by identity."""

    def __init__(self, quantization_map: QuantizationMap) -> None:
        self.map = quantization_map
        self.done: dict[int, tuple[Module, Module | None]] = {}

    def quantize(self, model: Module, name: str) -> Module | None:
        if name in self.map.excluded_modules or isinstance(model, LEAF_MODULES):
            return None
        if id(model) not in self.done:
            # The original is kept, so that its identity is not given to another module.
            self.done[id(model)] = (model, self._replacement(model, name))
        return self.done[id(model)][1]

    def _replacement(self, model: Module, name: str) -> Module | None:
        config = self.map.instance_qconfig_map.get(
            name, self.map.module_qconfig_map.get(type(model))
        )
        if config is not None:
            return self._quantized(model, config)
        for child_name, child in list(model._modules.items()):
            if child is None:
                continue
            full_name = f"{name}.{child_name}" if name else child_name
            if full_name in self.map.excluded_modules:
                continue
            new = self.quantize(child, full_name) or child
            inputs = self.map.input_activation_qconfig_map.get(full_name)
            if inputs is not None:
                new = QuantizedInputModule(new, inputs)
            model._modules[child_name] = new
        return None

    def _quantized(self, model: Module, config: QuantizedModuleConfig) -> Module | None:
        settings = config.module_qconfig
        if settings.weight_quant.n_bits <= 0 and settings.activation_quant.n_bits <= 0:
            return None
        keywords = convert_configs_to_kwargs_dict(settings)
        if isinstance(model, AnalogLayerBase) and not model.IS_CONTAINER:
            model = _digital(model)
        if type(model) not in DEFAULT_CONVERSIONS:
            return config.quantized_module(model, quantization_map=self.map, **keywords)
        quantized = config.quantized_module(**get_module_args(model), **keywords)
        place: Any = next(model.parameters(), None)
        if place is not None:
            quantized.to(device=place.device, dtype=place.dtype)
        quantized.weight = model.weight
        if getattr(model, "bias", None) is not None:
            quantized.bias = model.bias
        return quantized.train(model.training)


def _digital(model: Any) -> Module:
    digital: Module = convert_to_digital(model)
    if type(digital) not in (Linear, Conv2d):
        raise ArgumentError(
            "analog layers can be quantised if they become Linear or Conv2d, got "
            f"{type(model).__name__}, which becomes {type(digital).__name__}"
        )
    return digital
