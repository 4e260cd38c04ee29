"""Range estimators of a quantiser and their options fit together."""

import pytest

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.digital_low_precision.config_utils import (
    CurrentMinMaxEstimatorParams,
    RunningMinMaxEstimatorParams,
)
from aihwkit.simulator.digital_low_precision.range_estimators import RangeEstimators
from aihwkit.simulator.parameters.quantization import (
    ActivationQuantConfig,
    QuantizationConfig,
    QuantizationMap,
    WeightQuantConfig,
)


def test_defaults():
    activation, weight = ActivationQuantConfig(), WeightQuantConfig()
    assert (activation.n_bits, activation.symmetric) == (0, True)
    assert activation.range_estimator is RangeEstimators.running_minmax
    assert activation.range_estimator_params == RunningMinMaxEstimatorParams(0.9)
    assert weight.range_estimator is RangeEstimators.current_minmax
    assert weight.range_estimator_params == CurrentMinMaxEstimatorParams()
    assert not weight.per_channel
    assert QuantizationConfig(activation, weight) == QuantizationConfig()


def test_setting_an_estimator_resets_its_options():
    config = ActivationQuantConfig(range_estimator_params=RunningMinMaxEstimatorParams(0.5))
    assert config.range_estimator_params.momentum == 0.5
    config.range_estimator = RangeEstimators.current_minmax
    assert config.range_estimator_params == CurrentMinMaxEstimatorParams()
    config.range_estimator = RangeEstimators.allminmax
    assert config.range_estimator_params is None


def test_options_of_another_estimator_are_refused():
    config = ActivationQuantConfig()
    with pytest.raises(TypeError, match="must be of type Running"):
        config.range_estimator_params = CurrentMinMaxEstimatorParams()
    config.range_estimator = RangeEstimators.allminmax
    with pytest.raises(TypeError, match="must be of type NoneType"):
        config.range_estimator_params = RunningMinMaxEstimatorParams()


def test_channels_are_compared():
    assert WeightQuantConfig(per_channel=True) != WeightQuantConfig()


def test_wrong_numbers_are_refused():
    with pytest.raises(ConfigError, match="n_bits"):
        ActivationQuantConfig(n_bits=8.5)


def test_map_has_empty_tables():
    quantization_map = QuantizationMap(default_qconfig=None)
    assert quantization_map.module_qconfig_map == {}
    assert quantization_map.excluded_modules == []
