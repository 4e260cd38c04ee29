"""Steps that run in a process of their own."""

import sys
from pathlib import Path

import pytest

from synaptensor.benchmark import ProcessStep

SCRIPT = """
import sys
from synaptensor.benchmark import serve_steps
from other import VERSION

count = 0

def step():
    global count
    count += 1
    print("a step may print")
    if count == int(sys.argv[1]):
        raise RuntimeError("broken step")
    open(sys.argv[2], "a").write(VERSION)

serve_steps(step)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script that imports a module from the folder of packages."""
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "other.py").write_text("VERSION = 'old '\n")
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def test_each_call_does_one_step_with_the_other_packages(script: Path) -> None:
    done = script.parent / "done"
    with ProcessStep(script.parent / "packages", script, [0, done]) as step:
        step()
        assert done.read_text() == "old "
        step()
        assert done.read_text() == "old old "
    assert step._process.returncode == 0
    assert "other" not in sys.modules


def test_a_process_that_ends_is_reported(script: Path, capfd: pytest.CaptureFixture[str]) -> None:
    done = script.parent / "done"
    with ProcessStep(script.parent / "packages", script, [2, done]) as step:
        step()
        with pytest.raises(RuntimeError, match="ended"):
            step()
    assert "broken step" in capfd.readouterr().err


def test_packages_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="`packages` must be a folder"):
        ProcessStep(tmp_path / "missing", tmp_path / "script.py")
