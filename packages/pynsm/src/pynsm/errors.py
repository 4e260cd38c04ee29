"""Errors of the package.

Each is also of the type that the reference raises in the same place, so programs that catch
those keep working.
"""

__all__ = ["EncodingShapeError", "IterationStateError", "MissingInputError", "MissingOutputError"]


class EncodingShapeError(ValueError, RuntimeError):
    """An encoding, or the input it was made from, does not fit the circuit."""


class MissingInputError(ValueError, IndexError):
    """A circuit was called without any input."""


class MissingOutputError(ValueError, AssertionError):
    """A loss was asked for without the output of the circuit."""


class IterationStateError(AttributeError, AssertionError):
    """Something that exists only during an iteration was asked for outside it."""
