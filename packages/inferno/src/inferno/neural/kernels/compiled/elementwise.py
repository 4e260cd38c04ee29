# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN202 - numba infers the types of what it compiles
"""Loops over single elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from .memory import compiled, pointer

__all__ = ["clamp", "scale_spikes", "trace"]


def scale_spikes(real: type) -> Any:
    """Returns the loop that makes numbers of spikes."""

    @compiled
    def step(size, spikes, scale, output):
        s = carray(pointer(spikes), size, np.uint8)
        y = carray(pointer(output), size, real)
        factor = real(scale)
        for i in range(size):
            y[i] = real(s[i]) * factor

    return step


@compiled
def _fold(x, s, decay, amplitude, nearest, zero, y):
    if nearest:
        for i in range(len(s)):
            y[i] = amplitude if s[i] else x[i] * decay
    else:
        for i in range(len(s)):
            y[i] = x[i] * decay + (amplitude if s[i] else zero)


@compiled
def _fold_in_place(y, s, decay, amplitude, nearest, zero):
    # compilers vectorise loops in place only if they see that they are
    if nearest:
        for i in range(len(s)):
            y[i] = amplitude if s[i] else y[i] * decay
    else:
        for i in range(len(s)):
            y[i] = y[i] * decay + (amplitude if s[i] else zero)


def trace(real: type) -> Any:
    """Returns the loop for traces of spikes."""

    @compiled
    def step(size, state, spikes, decay, amplitude, nearest, output):
        x = carray(pointer(state), size, real)
        s = carray(pointer(spikes), size, np.uint8)
        y = carray(pointer(output), size, real)
        if state == output:
            _fold_in_place(y, s, real(decay), real(amplitude), nearest, real(0.0))
        else:
            _fold(x, s, real(decay), real(amplitude), nearest, real(0.0), y)

    return step


def clamp(real: type) -> Any:
    """Returns the loop that limits values in place."""

    @compiled
    def step(size, values, low, high):
        x = carray(pointer(values), size, real)
        bottom, top = real(low), real(high)
        for i in range(size):
            # comparisons in this order keep NaN
            value = bottom if x[i] < bottom else x[i]
            x[i] = top if value > top else value

    return step
