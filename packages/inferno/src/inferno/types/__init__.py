"""Protocols for annotating the functions that modules accept."""

from .functional import (
    ManyToMany,
    ManyToManyMethod,
    ManyToOne,
    ManyToOneMethod,
    OneToMany,
    OneToManyMethod,
    OneToOne,
    OneToOneMethod,
)

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
