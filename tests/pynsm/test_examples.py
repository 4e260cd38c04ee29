"""Every example runs from the command line and gives its published numbers."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")

EXAMPLES = Path(__file__).parents[2] / "packages" / "pynsm" / "examples"


@pytest.fixture
def run(monkeypatch):
    """Call the main function of an example."""
    monkeypatch.syspath_prepend(str(EXAMPLES))

    def call(name, *options):
        main = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]
        return main([*map(str, options), "--quiet"])

    yield call
    for helper in ("common", "cifar"):
        sys.modules.pop(helper, None)


def test_principal_subspace(run, tmp_path):
    figure = tmp_path / "figure.png"
    results = run("pca", "--plot", figure)
    assert results["loss"] == pytest.approx(-2.9048, abs=1e-4)
    assert results["first_error"] == pytest.approx(3.04, abs=0.005)
    assert results["last_error"] == pytest.approx(0.0017, abs=5e-5)
    assert figure.stat().st_size > 0


def test_clustering(run):
    results = run("clustering")
    assert results["loss"] == pytest.approx(-2890.501, abs=0.05)
    assert results["iterations"] == pytest.approx(65, abs=1)
    assert results["worst_match"] == 1.0


def test_canonical_correlations(run):
    results = run("cca", "--epochs", 3)
    assert results["alignment"] > 0.99


# Recorded after the 50 batches of one epoch over the shipped digits, from the default seed; the
# order of sums differs between numbers of threads.
@pytest.mark.parametrize(
    ("name", "loss"), [("nsm_conv_mnist", 0.205), ("nsm_supervised_mnist", 0.209)]
)
def test_mnist(run, name, loss, tmp_path):
    pytest.importorskip("torchvision")
    figure = tmp_path / "figure.png"
    results = run(name, "--epochs", 1, "--no-probe", "--plot", figure)
    assert results["loss"] == pytest.approx(loss, abs=0.01)
    assert figure.stat().st_size > 0


@pytest.mark.parametrize("name", ["nsm_conv_cifar", "nsm_supervised_cifar"])
def test_absent_data_are_reported_with_what_to_do(run, name, tmp_path):
    pytest.importorskip("torchvision")
    with pytest.raises(SystemExit, match=r"CIFAR10 is not in .*download=True"):
        run(name, "--data", tmp_path)


@pytest.mark.parametrize("name", ["nsm_conv_cifar", "nsm_supervised_cifar"])
def test_cifar_on_images_of_its_format(run, name, tmp_path, monkeypatch):
    datasets = pytest.importorskip("torchvision").datasets
    np = pytest.importorskip("numpy")

    class Small:
        def __init__(self, root, train, download):
            generator = np.random.default_rng(int(train))
            self.data = generator.integers(0, 256, (200, 32, 32, 3), dtype=np.uint8)
            self.targets = generator.integers(0, 10, 200).tolist()

    monkeypatch.setattr(datasets, "CIFAR10", Small)
    results = run(name, "--epochs", 1, "--no-probe", "--plot", tmp_path / "figure.png")
    assert -10 < results["loss"] < 10


def test_runs_as_a_script():
    done = subprocess.run(
        [sys.executable, EXAMPLES / "pca.py", "--samples", "4000", "--quiet"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "published" in done.stdout
