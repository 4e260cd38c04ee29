"""Range estimators of a quantiser and their options fit together."""

import sys
from dataclasses import dataclass
from enum import Enum
from types import ModuleType

import pytest

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.parameters.quantization import (
    ActivationQuantConfig,
    QuantizationConfig,
    QuantizationMap,
    WeightQuantConfig,
)


class Estimators(Enum):
    current_minmax = 0
    allminmax = 1
    running_minmax = 2
    MSE = 3
    cross_entropy = 4


@dataclass
class Current:
    percentile: float | None = None


@dataclass
class Running:
    momentum: float = 0.9


@pytest.fixture(autouse=True)
def _stand_in_estimators(monkeypatch):
    """Stand in for the estimators, so that only the configuration is tested."""
    package = "aihwkit.simulator.digital_low_precision"
    modules = {name: ModuleType(name) for name in (package, f"{package}.config_utils")}
    ranges = ModuleType(f"{package}.range_estimators")
    ranges.RangeEstimators = Estimators
    utils = modules[f"{package}.config_utils"]
    utils.CurrentMinMaxEstimatorParams, utils.RunningMinMaxEstimatorParams = Current, Running
    utils.MSEEstimatorParams = type("MSEEstimatorParams", (), {})
    utils.CrossEntropyEstimatorParams = type("CrossEntropyEstimatorParams", (), {})
    for name, module in (modules | {ranges.__name__: ranges}).items():
        monkeypatch.setitem(sys.modules, name, module)


def test_defaults():
    activation, weight = ActivationQuantConfig(), WeightQuantConfig()
    assert (activation.n_bits, activation.symmetric) == (0, True)
    assert activation.range_estimator is Estimators.running_minmax
    assert activation.range_estimator_params == Running(0.9)
    assert weight.range_estimator is Estimators.current_minmax
    assert weight.range_estimator_params == Current()
    assert not weight.per_channel
    assert QuantizationConfig(activation, weight) == QuantizationConfig()


def test_setting_an_estimator_resets_its_options():
    config = ActivationQuantConfig(range_estimator_params=Running(0.5))
    assert config.range_estimator_params.momentum == 0.5
    config.range_estimator = Estimators.current_minmax
    assert config.range_estimator_params == Current()
    config.range_estimator = Estimators.allminmax
    assert config.range_estimator_params is None


def test_options_of_another_estimator_are_refused():
    config = ActivationQuantConfig()
    with pytest.raises(TypeError, match="must be of type Running"):
        config.range_estimator_params = Current()
    config.range_estimator = Estimators.allminmax
    with pytest.raises(TypeError, match="must be of type NoneType"):
        config.range_estimator_params = Running()


def test_channels_are_compared():
    assert WeightQuantConfig(per_channel=True) != WeightQuantConfig()


def test_wrong_numbers_are_refused():
    with pytest.raises(ConfigError, match="n_bits"):
        ActivationQuantConfig(n_bits=8.5)


def test_map_has_empty_tables():
    quantization_map = QuantizationMap(default_qconfig=None)
    assert quantization_map.module_qconfig_map == {}
    assert quantization_map.excluded_modules == []
