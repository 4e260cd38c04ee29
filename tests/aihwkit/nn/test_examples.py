"""Every example runs from the command line, learns, and saves its figure."""

import runpy
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("torchvision")
pytest.importorskip("tqdm")

EXAMPLES = Path(__file__).parents[3] / "packages" / "aihwkit" / "examples"


@pytest.fixture
def run(monkeypatch):
    """Call the main function of an example."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    sys.modules.pop("common", None)

    def call(name, *options):
        main = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]
        return main([*map(str, options), "--quiet"])

    yield call
    sys.modules.pop("common", None)


def test_simple_layer(run, tmp_path):
    figure = tmp_path / "figure.png"
    results = run("simple_layer", "--plot", figure)
    assert results["last"] < results["first"] / 5
    assert figure.stat().st_size > 0


@pytest.mark.parametrize("name", ["mnist_fully_connected", "lenet5"])
def test_mnist_examples_run(run, name):
    results = run(name, "--epochs", 1, "--limit", 64)
    assert results["loss"] < 3.0
    assert 0.0 <= results["accuracy"] <= 1.0
