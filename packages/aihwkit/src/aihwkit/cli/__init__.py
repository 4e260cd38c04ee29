"""The command `aihwkit`."""

from aihwkit.cli.main import main

__all__ = ["main"]
