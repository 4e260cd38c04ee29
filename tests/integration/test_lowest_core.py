"""Every package imports with the lowest version of the core that it allows."""

import importlib
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tool(monkeypatch):
    """The release tool's modules `distribution` and `environments`."""
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "release"))
    yield importlib.import_module("distribution"), importlib.import_module("environments")
    for name in ("distribution", "environments", "steps"):
        sys.modules.pop(name, None)


def lowest_core(package, core, folder):
    """Source folder of the lowest allowed core: that of its tag, or the tree's before its tag."""
    lowest = package.lowest(core.name)
    tagged = [v for v in core.released() if v >= lowest] if (ROOT / ".git").exists() else []
    if not tagged:
        assert core.version in package.requirement(core.name).specifier
        return core.folder / "src"
    folder.mkdir()
    archive = folder / "core.tar"
    command = ["git", "archive", "-o", str(archive), core.tag(tagged[0]), "shared"]
    subprocess.run(command, cwd=ROOT, check=True)
    with tarfile.open(archive) as content:
        content.extractall(folder, filter="data")
    return folder / "shared" / "src"


def test_packages_import_on_the_lowest_core(tool, tmp_path):
    distribution, environments = tool
    core = distribution.Distribution("synaptensor", ROOT)
    by_core = {}
    for name in ("aihwkit", "bioplnn", "inferno", "pynsm"):
        package = distribution.Distribution(name, ROOT)
        by_core.setdefault(lowest_core(package, core, tmp_path / name), []).append(name)
    for source, names in by_core.items():
        environments.check_core(sys.executable, names, source, ROOT)
