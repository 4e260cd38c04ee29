"""What is quantised in a model: functions that take the model."""

from aihwkit.simulator.digital_low_precision.model_states import (
    enable_quant_states,
    estimate_act_ranges,
    estimate_ranges,
    estimate_ranges_train,
    fix_act_ranges,
    fix_ranges,
    fix_weight_ranges,
    full_precision,
    full_precision_acts,
    full_precision_weights,
    learn_ranges,
    quantized,
    quantized_acts,
    quantized_weights,
    reset_act_ranges,
    set_quant_state,
)

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
