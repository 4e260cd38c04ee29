# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN202 - numba infers the types of what it compiles
"""Loops over neurons.

The step is split into passes with one output each over blocks that stay in the cache: compilers
vectorise such passes, but not one loop with six arrays that might overlap.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import carray

from .memory import BLOCK, compiled, pointer

__all__ = ["DYNAMICS", "adapt", "integrate_and_fire"]


def _linear(real: type) -> Any:
    @compiled
    def linear(v, current, rest, a, b, factor):
        return rest + (v - rest - current) * factor + current

    return linear


def _quadratic(real: type) -> Any:
    @compiled
    def quadratic(v, current, rest, a, b, factor):
        return v + factor * (a * (v - rest) * (v - b) + current)

    return quadratic


def _exponential(real: type) -> Any:
    @compiled
    def exponential(v, current, rest, a, b, factor):
        rise = b * real(math.exp((v - a) / b))
        return v + factor * (rise - (v - rest) + current)

    return exponential


# by the number with which neurons ask for them
DYNAMICS: tuple[Callable[[type], Any], ...] = (_linear, _quadratic, _exponential)


def _integrate(real: type, dynamics: Any) -> Any:
    @compiled
    def integrate(x, v, r, out, dt, rest, a, b, factor, ohm, lock):
        zero = real(0.0)
        for j in range(len(x)):
            active = r[j] - dt <= zero
            current = ohm * (x[j] if active else zero)
            u = dynamics(v[j], current, rest, a, b, factor)
            out[j] = v[j] if lock and not active else u

    return integrate


def _fire(real: type) -> Any:
    @compiled
    def fire(r, v, s, limits, limit, dt):
        if len(limits) == 0:
            for j in range(len(s)):
                s[j] = (r[j] - dt <= real(0.0)) & (v[j] >= limit)
        else:
            for j in range(len(s)):
                s[j] = (r[j] - dt <= real(0.0)) & (v[j] >= limits[j])

    return fire


def _restore(real: type) -> Any:
    @compiled
    def restore(r, s, v, r_out, dt, period, rest, proportional, reset, slope):
        for j in range(len(s)):
            left = r[j] - dt
            left = left if left > real(0.0) else real(0.0)
            r_out[j] = period if s[j] else left
        if proportional:
            for j in range(len(s)):
                v[j] = rest + slope * (v[j] - rest) - reset if s[j] else v[j]
        else:
            for j in range(len(s)):
                v[j] = reset if s[j] else v[j]

    return restore


def _limits(real: type) -> Any:
    @compiled
    def limits_of(theta, adaptation, size, count, rows):
        """Thresholds with adaptations, repeated over rows."""
        limits = np.empty(rows * size if count else 0, real)
        if count == 0:
            return limits
        w = carray(pointer(adaptation), size * count, real)
        for n in range(size):
            amount = real(0.0)
            for k in range(count):
                amount += w[n * count + k]
            limits[n] = theta + amount
        for row in range(1, rows):
            limits[row * size : (row + 1) * size] = limits[:size]
        return limits

    return limits_of


def integrate_and_fire(real: type, dynamics: Callable[[type], Any]) -> Any:
    """Returns the loop for a step of neurons with some dynamics."""
    integrate, fire = _integrate(real, dynamics(real)), _fire(real)
    restore, limits_of = _restore(real), _limits(real)

    @compiled
    def step(
        batch, size, count, inputs, voltage, refrac, adaptation, new_voltage, new_refrac, spikes,
        threshold, step_time, rest, first, second, factor, resistance, period, proportional,
        reset, slope, lock,
    ):  # fmt: skip
        total = batch * size
        x = carray(pointer(inputs), total, real)
        v = carray(pointer(voltage), total, real)
        r = carray(pointer(refrac), total, real)
        v_out = carray(pointer(new_voltage), total, real)
        r_out = carray(pointer(new_refrac), total, real)
        s_out = carray(pointer(spikes), total, np.uint8)
        dt, v_rest, a, b = real(step_time), real(rest), real(first), real(second)
        f, ohm, theta = real(factor), real(resistance), real(threshold)
        # thresholds of whole rows, as many as fill a block
        rows = min(batch, max(1, BLOCK // size))
        limits = limits_of(theta, adaptation, size, count, rows)
        stride = rows * size if count else total
        for start in range(0, total, stride):
            stop = min(start + stride, total)
            for low in range(start, stop, BLOCK):
                high = min(low + BLOCK, stop)
                integrate(
                    x[low:high], v[low:high], r[low:high], v_out[low:high],
                    dt, v_rest, a, b, f, ohm, lock,
                )  # fmt: skip
                at = limits[low - start : high - start] if count else limits
                fire(r[low:high], v_out[low:high], s_out[low:high], at, theta, dt)
                restore(
                    r[low:high], s_out[low:high], v_out[low:high], r_out[low:high],
                    dt, real(period), v_rest, proportional, real(reset), real(slope),
                )  # fmt: skip

    return step


def adapt(real: type) -> Any:
    """Returns the loop for the mean over a batch of adaptations that decay and jump."""

    @compiled
    def step(
        batch, size, count, adaptation, new_adaptation, spikes, refrac, decay, increment, lock
    ):
        a = carray(pointer(adaptation), size * count, real)
        out = carray(pointer(new_adaptation), size * count, real)
        s = carray(pointer(spikes), batch * size, np.uint8)
        r = carray(pointer(refrac), batch * size, real)
        f = carray(pointer(decay), count, real)
        d = carray(pointer(increment), count, real)
        held = np.zeros(size, np.int32)
        fired = np.zeros(size, np.int32)
        for i in range(batch):
            for n in range(size):
                fired[n] += s[i * size + n]
            if lock:
                for n in range(size):
                    held[n] += np.int32(r[i * size + n] > real(0.0))
        for n in range(size):
            for k in range(count):
                before = a[n * count + k]
                total = np.float64(before) * held[n]
                total += np.float64(before * f[k]) * (batch - held[n])
                out[n * count + k] = real((total + np.float64(d[k]) * fired[n]) / batch)

    return step
