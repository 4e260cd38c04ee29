# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of what it compiles
"""Loops over matrices of weights that skip what is zero, as most spikes are.

Sums run over samples or inputs in ascending order, whichever way is taken. Indices are unsigned,
because signed ones would be tested for counting from the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from .memory import compiled, pointer, trailing_zeros

__all__ = ["nonzeros", "sparse_linear", "spike_linear", "spike_product"]


@compiled
def nonzeros(rows, size, values, bits, first, index):
    """Lists the columns of nonzero elements row by row; false if there are too many.

    ``bits`` are the same elements as words of 64 bits. Booleans are found by their bits; of a
    word with anything in it every number is written down, but only those that count move the
    place of the next: a branch for each would be mispredicted too often.
    """
    each = 8 // values.itemsize
    limit, found = len(index) - each, 0
    word, stop = 0, len(bits)
    while word < stop:
        if word + 4 <= stop and bits[word] | bits[word + 1] | bits[word + 2] | bits[word + 3] == 0:
            word += 4
            continue
        left = bits[word]
        if left == 0:
            word += 1
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
        word += 1
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


@compiled
def _gather(batch, insize, outsize, first, index, value, single, zero, w, y):
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
            a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = zero
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
            a = zero
            for k in range(first[i], first[i + 1]):
                a += row[index[k]] * (single if len(value) == 0 else value[k])
            y[i * outsize + o] = a


@compiled
def spike_product(batch, insize, outsize, s, bits, scale, zero, w, y, most):
    """Multiplies spikes, times a number, with weights; false if there are too many."""
    first = np.zeros(batch + 1, np.int64)
    index = np.empty(most + 8, np.uintp)
    if not nonzeros(batch, insize, s, bits, first, index):
        return False
    _gather(batch, insize, outsize, first, index, w[:0], scale, zero, w, y)
    return True


def sparse_linear(real: type) -> Any:
    """Returns the loop for products of mostly zero inputs with weights."""
    each = 2 if real is np.float32 else 1

    @compiled
    def step(batch, insize, outsize, inputs, weight, output, most):
        x = carray(pointer(inputs), batch * insize, real)
        w = carray(pointer(weight), insize * outsize, real)
        y = carray(pointer(output), batch * outsize, real)
        first = np.zeros(batch + 1, np.int64)
        index = np.empty(most + 8, np.uintp)
        bits = carray(pointer(inputs), batch * insize // each, np.uint64)
        if not nonzeros(batch, insize, x, bits, first, index):
            return False
        value = np.empty(max(first[batch], 1), real)
        for i in range(batch):
            for k in range(first[i], first[i + 1]):
                value[k] = x[np.uintp(i * insize) + index[k]]
        _gather(batch, insize, outsize, first, index, value, real(0.0), real(0.0), w, y)
        return True

    return step


def spike_linear(real: type) -> Any:
    """Returns the loop for products of spikes, times a number, with weights."""

    @compiled
    def step(batch, insize, outsize, spikes, scale, weight, output, most):
        return spike_product(
            batch,
            insize,
            outsize,
            carray(pointer(spikes), batch * insize, np.uint8),
            carray(pointer(spikes), batch * insize // 8, np.uint64),
            real(scale),
            real(0.0),
            carray(pointer(weight), insize * outsize, real),
            carray(pointer(output), batch * outsize, real),
            most,
        )

    return step
