# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN202 - numba infers the types of what it compiles
"""The loop that adds sums of outer products to weights.

Such a sum has one product for every sample, most of them with few spikes on one side. It is
built by columns where few inputs have anything in them, by rows where few outputs have, and
only what it touches is changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from .memory import compiled, pointer
from .products import nonzeros

__all__ = ["outer_update"]


@compiled
def _pitch(size):
    """Distance of columns in memory, an odd number of cache lines, so that they find places."""
    lines = (size + 15) // 16
    return 16 * (lines + 1 - lines % 2)


@compiled
def _used_columns(size, index):
    """Lists columns in ascending order, and the place of each in the list."""
    place = np.zeros(size, np.int64)
    for k in range(len(index)):
        place[index[k]] = 1
    columns = np.empty(min(len(index), size) + 1, np.uintp)
    count = 0
    for i in range(size):
        columns[count] = i
        used = place[i]
        place[i] = count
        count += used
    return columns[:count], place


@compiled
def _by_columns(rows, outsize, insize, scale, post, pre, bits, some):
    """Sums outer products by those columns in which there is anything.

    Returns the columns and their sums, one after the other, or that it is better to go by rows:
    because few rows have anything in them, or too many columns.
    """
    if 0 < np.sum(some) <= outsize // 4:
        return False, np.empty(0, np.uintp), np.empty(0, post.dtype)
    first = np.zeros(rows + 1, np.int64)
    index = np.empty(rows * insize // 8 + 8, np.uintp)
    if not nonzeros(rows, insize, pre, bits, first, index):
        return False, np.empty(0, np.uintp), np.empty(0, post.dtype)
    columns, place = _used_columns(insize, index[: first[rows]])
    pitch = _pitch(outsize)
    sums = np.zeros(len(columns) * pitch, post.dtype)
    scaled = np.empty(outsize, post.dtype)
    for r in range(rows):
        if first[r] == first[r + 1]:
            continue
        p = post[r * outsize : (r + 1) * outsize]
        for o in range(outsize):
            scaled[o] = p[o] * scale
        for k in range(first[r], first[r + 1]):
            q = pre[np.uintp(r * insize) + index[k]]
            at = place[index[k]] * pitch
            total = sums[at : at + outsize]
            for o in range(outsize):
                total[o] += scaled[o] * q
    return True, columns, sums


@compiled
def _row(o, outsize, insize, rows, scale, post, pre, sparse, columns, sums, total, zero):
    """Writes one row of a sum of outer products."""
    total[:] = zero
    if sparse:
        for u in range(len(columns)):
            total[columns[u]] = sums[u * _pitch(outsize) + o]
        return
    for r in range(rows):
        p = post[r * outsize + o] * scale
        if p != zero:
            q = pre[r * insize : (r + 1) * insize]
            for i in range(insize):
                total[i] += p * q[i]


@compiled
def _rows_with_any(rows, outsize, post):
    """Tells the rows of a sum of outer products in which there is anything."""
    found = np.zeros(outsize, np.uint8)
    for r in range(rows):
        p = post[r * outsize : (r + 1) * outsize]
        for o in range(outsize):
            found[o] |= p[o] != 0
    return found


@compiled
def _apply(w, pos, neg, bounded, top):
    if bounded:
        for i in range(len(w)):
            w[i] = w[i] + ((top - w[i]) * pos[i] - neg[i])
    else:
        for i in range(len(w)):
            w[i] = w[i] + (pos[i] - neg[i])


@compiled
def _update(
    outsize, insize, w, bounded, top, zero, pos_rows, gain, pos_p, pos_q, pos_bits,
    neg_rows, loss, neg_p, neg_q, neg_bits,
):  # fmt: skip
    pos_any = _rows_with_any(pos_rows, outsize, pos_p)
    neg_any = _rows_with_any(neg_rows, outsize, neg_p)
    pos_sparse, pos_columns, pos_sums = _by_columns(
        pos_rows if pos_any.any() else 0, outsize, insize, gain, pos_p, pos_q, pos_bits, pos_any
    )
    neg_sparse, neg_columns, neg_sums = _by_columns(
        neg_rows if neg_any.any() else 0, outsize, insize, loss, neg_p, neg_q, neg_bits, neg_any
    )
    pos, neg = np.empty(insize, w.dtype), np.empty(insize, w.dtype)
    pitch = np.uintp(_pitch(outsize))
    for o in range(outsize):
        row = w[o * insize : (o + 1) * insize]
        if not pos_any[o]:
            if not neg_any[o]:
                continue
            if neg_sparse:
                at = np.uintp(o)
                for u in range(len(neg_columns)):
                    row[neg_columns[u]] -= neg_sums[at]
                    at += pitch
                continue
        _row(
            o, outsize, insize, pos_rows, gain, pos_p, pos_q,
            pos_sparse, pos_columns, pos_sums, pos, zero,
        )  # fmt: skip
        _row(
            o, outsize, insize, neg_rows, loss, neg_p, neg_q,
            neg_sparse, neg_columns, neg_sums, neg, zero,
        )  # fmt: skip
        _apply(row, pos, neg, bounded, top)


def outer_update(real: type) -> Any:
    """Returns the loop that adds one sum of outer products to weights and subtracts another."""
    each = 2 if real is np.float32 else 1

    @compiled
    def step(
        outsize, insize, weight, bounded, limit, pos_rows, pos_scale, pos_post, pos_pre,
        neg_rows, neg_scale, neg_post, neg_pre,
    ):  # fmt: skip
        _update(
            outsize, insize, carray(pointer(weight), outsize * insize, real),
            bounded, real(limit), real(0.0),
            pos_rows, real(pos_scale),
            carray(pointer(pos_post), pos_rows * outsize, real),
            carray(pointer(pos_pre), pos_rows * insize, real),
            carray(pointer(pos_pre), pos_rows * insize // each, np.uint64),
            neg_rows, real(neg_scale),
            carray(pointer(neg_post), neg_rows * outsize, real),
            carray(pointer(neg_pre), neg_rows * insize, real),
            carray(pointer(neg_pre), neg_rows * insize // each, np.uint64),
        )  # fmt: skip

    return step
