"""Failing and reporting, one line a step."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["ReleaseError", "run", "step"]


class ReleaseError(Exception):
    """Something stands in the way of a release; the message says what to do about it."""


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print a step, and how long it took or that it failed."""
    print(f"{title} ... ", end="", flush=True)
    start = time.perf_counter()
    try:
        yield
    except BaseException:
        print("failed")
        raise
    print(f"{time.perf_counter() - start:.1f} s")


def run(command: Sequence[str | Path], folder: Path, **environment: str) -> str:
    """Run a program and return what it wrote.

    Raises:
        ReleaseError: It ended with another status than zero.
    """
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=folder, check=False, capture_output=True, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise ReleaseError(f"`{' '.join(words)}` ended with status {done.returncode}:\n{tail}")
    return done.stdout
