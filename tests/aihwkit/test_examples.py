"""Every example runs from the command line, learns, and saves its figure."""

import runpy
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("torchvision")
pytest.importorskip("tqdm")

EXAMPLES = Path(__file__).parents[2] / "packages" / "aihwkit" / "examples"
SHARED = ("common", "toy", "mnist_fully_connected")


@pytest.fixture
def run(monkeypatch):
    """Call the main function of an example."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    for name in SHARED:
        monkeypatch.delitem(sys.modules, name, raising=False)

    def call(name, *options):
        main = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]
        return main([*map(str, options), "--quiet"])

    yield call
    for name in SHARED:
        sys.modules.pop(name, None)


@pytest.fixture
def figure(tmp_path):
    """A file that must hold a figure after the test."""
    file = tmp_path / "figure.png"
    yield file
    assert file.stat().st_size > 0


def test_simple_layer(run, figure):
    results = run("simple_layer", "--plot", figure)
    assert results["last"] < results["first"] / 5


@pytest.mark.parametrize("name", ["mnist_fully_connected", "lenet5"])
def test_mnist_examples_run(run, name):
    results = run(name, "--epochs", 1, "--limit", 64)
    assert results["loss"] < 3.0
    assert 0.0 <= results["accuracy"] <= 1.0


def test_other_devices(run, figure):
    results = run("other_devices", "--epochs", 30, "--plot", figure)
    assert len(results) == 9
    assert all(loss < 0.15 for loss in results.values())


def test_tiki_taka(run, figure):
    results = run("tiki_taka", "--epochs", 40, "--plot", figure)
    assert set(results) == {"SGD", "Tiki-taka", "TTv2", "c-TTv2", "AGAD"}
    assert all(0.05 < error < 0.4 for error in results.values())


def test_mixed_precision(run, figure):
    results = run("mixed_precision", "--epochs", 1, "--limit", 100, "--plot", figure)
    assert set(results) == {"plain", "mixed precision"}
    assert all(0.0 <= value <= 1.0 for value in results.values())


@pytest.mark.parametrize("cell", ["gru", "lstm-combined"])
def test_recurrent(run, figure, cell):
    results = run("recurrent", "--cell", cell, "--epochs", 8, "--points", 40, "--plot", figure)
    assert results["last"] < results["first"]


def test_analog_matrix(run, figure):
    results = run("analog_matrix", "--grid", 6, "--iterations", 8, "--plot", figure)
    assert results["analog"] < 1e-6
    assert results["none"] > 1e-4


def test_a_torchvision_network_becomes_analog_and_trains(run, figure):
    options = ["--steps", 1, "--batch-size", 2, "--limit", 20]
    results = run("convert_network", *options, "--plot", figure)
    # Stages of 8, 12, 19 and 33 tiles, for kernel matrices of up to 4608 inputs.
    assert results["tiles"] == 72
    assert 1.5 < results["first"] < 4.0
