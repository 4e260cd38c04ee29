"""Empty environments in which what was built must install and import."""

import os
import shutil
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from packaging.version import Version
from steps import run

__all__ = ["IMPORT_ALL", "check_core", "install_and_import", "installer"]

# Optional libraries may be absent, so only the import gate's error is allowed to stop an import.
IMPORT_ALL = """
import importlib, pkgutil, sys
for name, version in (pair.split("==") for pair in sys.argv[1:]):
    package = importlib.import_module(name)
    found = package.__version__
    assert not version or found == version, f"{found} is installed, not {version}"
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if module.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            if f"{name}[" not in str(error) and "pip install" not in str(error):
                raise
"""


def installer() -> str:
    """Path of uv, which unpacks each release of torch once for all environments, or `"pip"`.

    `hatch run` names the uv that it brings.
    """
    return os.environ.get("HATCH_UV") or shutil.which("uv") or "pip"


def install_and_import(
    archive: Path, name: str, version: Version, torch: str, folder: Path, options: list[str]
) -> str:
    """Install an archive with a release of torch in an empty environment and import everything.

    Args:
        archive: Wheel or sdist.
        name: Name of the distribution.
        version: What it must say that it is.
        torch: Requirement of torch, such as `torch==2.6.*`.
        folder: Where to make the environment.
        options: Options of the installer, for example an index.

    Returns:
        The version of torch that was installed.
    """
    uv = installer() != "pip"
    venv.create(folder, with_pip=not uv, clear=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [installer(), "pip"] if uv else [python, "-m", "pip", "--disable-pip-version-check"]
    place = ["--python", python] if uv else []
    run([*pip, "install", "-q", *place, *options, torch, archive], folder)
    run([*pip, "check", *place], folder)
    run([python, "-c", IMPORT_ALL, f"{name}=={version}"], folder)
    return run([python, "-c", "import torch; print(torch.__version__)"], folder).strip()


def check_core(
    python: str, names: Sequence[str], core: Path, root: Path, tests: Sequence[str] = ()
) -> None:
    """Import packages on a given source tree of the core, and run tests on it.

    Args:
        python: Interpreter that has the packages.
        names: Names of the packages.
        core: Folder that holds the import package of the core.
        root: Where to run.
        tests: Paths of tests; none are run if there are none.
    """
    # A path in the environment comes before what is installed.
    path = {"PYTHONPATH": str(core)}
    run([python, "-c", IMPORT_ALL, *(f"{name}==" for name in names)], root, **path)
    if tests:
        run([python, "-m", "pytest", "-q", "-x", *tests], root, **path)
