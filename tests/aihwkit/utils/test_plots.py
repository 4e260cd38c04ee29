"""Plots show what was computed."""

import numpy as np
import pytest
import torch

from aihwkit.exceptions import TileError
from aihwkit.nn import AnalogLinear, AnalogSequential
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    InferenceRPUConfig,
    SingleRPUConfig,
    TorchInferenceRPUConfig,
)
from aihwkit.simulator.presets import IdealizedPresetDevice, ReRamSBPresetDevice
from aihwkit.utils import visualization, visualization_web
from aihwkit.utils.weight_plots import _binned_error

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_pulse_response_draws_one_line_a_device():
    tile = visualization.get_tile_for_plotting(SingleRPUConfig(), 3)
    _, axes = plt.subplots()
    trace = visualization.plot_pulse_response(tile, np.ones(5), axes=axes)
    assert len(axes.lines) == 3
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), trace[:, 1, 0])
    assert axes.get_title() == "ConstantStepDevice (without cycle/read noise)"


def test_pulse_statistics_draw_mean_and_band():
    tile = visualization.get_tile_for_plotting(SingleRPUConfig(), 2)
    trace = visualization.compute_pulse_response(tile, np.ones(200))
    _, axes = plt.subplots()
    nodes, mean, std = visualization.plot_pulse_statistics(
        trace, np.ones(200), True, num_nodes=7, axes=axes
    )
    assert nodes.shape == (7,)
    assert mean.shape == std.shape == (7, 2, 1)
    assert len(axes.lines) == len(axes.collections) == 2
    assert axes.get_title() == "up-direction"


def test_overview_has_four_panels():
    figure = visualization.plot_device(ReRamSBPresetDevice(), n_loops=1, n_steps=100, n_traces=2)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [
        "ReRamSBPresetDevice",
        "ReRamSBPresetDevice (without cycle/read noise)",
        "up-direction",
        "down-direction",
    ]


def test_compact_plot_returns_the_figure():
    figure = visualization.plot_device_compact(ConstantStepDevice(), n_steps=100, linewidth=2)
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert sorted(labels) == ["Down pulse size", "Pulse number #", "Up pulse size"]
    assert all(line.get_linewidth() == 2 for axes in figure.axes for line in axes.lines)


def test_compact_plot_returns_given_axes():
    _, axes = plt.subplots()
    assert visualization.plot_device_compact(ConstantStepDevice(), n_steps=50, axes=axes) is axes
    assert len(axes.lines) == 3


def test_symmetry_plot():
    figure = visualization.plot_device_symmetry(ReRamSBPresetDevice(), n_pulses=50, n_traces=2)
    (axes,) = figure.axes
    assert axes.get_ylim() == (-1.0, 1.0)
    assert len(axes.lines[0].get_ydata()) == 50


def test_programming_error_of_a_small_matrix():
    _, axes = plt.subplots()
    visualization.plot_programming_error(IdealizedPresetDevice(), n_rows=4, axes=axes, max_iter=20)
    assert axes.get_ylabel() == "Programming error [% of gmax]"


def test_binned_error_leaves_empty_bins_open():
    target = np.array([-0.9, -0.8, 0.9])
    actual = target + np.array([0.1, -0.3, 0.0])
    centres, mean, error = _binned_error(target, actual, np.array([-1.0, -0.5, 0.5, 1.0]))
    np.testing.assert_allclose(centres, [-0.75, 0.0, 0.75])
    np.testing.assert_allclose(mean, [0.2, np.nan, 0.0])
    np.testing.assert_allclose(error[[0, 2]], [0.1 / np.sqrt(2), 0.0], atol=1e-12)


def test_plots_take_and_return_axes():
    _, (left, right) = plt.subplots(1, 2)
    device = ConstantStepDevice()
    assert visualization.plot_device_symmetry(device, n_pulses=10, axes=left) is left
    assert len(left.lines) == 3
    drift = visualization.plot_weight_drift(
        t_inference_list=[1.0, 10.0], w_inits=[-0.5, 0.5], n_repeats=2, axes=right
    )
    assert drift is right
    assert right.get_xscale() == "log"
    assert len(right.lines) == len(right.collections) == 2


def test_programming_error_of_a_model_leaves_it_as_it_was():
    model = AnalogSequential(
        AnalogLinear(6, 5, rpu_config=InferenceRPUConfig()),
        AnalogLinear(5, 3, rpu_config=TorchInferenceRPUConfig()),
    ).eval()
    _, axes = plt.subplots()
    with pytest.raises(TileError, match="programmed first"):
        visualization.plot_model_programming_error(model, axes=axes)
    model.program_analog_weights()
    model.drift_analog_weights(100.0)
    before = [tile.tile.get_weights() for tile in model.analog_tiles()]
    assert visualization.plot_model_programming_error(model, n_bins=5, axes=axes) is axes
    after = [tile.tile.get_weights() for tile in model.analog_tiles()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_programming_error_after_drift():
    _, axes = plt.subplots()
    config = InferenceRPUConfig(drift_compensation=None)
    early = visualization.plot_programming_error(config, n_rows=30, n_bins=5, axes=axes)
    visualization.plot_programming_error(config, n_rows=30, n_bins=5, axes=axes, t_inference=1e5)
    assert early is axes
    first, second = (np.nanmean(c.lines[0].get_ydata()) for c in axes.containers)
    assert second > first


def test_web_plots_are_dark_and_come_in_two_sizes(tmp_path, monkeypatch):
    figure = visualization_web.plot_device_compact_web(ConstantStepDevice(), n_steps=20)
    for axes in figure.axes:
        assert matplotlib.colors.to_hex(axes.get_facecolor()) == "#262626"
        assert axes.lines[0].get_color() == visualization_web.WEB_COLORS[0]
    monkeypatch.setattr(visualization_web, "DEVICES", {IdealizedPresetDevice: 20})
    visualization_web.main([str(tmp_path / "web")])
    names = sorted(file.name for file in (tmp_path / "web").iterdir())
    assert names == ["idealized_preset_device-mini.svg", "idealized_preset_device.svg"]
