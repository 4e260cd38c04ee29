# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN202 - numba infers the types of what it compiles
"""The loop over weights with delays that skips inputs without spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from .memory import compiled, pointer
from .products import nonzeros

__all__ = ["delayed_spike_linear"]

# elements of a cache line
LINE = 16


@compiled
def _lags(w, d, dt, duration, longest, tolerance, nearest, bounded, zero, one, half, lags, left):
    """Lags of what weights take, and the weights, as `DelayedReader` has them."""
    for i in range(len(d)):
        time = min(max(d[i], zero), duration)
        left[i] = zero if bounded and abs(d[i] - time) > tolerance else w[i]
        time = min(time, longest)
        steps = time / dt
        whole = np.rint(steps)
        steps = whole if abs(dt * whole - time) <= tolerance else steps
        lag = np.ceil(one + steps)
        if nearest and (dt - dt * (steps - np.floor(steps))) / dt > half:
            lag = np.floor(one + steps)
        lags[i] = np.int32(lag)


@compiled
def _transposed(outsize, insize, w, d, dt, duration, tolerance, nearest, bounded, longest, zero):
    """Lags and weights with the outputs of an input side by side."""
    one, half = zero + np.float32(1.0), zero + np.float32(0.5)
    lags, left = np.empty(insize * outsize, np.int32), np.empty(insize * outsize, w.dtype)
    some_lags, some = np.empty(LINE * insize, np.int32), np.empty(LINE * insize, w.dtype)
    for block in range(0, outsize, LINE):
        count = min(LINE, outsize - block)
        part = slice(block * insize, (block + count) * insize)
        _lags(
            w[part], d[part], dt, duration, longest, tolerance, nearest, bounded,
            zero, one, half, some_lags, some,
        )  # fmt: skip
        for i in range(insize):
            at = i * outsize + block
            for j in range(count):
                lags[at + j] = some_lags[j * insize + i]
                left[at + j] = some[j * insize + i]
    return lags, left


@compiled
def _sum(size, batch, outsize, newest, first, index, lags, left, zero, y):
    """Adds up the weights whose lag is that of a spike."""
    y[:] = zero
    for lag in range(1, size + 1):
        slot = (newest - lag) % size
        for b in range(batch):
            total = y[b * outsize : (b + 1) * outsize]
            for k in range(first[slot * batch + b], first[slot * batch + b + 1]):
                at = np.int64(index[k]) * outsize
                these, weights = lags[at : at + outsize], left[at : at + outsize]
                for o in range(outsize):
                    total[o] += weights[o] if these[o] == lag else zero


def delayed_spike_linear(real: type) -> Any:
    """Returns the loop for products of spikes of the past with weights."""

    @compiled
    def step(
        size, newest, batch, insize, outsize, spikes, weight, delay, output, most,
        step_time, duration, tolerance, nearest, bounded,
    ):  # fmt: skip
        rows = size * batch
        s = carray(pointer(spikes), rows * insize, np.uint8)
        bits = carray(pointer(spikes), rows * insize // 8, np.uint64)
        first, index = np.zeros(rows + 1, np.int64), np.empty(most + 8, np.uintp)
        if not nonzeros(rows, insize, s, bits, first, index):
            return False
        lags, left = _transposed(
            outsize, insize,
            carray(pointer(weight), outsize * insize, real),
            carray(pointer(delay), outsize * insize, real),
            real(step_time), real(duration), real(tolerance), nearest, bounded,
            real(step_time * (size - 1)), real(0.0),
        )  # fmt: skip
        y = carray(pointer(output), batch * outsize, real)
        _sum(size, batch, outsize, newest, first, index, lags, left, real(0.0), y)
        return True

    return step
