"""Which layers have quantised counterparts, and how those are built."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from torch.nn import Conv2d, Embedding, LayerNorm, Linear, Module

from aihwkit.exceptions import ArgumentError
from aihwkit.nn.low_precision_modules.quantized_base_modules import (
    QuantConv2d,
    QuantEmbedding,
    QuantLayerNorm,
    QuantLinear,
)
from aihwkit.simulator.parameters.quantization import QuantizationMap, QuantizedModuleConfig

__all__ = ["DEFAULT_CONVERSIONS", "append_default_conversions", "get_module_args"]

DEFAULT_CONVERSIONS: dict[type[Module], type[Module]] = {
    Linear: QuantLinear,
    LayerNorm: QuantLayerNorm,
    Embedding: QuantEmbedding,
    Conv2d: QuantConv2d,
}
"""Quantised class of each layer."""

_ARGUMENTS: dict[type[Module], tuple[str, ...]] = {
    Linear: ("in_features", "out_features"),
    LayerNorm: ("normalized_shape", "eps", "elementwise_affine"),
    Embedding: (
        "num_embeddings",
        "embedding_dim",
        "padding_idx",
        "max_norm",
        "norm_type",
        "scale_grad_by_freq",
        "sparse",
    ),
    Conv2d: (
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
    ),
}
_WITH_BIAS = (Linear, LayerNorm, Conv2d)


def append_default_conversions(quantization_map: QuantizationMap) -> QuantizationMap:
    """Add the layers of `DEFAULT_CONVERSIONS` that a map lacks, with its default settings."""
    for layer, quantized in DEFAULT_CONVERSIONS.items():
        if layer not in quantization_map.module_qconfig_map:
            quantization_map.module_qconfig_map[layer] = QuantizedModuleConfig(
                quantized, deepcopy(quantization_map.default_qconfig)
            )
    return quantization_map


def get_module_args(module: Module, activation: Module | None = None) -> dict[str, Any]:
    """Return the keyword arguments that build a layer like `module`.

    Args:
        module: a layer of `DEFAULT_CONVERSIONS`.
        activation: activation function for the quantised layer.

    Raises:
        ArgumentError: for another module.
    """
    names = _ARGUMENTS.get(type(module))
    if names is None:
        known = ", ".join(cls.__name__ for cls in _ARGUMENTS)
        raise ArgumentError(f"module must be one of {known}, got {type(module).__name__}")
    arguments = {name: getattr(module, name) for name in names}
    if isinstance(module, _WITH_BIAS):
        arguments["bias"] = module.bias is not None
    return {**arguments, "activation": activation}
