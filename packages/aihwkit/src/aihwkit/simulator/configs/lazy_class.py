"""Defaults of dataclass fields that are imported when the first object is built.

Tiles and noise models read parameters, and configurations name tiles and noise models. Importing
the latter only when they are needed keeps that from being a circle, and the import of the package
fast.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["HIDDEN_DEFAULT", "class_from", "instance_from"]

HIDDEN_DEFAULT = {"hide_default": True}
"""Metadata of a field that is not printed while it holds its default."""


def class_from(module: str, name: str) -> Callable[[], Any]:
    """Return a function that returns the class `name` of `module`."""

    def load() -> Any:
        return getattr(import_module(module), name)

    return load


def instance_from(module: str, name: str) -> Callable[[], Any]:
    """Return a function that returns a new object of the class `name` of `module`."""
    load = class_from(module, name)
    return lambda: load()()
