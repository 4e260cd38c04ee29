"""What a user gets by importing."""

import importlib
import subprocess
import sys

import pytest

PUBLIC = [
    "inferno",
    "inferno.core",
    "inferno.core.infrastructure",
    "inferno.core.math",
    "inferno.core.tensor",
    "inferno.core.trace",
    "inferno.functional",
    "inferno.functional.bounding",
    "inferno.functional.dimreductiion",
    "inferno.functional.extrapolation",
    "inferno.functional.interpolation",
    "inferno.functional.protocols",
    "inferno.functional.stdkernels",
    "inferno.observe",
    "inferno.observe.monitors",
    "inferno.observe.pooling",
    "inferno.observe.reducers.base",
    "inferno.observe.reducers.general",
    "inferno.observe.reducers.stats",
    "inferno.observe.reducers.trace",
    "inferno.stats",
    "inferno.stats.base",
    "inferno.stats.constraints",
    "inferno.stats.distributions",
    "inferno.extra",
    "inferno.extra.functional",
    "inferno.extra.neural",
    "inferno.types",
    "inferno.types.functional",
    "inferno._internal",
    "inferno._internal.argtest",
    "inferno._internal.utils",
    "inferno.plot",
    "inferno.neural",
    "inferno.neural.functional",
    "inferno.learn",
    "inferno.learn.distributed",
]


@pytest.mark.parametrize("path", PUBLIC)
def test_modules_have_the_names_they_list(path):
    module = importlib.import_module(path)
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing
    assert module.__doc__


def test_importing_the_package_imports_no_more_than_it_says():
    program = (
        "import sys, inferno\n"
        "names = ('neural', 'learn', 'observe', 'stats', 'extra', 'plot')\n"
        "loaded = [n for n in names if f'inferno.{n}' in sys.modules]\n"
        "heavy = [n for n in ('matplotlib', 'scipy', 'numba', 'pandas') if n in sys.modules]\n"
        "assert not loaded and not heavy, (loaded, heavy)\n"
        "inferno.core, inferno.functional, inferno.types, inferno._internal\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("path", ["inferno.extra", "inferno.neural", "inferno.learn"])
def test_every_sub_package_can_be_the_first(path):
    subprocess.run([sys.executable, "-c", f"import {path}"], check=True)
