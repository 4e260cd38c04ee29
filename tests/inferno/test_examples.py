"""Every example runs from the command line and comes near its published numbers."""

import runpy
from pathlib import Path

import pytest
import torch

pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")

EXAMPLES = Path(__file__).parents[2] / "packages" / "inferno" / "examples"


def run(name, *options):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"](list(map(str, options)))


def test_florian(tmp_path):
    figure = tmp_path / "figure.png"
    weights = run("florian_mstdp", "--quiet", "--plot", figure)
    expected = {"STDP": 0.269036, "MSTDP": 0.203302, "MSTDPET": 0.334199}
    assert weights == pytest.approx(expected, abs=2e-6)
    assert figure.stat().st_size > 0


def test_learned_delays(tmp_path):
    figure = tmp_path / "figure.png"
    results = run("learned_delays", "--quiet", "--presentations", 35, "--plot", figure)
    assert results["spread_before"] == pytest.approx(6.486, abs=1e-3)
    assert results["spread_after"] < 0.05
    assert (results["spikes_before"], results["spikes_after"]) == (0, 1)
    assert results["spikes_other"] == 0
    assert figure.stat().st_size > 0


def test_convolutional_plasticity(tmp_path):
    pytest.importorskip("torchvision")
    figure = tmp_path / "figure.png"
    results = run("conv_stdp", "--quiet", "--images", 100, "--steps", 10, "--plot", figure)
    assert results["after"] > results["before"] + 0.08
    assert figure.stat().st_size > 0


def test_surrogate_gradient(tmp_path):
    pytest.importorskip("torchvision")
    figure = tmp_path / "figure.png"
    results = run(
        "surrogate_gradient", "--quiet", "--epochs", 1, "--train", 2500, "--test", 500,
        "--plot", figure,
    )  # fmt: skip
    assert results["accuracy"] > 0.6
    assert results["loss"] < 0.5 * results["first_loss"]
    assert figure.stat().st_size > 0


def test_learning_windows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLES / "learning_windows.py"))["main"]()
    assert (tmp_path / "learning_windows.png").stat().st_size > 0


def test_digits_by_plasticity(tmp_path):
    pytest.importorskip("torchvision")
    with torch.no_grad():
        results = run(
            "mnist_stdp", "--train", 40, "--test", 20, "--side", 5, "--duration", 30, "--seed", 1
        )
    assert set(results) >= {"train", "test"}
