"""What `import synaptensor` costs and what it leaves alone."""

import subprocess
import sys

import pytest

import synaptensor


def modules_after(statement):
    program = f"import sys; {statement}; print(*sorted(sys.modules))"
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(output.stdout.split())


@pytest.fixture(scope="module")
def loaded():
    return modules_after("import synaptensor") - modules_after("import torch")


def test_brings_nothing_but_itself_and_the_standard_library(loaded):
    foreign = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name.partition(".")[0] for name in foreign} <= {"synaptensor", "torch"}


def test_leaves_tests_benchmarks_and_the_compiler_alone(loaded):
    heavy = {"synaptensor.testing", "synaptensor.benchmark", "torch._dynamo", "pytest", "numba"}
    assert not heavy & loaded


def test_every_public_name_exists():
    for name in synaptensor.__all__:
        assert hasattr(synaptensor, name)
