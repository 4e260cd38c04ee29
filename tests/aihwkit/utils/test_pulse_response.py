"""Responses of devices to single pulses, against their equations."""

import numpy as np
import pytest
import torch

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    IdealDevice,
    SingleRPUConfig,
    SoftBoundsDevice,
    TransferCompound,
    UnitCellRPUConfig,
    VectorUnitCell,
)
from aihwkit.simulator.presets import PCMPresetUnitCell, ReRamSBPresetDevice
from aihwkit.utils.pulse_response import config_for_reading, up_down_cycles
from aihwkit.utils.visualization import (
    compute_pulse_response,
    compute_pulse_statistics,
    estimate_n_steps,
    get_tile_for_plotting,
)

EXACT = {
    "dw_min_dtod": 0.0,
    "dw_min_std": 0.0,
    "up_down_dtod": 0.0,
    "w_max_dtod": 0.0,
    "w_min_dtod": 0.0,
}


def _trace(device, direction, **options):
    tile = get_tile_for_plotting(SingleRPUConfig(device=device), 2, **options)
    return compute_pulse_response(tile, direction)


def test_constant_steps_go_up_and_down():
    direction = np.array([1.0, 1.0, 1.0, -1.0, -1.0])
    trace = _trace(ConstantStepDevice(dw_min=0.01, **EXACT), direction, w_init=0.0)
    expected = np.array([0.01, 0.02, 0.03, 0.02, 0.01])
    assert trace.shape == (5, 2, 1)
    np.testing.assert_allclose(trace[:, 1, 0], expected, rtol=0, atol=1e-6)


def test_soft_bounds_approach_the_bound_exponentially():
    device = SoftBoundsDevice(dw_min=0.01, w_max=1.0, w_min=-1.0, **EXACT)
    trace = _trace(device, np.ones(50))
    expected = 1.0 - 2.0 * 0.99 ** np.arange(1, 51)
    np.testing.assert_allclose(trace[:, 0, 0], expected, rtol=0, atol=1e-5)


def test_reading_by_the_forward_product_gives_the_weights():
    config = config_for_reading(ConstantStepDevice(**EXACT))
    tile = get_tile_for_plotting(config, 3)
    read = compute_pulse_response(tile, np.ones(4), use_forward=True)
    np.testing.assert_allclose(read[-1], tile.get_weights()[0].numpy(), rtol=0, atol=1e-6)


def test_statistics_recover_a_linear_step():
    device = SoftBoundsDevice(dw_min=0.01, w_max=1.0, w_min=-1.0, **EXACT)
    direction = up_down_cycles(1, 200)
    trace = _trace(device, direction)
    nodes = np.linspace(-0.7, 0.6, 14)
    for up, slope in ((True, -0.01), (False, -0.01)):
        mean, std = compute_pulse_statistics(nodes, trace, direction, up)
        offset = 0.01 if up else -0.01
        np.testing.assert_allclose(mean[:, 0, 0], offset + slope * nodes, rtol=0, atol=3e-4)
        assert (std[:, 0, 0] < 3e-4).all()


def test_statistics_are_undefined_where_nothing_was_seen():
    trace = np.linspace(0.0, 0.1, 11).reshape(-1, 1, 1)
    nodes = np.array([0.0, 0.05, 5.0])
    mean, _ = compute_pulse_statistics(nodes, trace, np.ones(11), up_direction=True)
    assert np.isfinite(mean[:2]).all()
    assert np.isnan(mean[2]).all()


def test_train_turns_after_the_steps():
    direction = up_down_cycles(2, 400)
    assert len(direction) == 1600
    assert (direction[:400] == 1).all()
    assert (direction[400:800] == -1).all()
    assert (direction[800:1200] == 1).all()


@pytest.mark.parametrize(
    "device",
    [
        ReRamSBPresetDevice(),
        VectorUnitCell([ConstantStepDevice(), ConstantStepDevice()]),
        TransferCompound([SoftBoundsDevice(), SoftBoundsDevice()]),
        PCMPresetUnitCell(),
    ],
    ids=lambda device: type(device).__name__,
)
def test_noise_free_tile_repeats_itself(device):
    config = config_for_reading(device)
    tile = get_tile_for_plotting(config, 2, noise_free=True)
    again = get_tile_for_plotting(config, 2, noise_free=True)
    again.set_hidden_parameters(tile.get_hidden_parameters())
    again.set_weights(tile.get_weights()[0])
    tile.set_weights(tile.get_weights()[0])
    first, second = (compute_pulse_response(t, np.ones(20)) for t in (tile, again))
    np.testing.assert_allclose(second, first, rtol=0, atol=1e-5)


def test_configuration_is_not_changed():
    config = UnitCellRPUConfig(device=VectorUnitCell([ConstantStepDevice()]))
    get_tile_for_plotting(config, 2, noise_free=True)
    assert config == UnitCellRPUConfig(device=VectorUnitCell([ConstantStepDevice()]))


def test_initial_weight_is_the_lower_bound():
    tile = get_tile_for_plotting(SingleRPUConfig(device=ConstantStepDevice(**EXACT)), 2)
    torch.testing.assert_close(tile.get_weights()[0], torch.full((2, 1), -0.6))


def test_number_of_steps():
    assert estimate_n_steps(SingleRPUConfig()) == 1200
    assert estimate_n_steps(UnitCellRPUConfig()) == 1000
    with pytest.raises(ConfigError, match=r"IdealDevice has no bounds \(w_min\)"):
        estimate_n_steps(SingleRPUConfig(device=IdealDevice()))
