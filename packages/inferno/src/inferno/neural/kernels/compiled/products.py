# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN202 - numba infers the types of what it compiles
"""Loops over matrices of weights that skip what is zero, as most spikes are.

Sums run over samples or inputs in ascending order, whichever way is taken. Indices are unsigned,
because signed ones would be tested for counting from the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from .memory import compiled, pointer, trailing_zeros

__all__ = ["outer_update", "sparse_linear", "spike_linear"]


@compiled
def _nonzeros(rows, size, values, bits, first, index):
    """Lists the columns of nonzero elements row by row; false if there are too many.

    ``bits`` are the same elements as words of 64 bits. Booleans are found by their bits; of a
    word with anything in it every number is written down, but only those that count move the
    place of the next: a branch for each would be mispredicted too often.
    """
    each = 8 // values.itemsize
    limit, found = len(index) - each, 0
    for word in range(len(bits)):
        left = bits[word]
        if left == 0:
            continue
        if found > limit:
            return False
        if each == 8:
            while left != 0:
                index[found] = word * 8 + np.int64(trailing_zeros(left) >> np.uint64(3))
                found += 1
                left &= left - np.uint64(1)
        else:
            for j in range(word * each, (word + 1) * each):
                index[found] = j
                found += values[j] != 0
    for j in range(len(bits) * each, rows * size):
        if found >= len(index):
            return False
        index[found] = j
        found += values[j] != 0
    row, end = 0, size
    for k in range(found):
        while index[k] >= end:
            row += 1
            end += size
            first[row] = k
        index[k] -= np.uintp(end - size)
    first[row + 1 :] = found
    return True


def _gather(real: type) -> Any:
    @compiled
    def gather(batch, insize, outsize, first, index, value, single, w, y):
        """Sums weighted rows of weights; eight at a time, as each sum waits for its last term."""
        for o in range(0, outsize - 7, 8):
            r0 = w[o * insize : (o + 1) * insize]
            r1 = w[(o + 1) * insize : (o + 2) * insize]
            r2 = w[(o + 2) * insize : (o + 3) * insize]
            r3 = w[(o + 3) * insize : (o + 4) * insize]
            r4 = w[(o + 4) * insize : (o + 5) * insize]
            r5 = w[(o + 5) * insize : (o + 6) * insize]
            r6 = w[(o + 6) * insize : (o + 7) * insize]
            r7 = w[(o + 7) * insize : (o + 8) * insize]
            for i in range(batch):
                a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = real(0.0)
                for k in range(first[i], first[i + 1]):
                    at = index[k]
                    x = single if len(value) == 0 else value[k]
                    a0 += r0[at] * x
                    a1 += r1[at] * x
                    a2 += r2[at] * x
                    a3 += r3[at] * x
                    a4 += r4[at] * x
                    a5 += r5[at] * x
                    a6 += r6[at] * x
                    a7 += r7[at] * x
                out = y[i * outsize + o : i * outsize + o + 8]
                out[0], out[1], out[2], out[3] = a0, a1, a2, a3
                out[4], out[5], out[6], out[7] = a4, a5, a6, a7
        for o in range(outsize - outsize % 8, outsize):
            row = w[o * insize : (o + 1) * insize]
            for i in range(batch):
                a = real(0.0)
                for k in range(first[i], first[i + 1]):
                    a += row[index[k]] * (single if len(value) == 0 else value[k])
                y[i * outsize + o] = a

    return gather


def sparse_linear(real: type) -> Any:
    """Returns the loop for products of mostly zero inputs with weights."""
    each = 2 if real is np.float32 else 1
    gather = _gather(real)

    @compiled
    def step(batch, insize, outsize, inputs, weight, output, most):
        x = carray(pointer(inputs), batch * insize, real)
        w = carray(pointer(weight), insize * outsize, real)
        y = carray(pointer(output), batch * outsize, real)
        first = np.zeros(batch + 1, np.int64)
        index = np.empty(most + 8, np.uintp)
        bits = carray(pointer(inputs), batch * insize // each, np.uint64)
        if not _nonzeros(batch, insize, x, bits, first, index):
            return False
        value = np.empty(max(first[batch], 1), real)
        for i in range(batch):
            for k in range(first[i], first[i + 1]):
                value[k] = x[np.uintp(i * insize) + index[k]]
        gather(batch, insize, outsize, first, index, value, real(0.0), w, y)
        return True

    return step


def spike_linear(real: type) -> Any:
    """Returns the loop for products of spikes, times a number, with weights."""
    gather = _gather(real)

    @compiled
    def step(batch, insize, outsize, spikes, scale, weight, output, most):
        s = carray(pointer(spikes), batch * insize, np.uint8)
        w = carray(pointer(weight), insize * outsize, real)
        y = carray(pointer(output), batch * outsize, real)
        first = np.zeros(batch + 1, np.int64)
        index = np.empty(most + 8, np.uintp)
        bits = carray(pointer(spikes), batch * insize // 8, np.uint64)
        if not _nonzeros(batch, insize, s, bits, first, index):
            return False
        gather(batch, insize, outsize, first, index, np.empty(0, real), real(scale), w, y)
        return True

    return step


@compiled
def _pitch(size):
    """Distance of columns in memory, an odd number of cache lines, so that they find places."""
    lines = (size + 15) // 16
    return 16 * (lines + 1 - lines % 2)


def _columns(real: type) -> Any:
    each = 2 if real is np.float32 else 1

    @compiled
    def columns_of(rows, outsize, insize, scale, post, pre, address, some):
        """Sums outer products by those columns in which there is anything.

        Returns the columns and their sums, one after the other, or that it is better to go by
        rows: because few rows have anything in them, or too many columns.
        """
        if 0 < np.sum(some) <= outsize // 4:
            return False, np.empty(0, np.uintp), np.empty(0, real)
        first = np.zeros(rows + 1, np.int64)
        index = np.empty(rows * insize // 8 + 8, np.uintp)
        bits = carray(pointer(address), rows * insize // each, np.uint64)
        if not _nonzeros(rows, insize, pre, bits, first, index):
            return False, np.empty(0, np.uintp), np.empty(0, real)
        place = np.zeros(insize, np.int64)
        for k in range(first[rows]):
            place[index[k]] = 1
        columns = np.empty(min(first[rows], insize) + 1, np.uintp)
        count = 0
        for i in range(insize):
            columns[count] = i
            used = place[i]
            place[i] = count
            count += used
        pitch = _pitch(outsize)
        sums = np.zeros(count * pitch, real)
        scaled = np.empty(outsize, real)
        for r in range(rows):
            p = post[r * outsize : (r + 1) * outsize]
            if first[r] < first[r + 1]:
                for o in range(outsize):
                    scaled[o] = p[o] * scale
            for k in range(first[r], first[r + 1]):
                q = pre[np.uintp(r * insize) + index[k]]
                at = place[index[k]] * pitch
                total = sums[at : at + outsize]
                for o in range(outsize):
                    total[o] += scaled[o] * q
        return True, columns[:count], sums

    return columns_of


def _row(real: type) -> Any:
    @compiled
    def row_of(o, outsize, insize, rows, scale, post, pre, sparse, columns, sums, total):
        """Writes one row of a sum of outer products."""
        total[:] = real(0.0)
        if sparse:
            for u in range(len(columns)):
                total[columns[u]] = sums[u * _pitch(outsize) + o]
            return
        for r in range(rows):
            p = post[r * outsize + o] * scale
            if p != 0:
                q = pre[r * insize : (r + 1) * insize]
                for i in range(insize):
                    total[i] += p * q[i]

    return row_of


@compiled
def _rows_with_any(rows, outsize, post):
    """Tells the rows of a sum of outer products in which there is anything."""
    found = np.zeros(outsize, np.uint8)
    for r in range(rows):
        p = post[r * outsize : (r + 1) * outsize]
        for o in range(outsize):
            found[o] |= p[o] != 0
    return found


def _apply(real: type) -> Any:
    @compiled
    def apply(w, pos, neg, bounded, top):
        if bounded:
            for i in range(len(w)):
                w[i] = w[i] + ((top - w[i]) * pos[i] - neg[i])
        else:
            for i in range(len(w)):
                w[i] = w[i] + (pos[i] - neg[i])

    return apply


def outer_update(real: type) -> Any:
    """Returns the loop that adds one sum of outer products to weights and subtracts another."""
    columns_of, row_of, apply = _columns(real), _row(real), _apply(real)

    @compiled
    def step(
        outsize, insize, weight, bounded, limit, pos_rows, pos_scale, pos_post, pos_pre,
        neg_rows, neg_scale, neg_post, neg_pre,
    ):  # fmt: skip
        w = carray(pointer(weight), outsize * insize, real)
        pos_p = carray(pointer(pos_post), pos_rows * outsize, real)
        pos_q = carray(pointer(pos_pre), pos_rows * insize, real)
        neg_p = carray(pointer(neg_post), neg_rows * outsize, real)
        neg_q = carray(pointer(neg_pre), neg_rows * insize, real)
        gain, loss, top = real(pos_scale), real(neg_scale), real(limit)
        pos_any = _rows_with_any(pos_rows, outsize, pos_p)
        neg_any = _rows_with_any(neg_rows, outsize, neg_p)
        pos_sparse, pos_columns, pos_sums = columns_of(
            pos_rows if pos_any.any() else 0, outsize, insize, gain, pos_p, pos_q, pos_pre, pos_any
        )
        neg_sparse, neg_columns, neg_sums = columns_of(
            neg_rows if neg_any.any() else 0, outsize, insize, loss, neg_p, neg_q, neg_pre, neg_any
        )
        pos, neg = np.empty(insize, real), np.empty(insize, real)
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
            row_of(
                o, outsize, insize, pos_rows, gain, pos_p, pos_q,
                pos_sparse, pos_columns, pos_sums, pos,
            )  # fmt: skip
            row_of(
                o, outsize, insize, neg_rows, loss, neg_p, neg_q,
                neg_sparse, neg_columns, neg_sums, neg,
            )  # fmt: skip
            apply(row, pos, neg, bounded, top)

    return step
