# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of what it compiles
"""Loops over neurons.

The step is split into passes with one output each over blocks that stay in the cache: compilers
vectorise such passes, but not one loop with six arrays that might overlap.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import carray

from .memory import BLOCK, VANISHING, compiled, pointer

__all__ = ["adapt", "adapt_mean", "advance", "integrate_and_fire"]


@compiled
def _linear(x, v, r, out, dt, rest, factor, ohm, lock, zero):
    for j in range(len(x)):
        active = r[j] - dt <= zero
        current = ohm * (x[j] if active else zero)
        left = (v[j] - rest - current) * factor
        # with rest at zero, what is left would decay to numbers too small to be fast
        u = rest + (zero if abs(left) < VANISHING else left) + current
        out[j] = v[j] if lock and not active else u


@compiled
def _quadratic(x, v, r, out, dt, rest, a, b, factor, ohm, lock, zero):
    for j in range(len(x)):
        active = r[j] - dt <= zero
        current = ohm * (x[j] if active else zero)
        u = v[j] + factor * (a * (v[j] - rest) * (v[j] - b) + current)
        out[j] = v[j] if lock and not active else u


@compiled
def _exponential(x, v, r, out, dt, rest, a, b, factor, ohm, lock, zero):
    for j in range(len(x)):
        active = r[j] - dt <= zero
        current = ohm * (x[j] if active else zero)
        rise = b * math.exp((v[j] - a) / b)
        u = v[j] + factor * (rise - (v[j] - rest) + current)
        out[j] = v[j] if lock and not active else u


@compiled
def _fire(r, v, s, limits, limit, dt, zero):
    if len(limits) == 0:
        for j in range(len(s)):
            s[j] = (r[j] - dt <= zero) & (v[j] >= limit)
    else:
        for j in range(len(s)):
            s[j] = (r[j] - dt <= zero) & (v[j] >= limits[j])


@compiled
def _restore(r, s, v, r_out, dt, period, rest, proportional, reset, slope, zero):
    for j in range(len(s)):
        left = r[j] - dt
        left = left if left > zero else zero
        r_out[j] = period if s[j] else left
    if proportional:
        for j in range(len(s)):
            v[j] = rest + slope * (v[j] - rest) - reset if s[j] else v[j]
    else:
        for j in range(len(s)):
            v[j] = reset if s[j] else v[j]


@compiled
def _limits(theta, w, size, count, rows, zero):
    """Thresholds with adaptations, repeated over rows."""
    limits = np.empty(rows * size if count else 0, w.dtype)
    if count == 0:
        return limits
    for n in range(size):
        amount = zero
        for k in range(count):
            amount += w[n * count + k]
        limits[n] = theta + amount
    for row in range(1, rows):
        limits[row * size : (row + 1) * size] = limits[:size]
    return limits


@compiled
def advance(
    kind, batch, size, count, x, v, r, w, v_out, r_out, s_out, theta, dt, rest, a, b, factor,
    ohm, period, proportional, reset, slope, lock, zero,
):  # fmt: skip
    """Integrates, thresholds and resets arrays; numbers are of the type of the arrays."""
    total = batch * size
    # thresholds of whole rows, as many as fill a block
    rows = min(batch, max(1, BLOCK // size))
    limits = _limits(theta, w, size, count, rows, zero)
    stride = rows * size if count else total
    for start in range(0, total, stride):
        stop = min(start + stride, total)
        for low in range(start, stop, BLOCK):
            high = min(low + BLOCK, stop)
            xs, vs, rs, out = x[low:high], v[low:high], r[low:high], v_out[low:high]
            if kind == 0:
                _linear(xs, vs, rs, out, dt, rest, factor, ohm, lock, zero)
            elif kind == 1:
                _quadratic(xs, vs, rs, out, dt, rest, a, b, factor, ohm, lock, zero)
            else:
                _exponential(xs, vs, rs, out, dt, rest, a, b, factor, ohm, lock, zero)
            at = limits[low - start : high - start] if count else limits
            s = s_out[low:high]
            _fire(rs, out, s, at, theta, dt, zero)
            _restore(
                rs, s, out, r_out[low:high], dt, period, rest, proportional, reset, slope, zero
            )


def integrate_and_fire(real: type) -> Any:
    """Returns the loop for a step of neurons."""

    @compiled
    def step(
        kind, batch, size, count, inputs, voltage, refrac, adaptation, new_voltage, new_refrac,
        spikes, threshold, step_time, rest, first, second, factor, resistance, period,
        proportional, reset, slope, lock,
    ):  # fmt: skip
        total = batch * size
        advance(
            kind, batch, size, count,
            carray(pointer(inputs), total, real),
            carray(pointer(voltage), total, real),
            carray(pointer(refrac), total, real),
            carray(pointer(adaptation), size * count, real),
            carray(pointer(new_voltage), total, real),
            carray(pointer(new_refrac), total, real),
            carray(pointer(spikes), total, np.uint8),
            real(threshold), real(step_time), real(rest), real(first), real(second),
            real(factor), real(resistance), real(period), proportional, real(reset),
            real(slope), lock, real(0.0),
        )  # fmt: skip

    return step


@compiled
def adapt_mean(batch, size, count, a, out, s, r, f, d, lock, zero):
    """Lets adaptations decay where they are not held, and jump, and takes the mean."""
    held = np.zeros(size, np.int32)
    fired = np.zeros(size, np.int32)
    for i in range(batch):
        for n in range(size):
            fired[n] += s[i * size + n]
        if lock:
            for n in range(size):
                held[n] += np.int32(r[i * size + n] > zero)
    for n in range(size):
        for k in range(count):
            before = a[n * count + k]
            total = np.float64(before) * held[n]
            total += np.float64(before * f[k]) * (batch - held[n])
            mean = (total + np.float64(d[k]) * fired[n]) / batch
            out[n * count + k] = 0.0 if abs(mean) < VANISHING else mean


def adapt(real: type) -> Any:
    """Returns the loop for the mean over a batch of adaptations that decay and jump."""

    @compiled
    def step(
        batch, size, count, adaptation, new_adaptation, spikes, refrac, decay, increment, lock
    ):
        adapt_mean(
            batch, size, count,
            carray(pointer(adaptation), size * count, real),
            carray(pointer(new_adaptation), size * count, real),
            carray(pointer(spikes), batch * size, np.uint8),
            carray(pointer(refrac), batch * size, real),
            carray(pointer(decay), count, real),
            carray(pointer(increment), count, real),
            lock, real(0.0),
        )  # fmt: skip

    return step
