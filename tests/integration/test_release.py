"""The release tool, on throw-away clones of this repository."""

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tests" / "release"
MODULES = ("archives", "changelog", "distribution", "environments", "release", "steps")

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the repository")


@pytest.fixture
def changelog(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOL))
    yield importlib.import_module("changelog")
    for name in MODULES:
        sys.modules.pop(name, None)


def git(folder, *words):
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@t", *words]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path):
    folder = tmp_path / "clone"
    git(ROOT, "clone", "-q", "--shared", "--no-tags", str(ROOT), str(folder))
    git(folder, "config", "user.name", "T")
    git(folder, "config", "user.email", "t@t")
    # The same start, however many releases there have been.
    for place, version in (("shared", "0.1.0"), ("packages/pynsm", "1.1.0")):
        project = folder / place / "pyproject.toml"
        text = re.sub(r'(?m)^version = ".*"', f'version = "{version}"', project.read_text())
        project.write_text(re.sub(r'"synaptensor>[^"]*"', '"synaptensor>=0.1,<0.2"', text))
        changelog = f"# Changes\n\n## {version} (unreleased)\n\n- First.\n"
        (project.parent / "CHANGELOG.md").write_text(changelog)
        shutil.rmtree(project.parent / "changes", ignore_errors=True)
    git(folder, "commit", "-q", "-a", "--allow-empty", "-m", "Start")
    return folder


def release(clone, *words):
    command = [sys.executable, str(TOOL), *words, "--root", str(clone)]
    command += ["--skip", "tests", "--skip", "install"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def state(clone):
    return git(clone, "rev-parse", "HEAD"), git(clone, "tag"), git(clone, "worktree", "list")


def test_a_release_is_built_committed_and_tagged(clone):
    git(clone, "tag", "-a", "synaptensor-v0.1.0", "-m", "core")
    status, text = release(clone, "pynsm", "1.1.0")
    assert status == 0, text
    assert "works with synaptensor 0.1" in text
    assert git(clone, "tag").split() == ["pynsm-v1.1.0", "synaptensor-v0.1.0"]
    assert git(clone, "rev-list", "-n1", "pynsm-v1.1.0") == git(clone, "rev-parse", "HEAD")
    assert sorted(p.name for p in (clone / "dist").iterdir()) == [
        "pynsm-1.1.0-py3-none-any.whl",
        "pynsm-1.1.0.tar.gz",
    ]
    assert "(unreleased)" not in (clone / "packages/pynsm/CHANGELOG.md").read_text()
    # Nothing of another package has changed.
    changed = git(clone, "diff", "--name-only", "HEAD~1").split()
    assert all(name.startswith("packages/pynsm/") for name in changed)

    fragments = clone / "packages/pynsm/changes"
    fragments.mkdir(exist_ok=True)
    (fragments / "faster.md").write_text("Relax faster,\nmuch faster.\n")
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "Relax faster")
    before = state(clone)
    status, text = release(clone, "pynsm", "1.2.0", "--dry-run", "--skip", "core")
    assert status == 0, text
    assert state(clone) == before
    status, text = release(clone, "pynsm", "1.2.0", "--skip", "core")
    assert status == 0, text
    assert not (fragments / "faster.md").exists()
    assert "- Relax faster,\n  much faster." in (fragments.parent / "CHANGELOG.md").read_text()
    assert 'version = "1.2.0"' in (fragments.parent / "pyproject.toml").read_text()


def test_what_stands_in_the_way_is_named_and_nothing_changes(clone):
    before = state(clone)
    status, text = release(clone, "pynsm", "1.1.0")
    assert status == 1
    assert "run `hatch run release synaptensor 0.1.0` first" in text
    status, text = release(clone, "pynsm", "0.9")
    assert status == 1
    assert "must not be lower than 1.1.0" in text
    status, text = release(clone, "pynsm", "one")
    assert status == 1
    assert "must be one such as 1.2.0" in text
    status, text = release(clone, "synaptensor", "0.9.0")
    assert status == 1
    assert "an unreleased section for 0.1.0, not for 0.9.0" in text
    (clone / "README.md").write_text("changed")
    status, text = release(clone, "pynsm", "1.1.0")
    assert status == 1
    assert "commit or drop these changes first" in text
    git(clone, "checkout", "-q", "README.md")
    assert state(clone) == before


def test_a_wheel_with_a_stray_file_is_refused(clone):
    git(clone, "tag", "-a", "synaptensor-v0.1.0", "-m", "core")
    project = clone / "packages/pynsm/pyproject.toml"
    text = project.read_text().replace(
        'packages = ["src/pynsm"]', 'packages = ["src/pynsm", "examples"]'
    )
    project.write_text(text)
    git(clone, "commit", "-qam", "Ship examples")
    status, text = release(clone, "pynsm", "1.1.0", "--skip", "core")
    assert status == 1
    assert "examples/common.py does not belong in it" in text
    assert git(clone, "tag") == "synaptensor-v0.1.0"


def test_changelogs_get_their_section(changelog):
    merged = changelog.merge("# C\n\n## 1.0 (2026-01-01)\n\n- Old.\n", ["- New."],
                             Version("1.1"), "2026-02-01")  # fmt: skip
    assert merged == "# C\n\n## 1.1 (2026-02-01)\n\n- New.\n\n## 1.0 (2026-01-01)\n\n- Old.\n"
    merged = changelog.merge("# C\n\n## 1.1 (unreleased)\n\n- Old.\n\n## 1.0 (2026-01-01)\n",
                             ["- New."], Version("1.1"), "2026-02-01")  # fmt: skip
    assert merged == "# C\n\n## 1.1 (2026-02-01)\n\n- Old.\n- New.\n\n## 1.0 (2026-01-01)\n"
    for text, entries in [
        ("# C\n", []),
        ("# C\n\n## 1.1 (unreleased)\n", []),
        ("# C\n\n## 1.1 (2026-01-01)\n\n- Old.\n", ["- New."]),
        ("# C\n\n## 1.2 (unreleased)\n\n- Other.\n", ["- New."]),
    ]:
        with pytest.raises(Exception, match=r"nothing to release|released already|not for 1\.1"):
            changelog.merge(text, entries, Version("1.1"), "2026-02-01")
