import math
import sys

import numpy as np
import pytest
import torch

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

from inferno import learn, plot  # noqa: E402


@pytest.fixture(autouse=True)
def close_figures():
    yield
    pyplot.close("all")


def rule(**kwargs):
    return learn.STDP(
        **{"lr_post": 1e-3, "lr_pre": -2e-3, "tc_post": 30.0, "tc_pre": 20.0} | kwargs
    )


DRAW = {
    "raster": lambda **k: plot.raster(torch.eye(5, dtype=torch.bool), **k),
    "voltages": lambda **k: plot.voltages(torch.rand(5, 2), **k),
    "receptive_fields": lambda **k: plot.receptive_fields(torch.rand(5, 9), **k),
    "weight_histogram": lambda **k: plot.weight_histogram(torch.rand(5, 9), **k),
    "learning_window": lambda **k: plot.learning_window(rule(), [-5.0, 5.0], **k),
}


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
def test_axes_are_taken_or_made_and_returned(draw):
    assert draw().figure.number == 1
    _, ax = pyplot.subplots()
    assert draw(ax=ax) is ax
    assert len(pyplot.get_fignums()) == 2


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
def test_a_missing_matplotlib_names_the_extra(draw, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"inferno\[plot\]"):
        draw()


def test_raster_has_a_mark_for_each_spike():
    spikes = torch.zeros(10, 2, 3)
    spikes[2, 0, 1] = spikes[4, 1, 2] = 1
    points = plot.raster(spikes, 0.5).collections[0].get_offsets()
    assert np.asarray(points).tolist() == [[1.0, 1.0], [2.0, 5.0]]
    with pytest.raises(ValueError, match="`step_time`"):
        plot.raster(spikes, 0.0)
    with pytest.raises(ValueError, match="`spikes`"):
        plot.raster(torch.tensor(1))


def test_voltages_with_spikes_and_threshold():
    voltage = torch.linspace(-60, -50, 12).reshape(6, 2)
    ax = plot.voltages(voltage, 0.5, spikes=voltage > -51, threshold=-52.0, neurons=[1])
    line, dots, threshold = ax.lines
    np.testing.assert_allclose(line.get_ydata(), voltage[:, 1])
    np.testing.assert_allclose(line.get_xdata(), np.arange(6) * 0.5)
    assert dots.get_xydata().tolist() == [[2.5, -52.0]]
    assert threshold.get_ydata() == [-52.0, -52.0]
    with pytest.raises(ValueError, match=r"`spikes`.*\(5,\)"):
        plot.voltages(voltage, spikes=torch.zeros(5))


def test_receptive_fields_are_placed_in_a_grid():
    weight = torch.arange(30.0).reshape(5, 6)
    image = plot.receptive_fields(weight, (2, 3), columns=2).images[0].get_array()
    assert image.shape == (3 * 3 - 1, 2 * 4 - 1)
    np.testing.assert_array_equal(image[3:5, 4:7], weight[3].reshape(2, 3))
    assert np.ma.getmaskarray(np.ma.masked_invalid(image))[6:, 3:].all()
    for bad in ((2, 2), None):
        with pytest.raises(ValueError, match="`inshape`"):
            plot.receptive_fields(weight, bad)
    with pytest.raises(ValueError, match="two dimensions"):
        plot.receptive_fields(torch.rand(3))


def test_histogram_counts_every_weight_once():
    weight = torch.tensor([[0.1, 0.2], [float("nan"), 0.9]])
    ax = plot.weight_histogram(weight, 4, bounds=(0.0, 1.0))
    assert sum(patch.get_height() for patch in ax.patches) == 3
    assert [line.get_xdata()[0] for line in ax.lines] == [0.0, 1.0]
    with pytest.raises(ValueError, match="`weight`"):
        plot.weight_histogram(torch.tensor([float("nan")]))


def test_learning_window_of_pair_stdp():
    differences = [-40.0, -10.0, -1.0, 1.0, 10.0, 40.0]
    trainer = rule()
    change = plot.measure_learning_window(trainer, differences)
    # a postsynaptic spike reads the presynaptic trace, and the other way round
    expected = [
        -2e-3 * math.exp(d / 30.0) if d < 0 else 1e-3 * math.exp(-d / 20.0) for d in differences
    ]
    torch.testing.assert_close(change, torch.tensor(expected), rtol=1e-3, atol=1e-8)
    assert not list(trainer.cells)
    again = plot.measure_learning_window(trainer, differences)
    assert torch.equal(change, again)


def test_learning_window_leaves_the_mode_of_the_trainer():
    trainer = rule().eval()
    ax = plot.learning_window(trainer, step_time=2.0)
    assert not trainer.training
    assert ax.lines[-1].get_xdata()[[0, -1]].tolist() == [-160, 160]


def test_learning_window_of_a_rewarded_rule():
    trainer = learn.MSTDPET(1e-3, -1e-3, 20.0, 20.0, 100.0)
    reward = plot.measure_learning_window(trainer, [5.0, -5.0], tail=20.0, forward_args=(1.0,))
    punish = plot.measure_learning_window(trainer, [5.0, -5.0], tail=20.0, forward_args=(-1.0,))
    assert reward[0] > 0 > reward[1]
    torch.testing.assert_close(punish, -reward)


def test_learning_window_of_a_kernel_is_the_kernel():
    def hat(diff, height):
        return torch.nan_to_num(height * (10.0 - diff.abs()).clamp(min=0.0))

    trainer = learn.KernelSTDP(hat, lambda diff: torch.zeros_like(diff), {"height": 1e-3}, {})
    differences = torch.tensor([-20.0, -4.0, 3.0, 9.0, 15.0])
    change = plot.measure_learning_window(trainer, differences)
    torch.testing.assert_close(change, hat(differences, 1e-3))


@pytest.mark.parametrize(
    ("trainer", "param"),
    [
        (learn.DelayAdjustedSTDP(1e-2, -2e-2, 20.0, 10.0), "weight"),
        (learn.DelayAdjustedSTDPD(1e-2, -2e-2, 20.0, 10.0), "delay"),
    ],
)
def test_learning_window_of_delay_adjusted_rules_is_shifted_by_the_delay(trainer, param):
    differences = torch.tensor([-9.0, 1.0, 4.0, 5.0, 12.0])
    change = plot.measure_learning_window(trainer, differences, delay=4.0, param=param)
    adjusted = differences - 4.0
    expected = torch.where(
        adjusted >= 0, 1e-2 * torch.exp(-adjusted / 20.0), -2e-2 * torch.exp(adjusted / 10.0)
    )
    torch.testing.assert_close(change, expected, rtol=1e-4, atol=1e-7)
    axis = plot.learning_window(trainer, differences, delay=4.0, param=param)
    assert axis.get_ylabel().startswith(param)
    with pytest.raises(ValueError, match="`param`"):
        plot.measure_learning_window(trainer, differences, param="delay")
