"""Namespace of the operators."""

from aihwkit.extension.aihwkit_extension import ops

__all__ = ["ops"]
