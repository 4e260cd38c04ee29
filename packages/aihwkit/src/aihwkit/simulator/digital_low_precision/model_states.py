"""What is quantised in a model, and what happens to the ranges of its quantisers."""

from __future__ import annotations

from collections.abc import Iterator

from torch.nn import Module

from aihwkit.simulator.digital_low_precision.base_quantized_classes import QuantizedModule
from aihwkit.simulator.digital_low_precision.quantization_manager import QuantizationManager

__all__ = [
    "enable_quant_states",
    "estimate_act_ranges",
    "estimate_ranges",
    "estimate_ranges_train",
    "fix_act_ranges",
    "fix_ranges",
    "fix_weight_ranges",
    "full_precision",
    "full_precision_acts",
    "full_precision_weights",
    "learn_ranges",
    "quantized",
    "quantized_acts",
    "quantized_weights",
    "reset_act_ranges",
    "set_quant_state",
]

_WEIGHTS = "weight_quantizer"


def _modules(model: Module) -> Iterator[QuantizedModule]:
    return (module for module in model.modules() if isinstance(module, QuantizedModule))


def _managers(model: Module, weights: bool, acts: bool) -> Iterator[QuantizationManager]:
    """Generate the quantisers of weights, and all others, which see activations."""
    for name, module in model.named_modules():
        if isinstance(module, QuantizationManager):
            of_weights = name.rpartition(".")[2] == _WEIGHTS
            if (weights and of_weights) or (acts and not of_weights):
                yield module


def set_quant_state(model: Module, weight_quant: bool, act_quant: bool) -> None:
    """Say whether weights and whether outputs are quantised."""
    for module in _modules(model):
        module._set(weights=weight_quant, acts=act_quant)


def enable_quant_states(model: Module) -> None:
    """Quantise weights and outputs of every module that has bits for them."""
    for module in _modules(model):
        module._quant_w = module.n_bits > 0
        module._quant_a = module.n_bits_act > 0
        module.cached_params = None


def quantized_weights(model: Module) -> None:
    """Quantise weights."""
    for module in _modules(model):
        module.quantized_weights()


def full_precision_weights(model: Module) -> None:
    """Leave weights as they are."""
    for module in _modules(model):
        module.full_precision_weights()


def quantized_acts(model: Module) -> None:
    """Quantise outputs."""
    for module in _modules(model):
        module.quantized_acts()


def full_precision_acts(model: Module) -> None:
    """Leave outputs as they are."""
    for module in _modules(model):
        module.full_precision_acts()


def quantized(model: Module) -> None:
    """Quantise weights and outputs."""
    set_quant_state(model, True, True)


def full_precision(model: Module) -> None:
    """Leave weights and outputs as they are."""
    set_quant_state(model, False, False)


def learn_ranges(model: Module) -> None:
    """Let optimizers learn the ranges of all quantisers that have one."""
    for manager in _managers(model, weights=True, acts=True):
        if manager.quantizer.is_initialized:
            manager.learn_ranges()


def _fix(model: Module, weights: bool, acts: bool) -> None:
    for manager in _managers(model, weights, acts):
        if manager.quantizer.is_initialized:
            manager.fix_ranges()


def fix_ranges(model: Module) -> None:
    """Keep all ranges that are known."""
    _fix(model, weights=True, acts=True)


def fix_act_ranges(model: Module) -> None:
    """Keep the ranges of activations that are known."""
    _fix(model, weights=False, acts=True)


def fix_weight_ranges(model: Module) -> None:
    """Keep the ranges of weights that are known."""
    _fix(model, weights=True, acts=False)


def estimate_ranges(model: Module) -> None:
    """Estimate all ranges anew from all data that pass."""
    for manager in _managers(model, weights=True, acts=True):
        manager.estimate_ranges()


def estimate_act_ranges(model: Module) -> None:
    """Estimate the ranges of activations anew from all data that pass."""
    for manager in _managers(model, weights=False, acts=True):
        manager.estimate_ranges()


def estimate_ranges_train(model: Module) -> None:
    """Estimate all ranges anew from data that pass in training mode."""
    for manager in _managers(model, weights=True, acts=True):
        manager.estimate_ranges_train()


def reset_act_ranges(model: Module) -> None:
    """Forget the ranges of activations and estimate them again from now on."""
    for manager in _managers(model, weights=False, acts=True):
        manager.reset_ranges()
