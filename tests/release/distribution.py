"""A distribution of the workspace: where it lies, what its metadata say."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version
from steps import ReleaseError, run

__all__ = ["CORE", "Distribution", "names"]

CORE = "synaptensor"


def names(root: Path) -> list[str]:
    """Names of all distributions of a workspace."""
    return [CORE, *sorted(p.parent.name for p in root.glob("packages/*/pyproject.toml"))]


@dataclass(frozen=True)
class Distribution:
    """One distribution.

    Args:
        name: Its name, which is that of its import package, too.
        root: Root of the workspace.
    """

    name: str
    root: Path

    @property
    def folder(self) -> Path:
        """Folder that holds its `pyproject.toml`."""
        return self.root / ("shared" if self.name == CORE else f"packages/{self.name}")

    @property
    def changelog(self) -> Path:
        """Its changelog."""
        return self.folder / "CHANGELOG.md"

    @property
    def fragments(self) -> list[Path]:
        """Entries that wait for the next release, oldest name first."""
        return sorted((self.folder / "changes").glob("*.md"))

    @property
    def project(self) -> dict:
        """The `[project]` table."""
        return tomllib.loads((self.folder / "pyproject.toml").read_text())["project"]

    @property
    def version(self) -> Version:
        """Version in the tree."""
        return Version(self.project["version"])

    def requirement(self, name: str) -> Requirement:
        """What it asks of another distribution."""
        wanted = [Requirement(line) for line in self.project["dependencies"]]
        (found,) = (requirement for requirement in wanted if requirement.name == name)
        return found

    def lowest(self, name: str) -> Version:
        """Lowest version of another distribution that it allows."""
        bounds = [s for s in self.requirement(name).specifier if s.operator in (">=", "==")]
        if len(bounds) != 1:
            raise ReleaseError(f"{self.name} must give one lowest version of {name}")
        return Version(bounds[0].version.removesuffix(".*"))

    def tag(self, version: Version | str) -> str:
        """Name of the tag of a version."""
        return f"{self.name}-v{version}"

    def released(self) -> list[Version]:
        """Versions that have a tag, lowest first."""
        found = []
        for tag in run(["git", "tag", "--list", f"{self.name}-v*"], self.root).split():
            try:
                found.append(Version(tag.removeprefix(f"{self.name}-v")))
            except InvalidVersion:
                continue
        return sorted(found)

    def set_version(self, version: Version) -> None:
        """Write a version into `pyproject.toml`."""
        file = self.folder / "pyproject.toml"
        text, count = re.subn(
            r'(?m)^version = "[^"]*"$', f'version = "{version}"', file.read_text(), count=1
        )
        if count != 1:
            raise ReleaseError(f'{file} has no line `version = "..."`')
        file.write_text(text)
