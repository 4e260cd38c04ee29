"""What is in a wheel and a source distribution, and what ought to be."""

import hashlib
import re
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from distribution import CORE, Distribution
from packaging.requirements import Requirement
from packaging.version import Version
from steps import ReleaseError, run

__all__ = ["build", "check_sdist", "check_wheel", "contents"]


def build(python: str, source: Path, target: Path) -> tuple[Path, Path]:
    """Build sdist and wheel of a source tree; return the wheel and the sdist."""
    target.mkdir(parents=True, exist_ok=True)
    run([python, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", target], source)
    (wheel,), (sdist,) = target.glob("*.whl"), target.glob("*.tar.gz")
    return wheel, sdist


def contents(wheel: Path) -> dict[str, str]:
    """Names of the files of a wheel and a hash of each."""
    with zipfile.ZipFile(wheel) as archive:
        return {n: hashlib.sha256(archive.read(n)).hexdigest() for n in archive.namelist()}


def metadata(wheel: Path) -> Message:
    """Metadata of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def check_wheel(wheel: Path, package: Distribution, version: Version) -> None:
    """Check the name, the files and the metadata of a wheel.

    Raises:
        ReleaseError: Something is missing, too much or wrong.
    """
    name = package.name
    problems = []
    if wheel.name != f"{name}-{version}-py3-none-any.whl":
        problems.append(f"it is named {wheel.name}")
    files = contents(wheel)
    info = f"{name}-{version}.dist-info/"
    problems += [
        f"{f} does not belong in it" for f in files if not f.startswith((f"{name}/", info))
    ]
    wanted = {f"{name}/__init__.py", f"{name}/py.typed", f"{info}licenses/LICENSE"}
    problems += [f"{f} is missing" for f in sorted(wanted - set(files))]
    sources = {
        p.relative_to(package.folder / "src").as_posix()
        for p in (package.folder / "src" / name).rglob("*.py")
    }
    problems += [f"{f} is missing" for f in sorted(sources - set(files))]
    fields = metadata(wheel)
    problems += [f"{f} is not set" for f in _FIELDS if not fields.get(f)]
    if not str(fields.get_payload()).strip():
        problems.append("the description is empty")
    problems += _wrong_requirements(fields, name)
    if problems:
        raise ReleaseError("the wheel is not right: " + "; ".join(problems))


_FIELDS = ("Name", "Version", "Summary", "Requires-Python", "License-Expression", "Classifier")


def _wrong_requirements(fields: Message, name: str) -> list[str]:
    wanted = {r.name: r for r in map(Requirement, fields.get_all("Requires-Dist", []))}
    problems = []
    if {s.operator for s in wanted["torch"].specifier} != {">="}:
        problems.append(f"it must put a lower bound on torch and no other, got {wanted['torch']}")
    if name != CORE:
        operators = {s.operator for s in wanted[CORE].specifier}
        if operators != {">=", "<"}:
            problems.append(f"it must give a range of {CORE}, got {wanted[CORE]}")
    return problems


def check_sdist(sdist: Path, package: Distribution, python: str, wheel: Path, work: Path) -> None:
    """Check the files of a source distribution, and that it builds the same wheel.

    Raises:
        ReleaseError: Something is missing, or the wheel differs.
    """
    with tarfile.open(sdist) as archive:
        files = {re.sub(r"^[^/]*/", "", n) for n in archive.getnames()}
        archive.extractall(work, filter="data")
    wanted = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "PKG-INFO"}
    if missing := sorted(wanted - files):
        raise ReleaseError(f"the sdist lacks {', '.join(missing)}")
    if stray := sorted(f for f in files if f.startswith("changes/") or f.endswith(".pyc")):
        raise ReleaseError(f"the sdist holds {', '.join(stray)}")
    (source,) = (p for p in work.iterdir() if p.is_dir())
    again, _ = build(python, source, work / "dist")
    if contents(again) != contents(wheel):
        raise ReleaseError("the wheel built from the sdist differs from the one from the tree")
