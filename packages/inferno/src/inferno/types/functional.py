"""Protocols for functions and methods by the number of inputs and outputs."""

from __future__ import annotations

from typing import Protocol, TypeVar

__all__ = [
    "ManyToMany",
    "ManyToManyMethod",
    "ManyToOne",
    "ManyToOneMethod",
    "OneToMany",
    "OneToManyMethod",
    "OneToOne",
    "OneToOneMethod",
]

T = TypeVar("T")
K = TypeVar("K", contravariant=True)


class OneToOne(Protocol[T]):
    """A function of one input with one output."""

    def __call__(self, inputs: T) -> T:
        """Returns what the inputs are mapped to."""
        ...


class ManyToOne(Protocol[T]):
    """A function of several inputs with one output."""

    def __call__(self, *inputs: T) -> T:
        """Returns what the inputs are mapped to."""
        ...


class OneToMany(Protocol[T]):
    """A function of one input with several outputs."""

    def __call__(self, inputs: T) -> tuple[T, ...]:
        """Returns what the inputs are mapped to."""
        ...


class ManyToMany(Protocol[T]):
    """A function of several inputs with several outputs."""

    def __call__(self, *inputs: T) -> tuple[T, ...]:
        """Returns what the inputs are mapped to."""
        ...


class OneToOneMethod(Protocol[K, T]):
    """A method of a module with one input and one output."""

    def __call__(self, module: K, inputs: T) -> T:
        """Returns what the inputs are mapped to."""
        ...


class ManyToOneMethod(Protocol[K, T]):
    """A method of a module with several inputs and one output."""

    def __call__(self, module: K, *inputs: T) -> T:
        """Returns what the inputs are mapped to."""
        ...


class OneToManyMethod(Protocol[K, T]):
    """A method of a module with one input and several outputs."""

    def __call__(self, module: K, inputs: T) -> tuple[T, ...]:
        """Returns what the inputs are mapped to."""
        ...


class ManyToManyMethod(Protocol[K, T]):
    """A method of a module with several inputs and several outputs."""

    def __call__(self, module: K, *inputs: T) -> tuple[T, ...]:
        """Returns what the inputs are mapped to."""
        ...
