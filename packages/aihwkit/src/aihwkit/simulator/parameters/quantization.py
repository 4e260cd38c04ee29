"""Parameters of digital low-precision modules."""

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from .checked import CheckedParameters

__all__ = [
    "ActivationQuantConfig",
    "BaseQuantConfig",
    "QuantizationConfig",
    "QuantizationMap",
    "QuantizedModuleConfig",
    "WeightQuantConfig",
]


# Imported when the first object is made: these modules read parameters themselves.
_LOW_PRECISION = "aihwkit.simulator.digital_low_precision"


def _estimators() -> Any:
    return import_module(f"{_LOW_PRECISION}.range_estimators").RangeEstimators


def _parameter_classes() -> dict[Any, type | None]:
    """Return the class of the options of every range estimator (None: it has no options)."""
    config_utils: Any = import_module(f"{_LOW_PRECISION}.config_utils")
    estimators = _estimators()
    return {
        estimators.current_minmax: config_utils.CurrentMinMaxEstimatorParams,
        estimators.allminmax: None,
        estimators.running_minmax: config_utils.RunningMinMaxEstimatorParams,
        estimators.MSE: config_utils.MSEEstimatorParams,
        estimators.cross_entropy: config_utils.CrossEntropyEstimatorParams,
    }


@dataclass
class BaseQuantConfig(CheckedParameters):
    """A uniform quantiser and the estimator of its range."""

    _range_estimator: Any
    n_bits: int = 0
    """Number of bits; 0 or less: no quantisation."""

    symmetric: bool = True
    """Symmetric range around zero."""

    _range_estimator_params: Any = field(init=False, default=None)
    _range_estimator_to_params: Any = field(init=False, default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Give the estimator its default options."""
        self._range_estimator_to_params = _parameter_classes()
        self.range_estimator = self._range_estimator
        super().__post_init__()

    @property
    def range_estimator(self) -> Any:
        """Estimator of the range; setting it resets its options."""
        return self._range_estimator

    @range_estimator.setter
    def range_estimator(self, estimator: Any) -> None:
        parameter_class = self._range_estimator_to_params[estimator]
        self._range_estimator = estimator
        self._range_estimator_params = None if parameter_class is None else parameter_class()

    @property
    def range_estimator_params(self) -> Any:
        """Options of the estimator; None if it has none.

        Raises:
            TypeError: If the options set belong to another estimator.
        """
        return self._range_estimator_params

    @range_estimator_params.setter
    def range_estimator_params(self, params: Any) -> None:
        parameter_class = self._range_estimator_to_params[self._range_estimator]
        expected = type(None) if parameter_class is None else parameter_class
        if not isinstance(params, expected):
            raise TypeError(
                f"range_estimator_params must be of type {expected.__name__} for "
                f"{self._range_estimator}, got {params!r}"
            )
        self._range_estimator_params = params


@dataclass(init=False)
class ActivationQuantConfig(BaseQuantConfig):
    """Quantiser of activations.

    Args:
        n_bits: Number of bits; 0 or less: no quantisation.
        symmetric: Symmetric range around zero.
        range_estimator: Estimator of the range (default: running minimum and maximum).
        range_estimator_params: Options of the estimator (default: its own).
    """

    def __init__(
        self,
        n_bits: int = 0,
        symmetric: bool = True,
        range_estimator: Any = None,
        range_estimator_params: Any = None,
    ) -> None:
        estimator = _estimators().running_minmax if range_estimator is None else range_estimator
        super().__init__(estimator, n_bits, symmetric)
        if range_estimator_params is not None:
            self.range_estimator_params = range_estimator_params


@dataclass(init=False)
class WeightQuantConfig(BaseQuantConfig):
    """Quantiser of weights.

    Args:
        n_bits: Number of bits; 0 or less: no quantisation.
        symmetric: Symmetric range around zero.
        per_channel: One range per output.
        range_estimator: Estimator of the range (default: current minimum and maximum).
        range_estimator_params: Options of the estimator (default: its own).
    """

    per_channel: bool = False

    def __init__(
        self,
        n_bits: int = 0,
        symmetric: bool = True,
        per_channel: bool = False,
        range_estimator: Any = None,
        range_estimator_params: Any = None,
    ) -> None:
        estimator = _estimators().current_minmax if range_estimator is None else range_estimator
        self.per_channel = per_channel
        super().__init__(estimator, n_bits, symmetric)
        if range_estimator_params is not None:
            self.range_estimator_params = range_estimator_params


@dataclass
class QuantizationConfig(CheckedParameters):
    """Quantisers of one layer; the activation quantiser acts on its output."""

    activation_quant: ActivationQuantConfig = field(default_factory=ActivationQuantConfig)
    """Quantiser of the output."""

    weight_quant: WeightQuantConfig = field(default_factory=WeightQuantConfig)
    """Quantiser of the weights."""


@dataclass
class QuantizedModuleConfig(CheckedParameters):
    """A quantised module class and its quantisers."""

    quantized_module: Any
    """Class that replaces the original one."""

    module_qconfig: Any
    """Its quantisers."""


@dataclass
class QuantizationMap(CheckedParameters):
    """Which modules of a model are quantised, and how.

    Excluded modules come first, then the configuration of a single instance, then that of a type.
    """

    default_qconfig: Any = field(default_factory=QuantizationConfig)
    """Kept for convenience; nothing is quantised by default."""

    module_qconfig_map: dict[Any, Any] = field(default_factory=dict)
    """Module type to configuration."""

    instance_qconfig_map: dict[str, Any] = field(default_factory=dict)
    """Dotted module name to configuration."""

    input_activation_qconfig_map: dict[str, Any] = field(default_factory=dict)
    """Dotted module name to the quantiser of its input."""

    excluded_modules: list[Any] = field(default_factory=list)
    """Dotted names of modules that stay as they are."""
