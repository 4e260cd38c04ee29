"""Importing a package brings in nothing that it could do without."""

import subprocess
import sys

import pytest

PACKAGES = ("aihwkit", "bioplnn", "inferno", "pynsm", "synaptensor")
HEAVY = ("torchvision", "matplotlib", "scipy", "numba", "sklearn", "pandas", "tqdm", "pytest")


def run_python(program):
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("package", PACKAGES)
def test_import_leaves_optional_libraries_alone(package):
    program = (
        "import sys, torch\n"
        "before = set(sys.modules)\n"
        f"import {package}\n"
        f"print(*(set({HEAVY!r}) & (set(sys.modules) - before)))\n"
    )
    assert run_python(program) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_import_brings_no_sibling(package):
    siblings = sorted(set(PACKAGES) - {package, "synaptensor"})
    program = f"import sys, {package}\nprint(*(set({siblings!r}) & set(sys.modules)))\n"
    assert run_python(program) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_import_draws_no_random_number(package):
    program = (
        "import torch\n"
        "before = torch.get_rng_state()\n"
        f"import {package}\n"
        "print(torch.equal(before, torch.get_rng_state()))\n"
    )
    assert run_python(program) == ["True"]
