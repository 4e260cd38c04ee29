import importlib
import subprocess
import sys

import pytest
from torch import nn

import pynsm

CIRCUITS = {"MultiSimilarityMatching", "SimilarityMatching", "SupervisedSimilarityMatching"}
ITERATIONS = {"IterationModule", "IterationLossModule"}


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("pynsm", CIRCUITS | ITERATIONS | {"extract_embeddings", "__version__"}),
        ("pynsm.arch", CIRCUITS | ITERATIONS),
        ("pynsm.arch.base", ITERATIONS),
        ("pynsm.arch.similarity", CIRCUITS),
        ("pynsm.util", {"extract_embeddings"}),
        ("pynsm.util.validation", {"extract_embeddings"}),
    ],
)
def test_each_path_exports_exactly_its_names(module, names):
    imported = importlib.import_module(module)
    assert set(imported.__all__) == names
    for name in names:
        assert getattr(imported, name) is getattr(pynsm, name)


def test_classes_descend_from_each_other():
    chain = pynsm.SupervisedSimilarityMatching.__mro__
    expected = (
        pynsm.SupervisedSimilarityMatching,
        pynsm.MultiSimilarityMatching,
        pynsm.IterationLossModule,
        pynsm.IterationModule,
        nn.Module,
    )
    assert chain[:5] == expected
    assert pynsm.SimilarityMatching.__mro__[1] is pynsm.MultiSimilarityMatching


def test_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert pynsm.__version__ == version("pynsm")


def test_imports_without_an_installed_distribution():
    program = (
        "import importlib.metadata as m\n"
        "original = m.version\n"
        "def version(name):\n"
        "    if name == 'pynsm':\n"
        "        raise m.PackageNotFoundError(name)\n"
        "    return original(name)\n"
        "m.version = version\n"
        "import pynsm\n"
        "print(pynsm.__version__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0+unknown"
