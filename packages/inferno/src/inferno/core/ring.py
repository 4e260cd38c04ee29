"""The size of a circular buffer, and the rows through which it is written in place."""

from __future__ import annotations

from functools import cache
from math import ceil, isfinite

import torch
from torch import Tensor

from synaptensor.validation import check_flag

__all__ = ["Rows", "record_size"]

# Quotients such as 0.1 * 3 / 0.1 = 3.0000000000000004 mean three steps, not four.
_RELATIVE_TOLERANCE = 1e-9

_MOST_STEPS = 2**31


def record_size(step_time: float, duration: float, inclusive: bool) -> int:
    """Number of observations that cover a duration.

    ``max(ceil(duration / step_time) + inclusive, 1)``, with quotients that are integral up
    to rounding errors taken as integers.

    Raises:
        ValueError: if there is no such number.
    """
    steps = duration / step_time
    if not isfinite(steps):
        raise ValueError(f"`duration` must be finite in steps of {step_time!r}, got {duration!r}")
    if steps > _MOST_STEPS:
        raise ValueError(
            f"`duration` must be of at most {_MOST_STEPS} steps of {step_time!r}, got {duration!r}"
        )
    nearest = round(steps)
    if abs(steps - nearest) <= _RELATIVE_TOLERANCE * max(nearest, 1):
        steps = nearest
    return max(ceil(steps) + check_flag("inclusive", inclusive), 1)


class Rows:
    """The slots of a record's storage as tensors, to be written in place.

    The rows alias the storage without sharing its autograd version, so that writing one
    slot does not disturb graphs built on views of others.

    A slot that was given out (``lent``) must not change as long as somebody can see it. The
    storage counts the tensors that use it, so what nobody kept is known; where that count
    cannot be had, a slot that was given out counts as seen.

    Args:
        storage: observations along the first dimension, not requiring gradients.
        whole: whether the storage as such may be held by others, whom nobody counts.
    """

    __slots__ = ("_alias", "_cdata", "_own", "_untyped", "address", "lent", "rows", "shape",
                 "size", "storage", "whole")  # fmt: skip

    def __init__(self, storage: Tensor, whole: bool = True) -> None:
        self.storage = storage
        self.address = storage.data_ptr()
        self.size = storage.shape[0]
        self.shape = storage.shape[1:]
        self.whole = whole
        self.lent: set[int] = set()
        # all that uses the storage on our account is held, so that its number is known
        self._alias = storage.data
        self._untyped = storage.untyped_storage()
        self._cdata = self._untyped._cdata
        self.rows = self._alias.unbind(0)
        self._own = self.size + 3

    def users(self) -> int:
        """Number of tensors on the storage besides these and the storage tensor itself."""
        return torch._C._storage_Use_Count(self._cdata) - self._own

    def writable(self, slot: int) -> bool:
        """Whether nobody would see a change of the slot."""
        if self.whole:
            return False
        if slot not in self.lent:
            return True
        if users_are_counted() and self.users() == 0:
            self.lent.clear()
            return True
        return False


@cache
def users_are_counted() -> bool:
    """Whether this torch counts the tensors that use a storage as we expect."""
    if not hasattr(torch._C, "_storage_Use_Count"):
        return False
    rows = Rows(torch.zeros(2, 1))
    alone = rows.users()
    view = rows.storage[0].view(1)
    together = rows.users()
    del view
    return (alone, together, rows.users()) == (0, 1, 0)
