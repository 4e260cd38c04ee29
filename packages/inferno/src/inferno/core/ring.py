"""Arithmetic of the circular buffer, and the rows through which it is written in place."""

from __future__ import annotations

from math import ceil

from torch import Tensor

__all__ = ["Rows", "record_size"]

# Quotients such as 0.1 * 3 / 0.1 = 3.0000000000000004 mean three steps, not four.
_RELATIVE_TOLERANCE = 1e-9


def record_size(step_time: float, duration: float, inclusive: bool) -> int:
    """Number of observations that cover a duration.

    ``max(ceil(duration / step_time) + inclusive, 1)``, with quotients that are integral up
    to rounding errors taken as integers.
    """
    steps = duration / step_time
    nearest = round(steps)
    if abs(steps - nearest) <= _RELATIVE_TOLERANCE * max(nearest, 1):
        steps = nearest
    return max(ceil(steps) + int(inclusive), 1)


class Rows:
    """The slots of a record's storage as tensors, to be written in place.

    The rows alias the storage without sharing its autograd version, so that writing one
    slot does not disturb graphs built on views of others. ``lent`` holds the slots of
    which a view was given out: these must not be overwritten unless asked for.

    Args:
        storage: observations along the first dimension, not requiring gradients.
    """

    __slots__ = ("address", "lent", "rows", "shape", "size", "storage")

    def __init__(self, storage: Tensor) -> None:
        self.storage = storage
        self.address = storage.data_ptr()
        self.size = storage.shape[0]
        self.shape = storage.shape[1:]
        self.rows = storage.data.unbind(0)
        self.lent: set[int] = set()

    def lend_all(self) -> None:
        """Notes that the whole storage was given out."""
        self.lent.update(range(self.size))
