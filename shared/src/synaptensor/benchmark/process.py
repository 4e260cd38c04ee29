"""A way that runs in another process, with the packages of another folder."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["ProcessStep", "serve_steps"]

_DONE = "done"


class ProcessStep:
    """A step of a script that runs in a process of its own; a call does one step and waits.

    The process imports packages from `packages` first, so that another version of a package
    can be measured in turn with the installed one. It is ended by leaving the context.

    Args:
        packages: Folder into which packages were installed with ``pip install --target``.
        script: The script; it answers through `serve_steps`.
        arguments: Its command line.

    Raises:
        NotADirectoryError: If `packages` is not a folder.

    Example:
        ```python
        with ProcessStep(Path("reference"), Path(__file__), ["--worker", "train"]) as step:
            bench.add("reference", step)
            print(bench.run())
        ```
    """

    def __init__(self, packages: Path, script: Path, arguments: Sequence[object] = ()) -> None:
        if not Path(packages).is_dir():
            raise NotADirectoryError(f"`packages` must be a folder, got {str(packages)!r}")
        path = os.pathsep.join(filter(None, [str(packages), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, str(script), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    def __enter__(self) -> "ProcessStep":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def __call__(self) -> None:
        """Let the process do one step, and wait for it.

        Raises:
            RuntimeError: If the process has ended; what it wrote to its standard error says why.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write("step\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if answer.strip() != _DONE:
            raise RuntimeError(f"the process of {self._process.args!r} ended: {answer!r}")


def serve_steps(step: Callable[[], Any]) -> None:
    """Do one step for each line of the standard input, until it is closed.

    Args:
        step: Called once a line. What it prints goes to the standard error.
    """
    answers, sys.stdout = sys.stdout, sys.stderr
    try:
        for _ in sys.stdin:
            step()
            print(_DONE, file=answers, flush=True)
    finally:
        sys.stdout = answers
