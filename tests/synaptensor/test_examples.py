"""The examples in docstrings and in the README run."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest
import torch
from torch import nn

import synaptensor

NAMES = ["synaptensor"] + [
    info.name for info in pkgutil.walk_packages(synaptensor.__path__, "synaptensor.")
]
README = Path(__file__).parents[2] / "shared" / "README.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
def test_docstring_examples_are_true(name):
    module = importlib.import_module(name)
    public = {"torch": torch, "nn": nn}
    failures, _ = doctest.testmod(module, extraglobs=public)
    assert failures == 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_readme_programs_run(program):
    exec(program, {"__name__": "readme"})
