# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN202 - numba infers the types of what it compiles
"""Loops compiled by numba for the CPU; imported only when they are first used.

Every loop takes addresses of contiguous tensors and their sizes: passing an address costs a
tenth of wrapping a tensor as an array, and a step of a network makes a dozen such calls. The
callers in this package check devices, types, shapes and contiguity. Arithmetic follows the
order of the definitions in `inferno.neural.functional`, in the precision of the tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numba import carray, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["loops"]


@intrinsic
def _pointer(typing_context: Any, address: Any) -> Any:
    """Turns an address into a pointer."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


@cache
def loops(dtype: torch.dtype) -> SimpleNamespace:
    """Returns the loops for a data type, compiled at their first call.

    Args:
        dtype: `torch.float32` or `torch.float64`.

    Returns:
        The loops as attributes.
    """
    real = np.float32 if dtype == torch.float32 else np.float64
    functions = (
        _integrate_and_fire,
        _adapt,
        _sparse_linear,
        _outer_update,
        _scale_spikes,
        _trace,
        _clamp,
    )
    return SimpleNamespace(**{f.__name__[1:]: f(real) for f in functions})


def _compiled(function: Callable[..., Any]) -> Any:
    return njit(cache=True, nogil=True, error_model="numpy")(function)


def _integrate_and_fire(real: type) -> Any:
    @_compiled
    def integrate_and_fire(
        kind,
        batch,
        size,
        count,
        inputs,
        voltage,
        refrac,
        adaptation,
        new_voltage,
        new_refrac,
        spikes,
        threshold,
        step_time,
        rest,
        first,
        second,
        factor,
        resistance,
        period,
        proportional,
        reset,
        slope,
        lock,
    ):
        total = batch * size
        x = carray(_pointer(inputs), total, real)
        v = carray(_pointer(voltage), total, real)
        r = carray(_pointer(refrac), total, real)
        v_out = carray(_pointer(new_voltage), total, real)
        r_out = carray(_pointer(new_refrac), total, real)
        s_out = carray(_pointer(spikes), total, np.bool_)
        dt, v_rest, a, b = real(step_time), real(rest), real(first), real(second)
        f, ohm, r_abs = real(factor), real(resistance), real(period)
        v_reset, m, theta = real(reset), real(slope), real(threshold)
        zero = real(0.0)
        limits = np.full(size, theta)
        if count > 0:
            w = carray(_pointer(adaptation), size * count, real)
            for n in range(size):
                amount = zero
                for k in range(count):
                    amount += w[n * count + k]
                limits[n] = theta + amount
        for i in range(batch):
            for n in range(size):
                j = i * size + n
                left = r[j] - dt
                left = left if left > zero else zero
                active = left == zero
                current = ohm * (x[j] if active else zero)
                if kind == 0:
                    u = v_rest + (v[j] - v_rest - current) * f + current
                elif kind == 1:
                    u = v[j] + f * (a * (v[j] - v_rest) * (v[j] - b) + current)
                else:
                    rise = b * real(math.exp((v[j] - a) / b))
                    u = v[j] + f * (rise - (v[j] - v_rest) + current)
                if lock and not active:
                    u = v[j]
                fires = active and u >= limits[n]
                s_out[j] = fires
                r_out[j] = r_abs if fires else left
                if fires:
                    u = v_rest + m * (u - v_rest) - v_reset if proportional else v_reset
                v_out[j] = u

    return integrate_and_fire


def _adapt(real: type) -> Any:
    @_compiled
    def adapt(
        batch, size, count, adaptation, new_adaptation, spikes, refrac, decay, increment, lock
    ):
        a = carray(_pointer(adaptation), size * count, real)
        out = carray(_pointer(new_adaptation), size * count, real)
        s = carray(_pointer(spikes), batch * size, np.bool_)
        r = carray(_pointer(refrac), batch * size, real)
        f = carray(_pointer(decay), count, real)
        d = carray(_pointer(increment), count, real)
        held = np.zeros(size, np.int64)
        fired = np.zeros(size, np.int64)
        for i in range(batch):
            for n in range(size):
                held[n] += lock and r[i * size + n] > real(0.0)
                fired[n] += s[i * size + n]
        for n in range(size):
            for k in range(count):
                before = a[n * count + k]
                total = np.float64(before) * held[n]
                total += np.float64(before * f[k]) * (batch - held[n])
                out[n * count + k] = real((total + np.float64(d[k]) * fired[n]) / batch)

    return adapt


@_compiled
def _nonzeros(rows, size, values, bits, first, index):
    """Lists the columns of nonzero elements row by row; false if there are too many.

    ``bits`` are the same elements as words of 64 bits, of which four are tested at a time.
    """
    total, blocks = rows * size, len(bits) // 4
    words = 4 * 8 // values.itemsize
    found = 0
    for block in range(blocks + 1):
        if block < blocks:
            at = 4 * block
            if bits[at] | bits[at + 1] | bits[at + 2] | bits[at + 3] == 0:
                continue
        for j in range(block * words, min((block + 1) * words, total)):
            if values[j] != 0:
                if found == len(index):
                    return False
                row = j // size
                index[found] = j - row * size
                found += 1
                first[row + 1] = found
    for r in range(rows):
        first[r + 1] = max(first[r + 1], first[r])
    return True


@_compiled
def _add_row(o, outsize, insize, rows, scale, post, pre, first, index, dense, total):
    """Adds a row of a sum of outer products to a total."""
    for r in range(rows):
        p = post[r * outsize + o] * scale
        if p == 0:
            continue
        if dense:
            q = pre[r * insize : (r + 1) * insize]
            for i in range(insize):
                total[i] += p * q[i]
        else:
            for k in range(first[r], first[r + 1]):
                i = index[k]
                total[i] += p * pre[r * insize + i]


def _sparse_linear(real: type) -> Any:
    words = 8 if real is np.float32 else 4

    @_compiled
    def sparse_linear(batch, insize, outsize, inputs, weight, output, most):
        x = carray(_pointer(inputs), batch * insize, real)
        w = carray(_pointer(weight), insize * outsize, real)
        y = carray(_pointer(output), batch * outsize, real)
        first = np.zeros(batch + 1, np.int64)
        index = np.empty(most, np.int64)
        bits = carray(_pointer(inputs), batch * insize // words * 4, np.uint64)
        if not _nonzeros(batch, insize, x, bits, first, index):
            return False
        value = np.empty(first[batch], real)
        for i in range(batch):
            for k in range(first[i], first[i + 1]):
                value[k] = x[i * insize + index[k]]
        # four sums at a time, because each addition waits for the one before
        for o in range(0, outsize - 3, 4):
            row = o * insize
            for i in range(batch):
                a, b, c, d = real(0.0), real(0.0), real(0.0), real(0.0)
                for k in range(first[i], first[i + 1]):
                    at = row + index[k]
                    a += w[at] * value[k]
                    b += w[at + insize] * value[k]
                    c += w[at + 2 * insize] * value[k]
                    d += w[at + 3 * insize] * value[k]
                at = i * outsize + o
                y[at], y[at + 1], y[at + 2], y[at + 3] = a, b, c, d
        for o in range(outsize - outsize % 4, outsize):
            for i in range(batch):
                a = real(0.0)
                for k in range(first[i], first[i + 1]):
                    a += w[o * insize + index[k]] * value[k]
                y[i * outsize + o] = a
        return True

    return sparse_linear


def _outer_update(real: type) -> Any:
    words = 8 if real is np.float32 else 4

    @_compiled
    def outer_update(
        outsize,
        insize,
        weight,
        updated,
        bounded,
        limit,
        pos_rows,
        pos_scale,
        pos_post,
        pos_pre,
        neg_rows,
        neg_scale,
        neg_post,
        neg_pre,
    ):
        w = carray(_pointer(weight), outsize * insize, real)
        out = carray(_pointer(updated), outsize * insize, real)
        pos_p = carray(_pointer(pos_post), pos_rows * outsize, real)
        pos_q = carray(_pointer(pos_pre), pos_rows * insize, real)
        neg_p = carray(_pointer(neg_post), neg_rows * outsize, real)
        neg_q = carray(_pointer(neg_pre), neg_rows * insize, real)
        pos_first = np.zeros(pos_rows + 1, np.int64)
        neg_first = np.zeros(neg_rows + 1, np.int64)
        pos_index = np.empty(pos_rows * insize // 8, np.int64)
        neg_index = np.empty(neg_rows * insize // 8, np.int64)
        bits = carray(_pointer(pos_pre), pos_rows * insize // words * 4, np.uint64)
        pos_dense = not _nonzeros(pos_rows, insize, pos_q, bits, pos_first, pos_index)
        bits = carray(_pointer(neg_pre), neg_rows * insize // words * 4, np.uint64)
        neg_dense = not _nonzeros(neg_rows, insize, neg_q, bits, neg_first, neg_index)
        top, zero = real(limit), real(0.0)
        gain, loss = real(pos_scale), real(neg_scale)
        pos = np.zeros(insize, real)
        neg = np.zeros(insize, real)
        for o in range(outsize):
            pos[:] = zero
            neg[:] = zero
            _add_row(
                o,
                outsize,
                insize,
                pos_rows,
                gain,
                pos_p,
                pos_q,
                pos_first,
                pos_index,
                pos_dense,
                pos,
            )
            _add_row(
                o,
                outsize,
                insize,
                neg_rows,
                loss,
                neg_p,
                neg_q,
                neg_first,
                neg_index,
                neg_dense,
                neg,
            )
            before = w[o * insize : (o + 1) * insize]
            after = out[o * insize : (o + 1) * insize]
            if bounded:
                for i in range(insize):
                    after[i] = before[i] + ((top - before[i]) * pos[i] - neg[i])
            else:
                for i in range(insize):
                    after[i] = before[i] + (pos[i] - neg[i])

    return outer_update


def _scale_spikes(real: type) -> Any:
    @_compiled
    def scale_spikes(size, spikes, scale, output):
        s = carray(_pointer(spikes), size, np.uint8)
        y = carray(_pointer(output), size, real)
        factor = real(scale)
        for i in range(size):
            y[i] = real(s[i]) * factor

    return scale_spikes


def _trace(real: type) -> Any:
    @_compiled
    def trace(size, state, spikes, decay, amplitude, nearest, output):
        x = carray(_pointer(state), size, real)
        s = carray(_pointer(spikes), size, np.uint8)
        y = carray(_pointer(output), size, real)
        f, a = real(decay), real(amplitude)
        if nearest:
            for i in range(size):
                y[i] = a if s[i] else x[i] * f
        else:
            for i in range(size):
                y[i] = x[i] * f + real(s[i]) * a

    return trace


def _clamp(real: type) -> Any:
    @_compiled
    def clamp(size, values, low, high, output):
        x = carray(_pointer(values), size, real)
        y = carray(_pointer(output), size, real)
        bottom, top = real(low), real(high)
        for i in range(size):
            # comparisons in this order keep NaN
            value = bottom if x[i] < bottom else x[i]
            y[i] = top if value > top else value

    return clamp
