"""A built wheel of each distribution installs alone, with the core, and imports there."""

import subprocess
import sys
import venv
import zipfile
from email import message_from_bytes
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "synaptensor": ROOT / "shared",
    **{name: ROOT / "packages" / name for name in ("aihwkit", "bioplnn", "inferno", "pynsm")},
}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Folder with a freshly built wheel of every distribution."""
    folder = tmp_path_factory.mktemp("dist")
    for source in FOLDERS.values():
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
        subprocess.run(command, cwd=source, check=True, capture_output=True, text=True)
    return folder


def requirements_of(name, wheels):
    """What a distribution asks for; a workspace member by its new wheel, not as installed."""
    if name not in FOLDERS:
        return [Requirement(line) for line in distribution(name).requires or ()]
    (wheel,) = wheels.glob(f"{name}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (e for e in archive.namelist() if e.endswith(".dist-info/METADATA"))
        lines = message_from_bytes(archive.read(metadata)).get_all("Requires-Dist", [])
    return [Requirement(line) for line in lines]


def requirement_closure(members, wheels):
    """Distributions that the given workspace members need, directly or not, members excluded."""
    found, queue = {}, [(name, frozenset()) for name in members]
    while queue:
        name, wanted = queue.pop()
        for requirement in requirements_of(name, wheels):
            environments = [{"extra": extra} for extra in (wanted or {""})]
            marker = requirement.marker
            if marker is not None and not any(marker.evaluate(env) for env in environments):
                continue
            if requirement.name in FOLDERS or requirement.name in found:
                continue
            try:
                found[requirement.name] = distribution(requirement.name)
            except PackageNotFoundError:
                continue  # e.g. an accelerator library that this build of torch does without
            queue.append((requirement.name, frozenset(requirement.extras)))
    return found


def link_into(site_packages, dependencies):
    """Make exactly these installed distributions visible in another environment."""
    for dependency in dependencies.values():
        root = Path(str(dependency.locate_file("")))
        tops = {file.parts[0] for file in dependency.files or () if file.parts[0] != ".."}
        for top in tops - {"__pycache__"}:
            target = site_packages / top
            if (root / top).exists() and not target.exists():
                target.symlink_to(root / top)


def make_environment(folder, dependencies):
    """Create an empty environment with pip and the given third-party distributions only."""
    venv.create(folder, with_pip=True, symlinks=True)
    site_packages = next(folder.glob("lib/python*/site-packages"))
    link_into(site_packages, dependencies)
    return folder / "bin" / "python"


@pytest.mark.skipif(sys.platform == "win32", reason="links dependencies with POSIX symlinks")
@pytest.mark.parametrize("name", FOLDERS)
def test_wheel_installs_alone_and_imports(name, wheels, tmp_path):
    members = {name, "synaptensor"}
    python = make_environment(tmp_path / "environment", requirement_closure(members, wheels))
    install = [python, "-m", "pip", "install", "-q", "--no-index", "--find-links", wheels, name]
    done = subprocess.run(install, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    program = (
        f"import {name}, importlib.util as u, importlib.metadata as m\n"
        f"assert m.version({name!r}) == {name}.__version__\n"
        f"others = {sorted(set(FOLDERS) - members)!r}\n"
        "assert not [other for other in others if u.find_spec(other)]\n"
    )
    done = subprocess.run(
        [python, "-W", "error", "-c", program],
        check=False, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", FOLDERS)
def test_wheel_is_pure_typed_and_licensed(name, wheels):
    (wheel,) = wheels.glob(f"{name}-*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert f"{name}/py.typed" in names
    assert any(entry.endswith("licenses/LICENSE") for entry in names)
    allowed = (f"{name}/", wheel.name.split("-py3")[0] + ".dist-info/")
    assert [entry for entry in names if not entry.startswith(allowed)] == []


@pytest.mark.parametrize("name", FOLDERS)
def test_torch_has_a_lower_bound_and_no_upper_pin(name, wheels):
    requirements = requirements_of(name, wheels)
    (torch_requirement,) = (entry for entry in requirements if entry.name == "torch")
    operators = {spec.operator for spec in torch_requirement.specifier}
    assert operators == {">="}
