"""Public classes and functions of a package, by the `__all__` of its folders."""

import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Target", "targets_of"]

# Programs, and what starts processes or measures time for as long as it is told to.
NOT_FUZZED = (
    "main",
    "run_distributed",
    "serve_steps",
    "ProcessStep",
    "Benchmark",
    "generate_qclevr",
)


@dataclass(frozen=True)
class Target:
    """A public callable and the import path under which it was found first."""

    name: str
    call: Callable[..., Any]

    @property
    def is_class(self) -> bool:
        return inspect.isclass(self.call)


def targets_of(package: str) -> list[Target]:
    """Every class that can be made and every function that a package exports, once each."""
    root = importlib.import_module(package)
    found: dict[int, Target] = {}
    inside = pkgutil.walk_packages(root.__path__, f"{package}.")
    folders = [package, *(info.name for info in inside if info.ispkg)]
    for folder in folders:
        parts = folder.split(".")
        if "kernels" in parts or any(part.startswith("_") for part in parts):
            continue  # behind the faces: what calls them has checked the arguments
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # modules that have moved say so
            module = importlib.import_module(folder)
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            home = getattr(value, "__module__", None) or ""
            if callable(value) and home.split(".")[0] == package and name not in NOT_FUZZED:
                found.setdefault(id(value), Target(f"{home}.{name}", value))
    return sorted(found.values(), key=lambda target: target.name)
