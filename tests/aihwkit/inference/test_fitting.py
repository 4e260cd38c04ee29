"""Known device parameters are found again."""

import numpy as np
import pytest

from aihwkit.exceptions import ArgumentError, ConfigError
from aihwkit.simulator.configs import ConstantStepDevice, SoftBoundsDevice
from aihwkit.utils.fitting import fit_measurements, model_response

pytest.importorskip("scipy")

PULSES = np.concatenate([np.ones(12), -np.ones(12)])

STOP = {"xtol": 1e-4, "ftol": 1e-8}


def soft_bounds(step=0.05, noise=0.0):
    """Response of a noiseless soft-bounds device between -1 and 1, measured with noise."""
    weights = [0.0]
    for sign in PULSES[:-1]:
        w = weights[-1]
        weights.append(w + sign * step * (1 - sign * w))
    generator = np.random.default_rng(0)
    return np.array(weights) + noise * generator.standard_normal(len(weights))


def device():
    return SoftBoundsDevice(w_max=1.0, w_min=-1.0, dw_min=0.02, dw_min_dtod=0.3)


def test_step_is_recovered():
    result, config, response = fit_measurements(
        {"dw_min": (0.02, 0.001, 0.2), "up_down": (0.05, -0.5, 0.5)},
        PULSES,
        soft_bounds(),
        device(),
    )
    assert result.params["dw_min"].value == pytest.approx(0.05, abs=1e-5)
    assert result.params["up_down"].value == pytest.approx(0.0, abs=1e-4)
    assert config.device.dw_min == result.best_values["dw_min"]
    assert config.device.dw_min_dtod == 0.3
    assert response.shape == (24, 1)
    np.testing.assert_allclose(response[:, 0], soft_bounds(), atol=1e-3)


def test_noisy_measurements_are_recovered_within_the_stated_error():
    data = soft_bounds(noise=0.01)
    data[0] = 0.0
    result, _, _ = fit_measurements({"dw_min": (0.02, 0.001, 0.2)}, PULSES, data, device(), **STOP)
    parameter = result.params["dw_min"]
    assert 1e-5 < parameter.stderr < 2e-3
    assert abs(parameter.value - 0.05) < 4 * parameter.stderr


def test_several_measurements_with_weights():
    data = (soft_bounds(), soft_bounds())
    result, _, response = fit_measurements(
        {"dw_min": (0.04, 0.001, 0.2), "up_down": 0.0},
        (PULSES, PULSES),
        data,
        device(),
        fit_weights=[1.0, [2.0]],
        **STOP,
    )
    assert result.params["dw_min"].value == pytest.approx(0.05, abs=1e-4)
    assert not result.params["up_down"].vary
    assert len(response) == 2


def test_response_of_given_parameters():
    from aihwkit.utils.fitting import _fit_config, _suppress_noise

    config = _fit_config(device(), 1)
    _suppress_noise(config.device)
    response = model_response(
        {"dw_min": 0.05}, PULSES, soft_bounds(), config, only_response=True, verbose=False
    )
    np.testing.assert_allclose(response[:, 0], soft_bounds(), atol=1e-5)


def test_bad_arguments_are_refused():
    data = soft_bounds()
    for parameters in ([], {"dw_min": "a"}, {"dw_min": 1.0}, {"dw_min": (0.5, 0.0, 0.1)}):
        with pytest.raises(ArgumentError, match="parameters"):
            fit_measurements(parameters, PULSES, data, device())
    with pytest.raises(ArgumentError, match="both be tuples"):
        fit_measurements({"dw_min": (0.1, 0, 1)}, (PULSES,), data, device())
    with pytest.raises(ArgumentError, match="same shape"):
        fit_measurements({"dw_min": (0.1, 0, 1)}, PULSES[:-1], data, device())
    with pytest.raises(ConfigError, match="'dw_minn'"):
        fit_measurements({"dw_minn": (0.1, 0, 1)}, PULSES, data, ConstantStepDevice())
