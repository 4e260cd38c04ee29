"""The steps of a release, in their order."""

import shutil
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import changelog
from archives import build, check_sdist, check_wheel
from distribution import CORE, Distribution
from environments import check_core, install_and_import, installer
from packaging.version import InvalidVersion, Version
from steps import ReleaseError, run, step

__all__ = ["CHECKS", "Release"]

CHECKS = ("tests", "core", "install")


class Release:
    """A release of one package.

    Args:
        name: Name of the distribution.
        version: Version to release.
        root: Root of the repository.
        work: Empty folder for everything temporary.
        skip: Checks to leave out.
        torch: Requirements of torch to install with; `None` for the lowest and the newest.
        pip: Options of the installer, pip or uv.

    Raises:
        ReleaseError: The version is none, or does not follow those before.
    """

    def __init__(
        self, name: str, version: str, root: Path, work: Path, skip: set[str],
        torch: list[str] | None = None, pip: list[str] | None = None,
    ) -> None:  # fmt: skip
        self.package = Distribution(name, root)
        self.root, self.work, self.skip = root, work, skip
        self.version = self._check_version(version)
        self.tag = self.package.tag(self.version)
        self.torch = torch or [f"torch=={self.package.lowest('torch')}.*", "torch"]
        self.pip = pip or []
        self._commit = ""

    def _check_version(self, text: str) -> Version:
        try:
            version = Version(text)
        except InvalidVersion:
            raise ReleaseError(f"the version must be one such as 1.2.0, got {text!r}") from None
        released = self.package.released()
        if released and version <= released[-1]:
            raise ReleaseError(f"{version} must be higher than {released[-1]}, released last")
        if version < self.package.version:
            raise ReleaseError(
                f"{version} must not be lower than {self.package.version} in the tree"
            )
        return version

    def prepare(self, date: str) -> tuple[Path, Path]:
        """Check and build everything; return the wheel and the sdist."""
        name = self.package.name
        with step("the tree is clean"):
            if changed := run(["git", "status", "--porcelain"], self.root).strip():
                raise ReleaseError(f"commit or drop these changes first:\n{changed}")
        with step("the core is released"):
            self._check_core_is_released()
        if "tests" not in self.skip:
            with step(f"the tests of {name} pass"):
                run([sys.executable, "-m", "pytest", "-q", "-x", *self._tests()], self.root)
        if "core" not in self.skip and name != CORE:
            with step(f"{name} works with {CORE} {self.package.lowest(CORE)}"):
                self._check_lowest_core()
        with self._worktree() as tree:
            copy = Distribution(name, tree)
            with step(f"changelog and version {self.version}"):
                self._bump(copy, date)
            with step("wheel and sdist"):
                wheel, sdist = build(sys.executable, copy.folder, self.work / "dist")
                check_wheel(wheel, copy, self.version)
                check_sdist(sdist, copy, sys.executable, wheel, self.work / "sdist")
        if "install" not in self.skip:
            self._install(wheel, sdist)
        return wheel, sdist

    def keep(self, built: tuple[Path, Path], folder: Path) -> list[Path]:
        """Copy what was built into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copy2(file, folder)) for file in built]

    def publish_locally(self) -> None:
        """Move the branch to the commit of the release and tag it."""
        with step(f"tag {self.tag}"):
            run(["git", "merge", "--ff-only", "-q", self._commit], self.root)
            text = f"{self.package.name} {self.version}"
            run(["git", "tag", "-a", self.tag, "-m", text, self._commit], self.root)

    def _tests(self) -> list[str]:
        folder = f"tests/{self.package.name}"
        return [folder, "tests/integration"] if (self.root / folder).exists() else []

    def _check_core_is_released(self) -> None:
        if self.package.name == CORE:
            return
        core = Distribution(CORE, self.root)
        wanted = self.package.requirement(CORE).specifier
        released = [v for v in core.released() if wanted.contains(v, prereleases=True)]
        if not released:
            raise ReleaseError(
                f"{self.package.name} asks for {CORE}{wanted}, of which no version is released; "
                f"run `hatch run release {CORE} {core.version}` first"
            )

    def _check_lowest_core(self) -> None:
        core = Distribution(CORE, self.root)
        lowest = self.package.lowest(CORE)
        released = [v for v in core.released() if v >= lowest]
        archive = self.work / "core.tar"
        run(["git", "archive", "-o", archive, core.tag(released[0]), "shared"], self.root)
        with tarfile.open(archive) as content:
            content.extractall(self.work / "core", filter="data")
        tests = [] if "tests" in self.skip else [f"tests/{self.package.name}"]
        source = self.work / "core" / "shared" / "src"
        check_core(sys.executable, [self.package.name], source, self.root, tests)

    @contextmanager
    def _worktree(self) -> Iterator[Path]:
        tree = self.work / "tree"
        run(["git", "worktree", "add", "-q", "--detach", tree, "HEAD"], self.root)
        try:
            yield tree
        finally:
            run(["git", "worktree", "remove", "--force", tree], self.root)

    def _bump(self, copy: Distribution, date: str) -> None:
        fragments = copy.fragments
        entries = [changelog.as_entry(file.read_text(), file.name) for file in fragments]
        text = changelog.merge(copy.changelog.read_text(), entries, self.version, date)
        copy.changelog.write_text(text)
        copy.set_version(self.version)
        for file in fragments:
            file.unlink()
        run(["git", "commit", "-q", "-a", "-m", f"Release {self.tag}"], copy.root)
        self._commit = run(["git", "rev-parse", "HEAD"], copy.root).strip()

    def _install(self, wheel: Path, sdist: Path) -> None:
        options = list(self.pip)
        if self.package.name != CORE:
            options += ["--find-links", str(self._core_archive())]
        for index, torch in enumerate(self.torch):
            for archive in (wheel, sdist):
                title = f"{archive.name} installs with {torch} in an empty environment"
                with step(f"{title}, by {Path(installer()).name}"):
                    install_and_import(
                        archive, self.package.name, self.version, torch,
                        self.work / f"environment{index}", options,
                    )  # fmt: skip

    def _core_archive(self) -> Path:
        """Build the core from the tree: its release need not be on an index yet."""
        folder = self.work / "core-dist"
        build(sys.executable, Distribution(CORE, self.root).folder, folder)
        return folder
