"""A model that is quantised as a whole."""

from __future__ import annotations

from torch.nn import Module

from aihwkit.simulator.digital_low_precision import model_states

__all__ = ["QuantizedModel"]


class QuantizedModel(Module):
    """Module with quantised parts, and methods that say what is quantised in all of them."""

    quantized_weights = model_states.quantized_weights
    full_precision_weights = model_states.full_precision_weights
    quantized_acts = model_states.quantized_acts
    full_precision_acts = model_states.full_precision_acts
    quantized = model_states.quantized
    full_precision = model_states.full_precision
    learn_ranges = model_states.learn_ranges
    fix_ranges = model_states.fix_ranges
    fix_act_ranges = model_states.fix_act_ranges
    fix_weight_ranges = model_states.fix_weight_ranges
    estimate_ranges = model_states.estimate_ranges
    estimate_act_ranges = model_states.estimate_act_ranges
    estimate_ranges_train = model_states.estimate_ranges_train
    reset_act_ranges = model_states.reset_act_ranges
    set_quant_state = model_states.set_quant_state
