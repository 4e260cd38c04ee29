"""Options of range estimators, and what configurations mean for quantised modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aihwkit.simulator.digital_low_precision.quantizers import QMethods
from aihwkit.simulator.digital_low_precision.range_estimators import OptMethod
from aihwkit.simulator.parameters.checked import CheckedParameters, bounded

if TYPE_CHECKING:
    from aihwkit.simulator.parameters.quantization import (
        ActivationQuantConfig,
        QuantizationConfig,
        WeightQuantConfig,
    )

__all__ = [
    "CrossEntropyEstimatorParams",
    "CurrentMinMaxEstimatorParams",
    "MSEEstimatorParams",
    "RunningMinMaxEstimatorParams",
    "convert_act_config_to_kwargs_dict",
    "convert_configs_to_kwargs_dict",
    "convert_weight_config_to_kwargs_dict",
]


@dataclass
class CurrentMinMaxEstimatorParams(CheckedParameters):
    """Options of the current minimum and maximum."""

    percentile: float | None = None
    """Percentage of values to leave out at either end; None: none."""


@dataclass
class RunningMinMaxEstimatorParams(CheckedParameters):
    """Options of the running minimum and maximum."""

    momentum: float = bounded(0.9, 0.0, 1.0)
    """Weight of the range so far."""


@dataclass
class MSEEstimatorParams(CheckedParameters):
    """Options of the range with the smallest error."""

    range_opt_method: OptMethod = OptMethod.golden_section
    """How the range is searched."""

    num_candidates: int = bounded(100, minimum=1)
    """Number of ranges to try on a grid."""

    range_margin: float = 0.5
    """How far ranges may exceed the data."""


@dataclass
class CrossEntropyEstimatorParams(MSEEstimatorParams):
    """Options of the range with the smallest cross entropy."""


def _method(symmetric: bool) -> QMethods:
    return QMethods.symmetric_uniform if symmetric else QMethods.asymmetric_uniform


def _options(params: Any) -> dict[str, Any]:
    """Return the keywords of an estimator for its options."""
    if isinstance(params, MSEEstimatorParams):
        return {
            "opt_method": params.range_opt_method,
            "num_candidates": params.num_candidates,
            "range_margin": params.range_margin,
        }
    return {} if params is None else dict(vars(params))


def convert_weight_config_to_kwargs_dict(config: WeightQuantConfig) -> dict[str, Any]:
    """Return the keywords of a quantised module that concern its weights."""
    params = config.range_estimator_params
    return {
        "method": _method(config.symmetric),
        "n_bits": config.n_bits,
        "per_channel_weights": config.per_channel,
        "percentile": getattr(params, "percentile", None),
        "weight_range_method": config.range_estimator,
        "weight_range_options": _options(params),
    }


def convert_act_config_to_kwargs_dict(config: ActivationQuantConfig) -> dict[str, Any]:
    """Return the keywords of a quantised module that concern its output."""
    return {
        "act_method": _method(config.symmetric),
        "n_bits_act": config.n_bits,
        "act_range_method": config.range_estimator,
        "act_range_options": _options(config.range_estimator_params),
    }


def convert_configs_to_kwargs_dict(config: QuantizationConfig) -> dict[str, Any]:
    """Return the keywords of a quantised module for its configuration."""
    return {
        **convert_weight_config_to_kwargs_dict(config.weight_quant),
        **convert_act_config_to_kwargs_dict(config.activation_quant),
    }
