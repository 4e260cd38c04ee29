"""Functions that pass their inputs on."""

from __future__ import annotations

from typing import Any, TypeVar

__all__ = ["identity", "tuplewrap", "varidentity"]

T = TypeVar("T")


def identity(inputs: T, **kwargs: Any) -> T:
    """Returns the input."""
    return inputs


def varidentity(*inputs: T, **kwargs: Any) -> tuple[T, ...]:
    """Returns the tuple of the inputs."""
    return inputs


def tuplewrap(inputs: T, **kwargs: Any) -> tuple[T]:
    """Returns the input in a tuple."""
    return (inputs,)
