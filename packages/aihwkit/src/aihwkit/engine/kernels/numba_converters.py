"""Input and output converters of the analog product as compiled loops."""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import as_float, as_int, load, round_even, store
from aihwkit.engine.kernels.numba_random import OPTIONS, normals

__all__ = ["input_rows", "largest_entry", "output_rows"]

_U, _F = np.uint64, np.float32
_ZERO, _ONE = _F(0), _F(1)
_OUTPUT_NOISE = _U(5)
# Bounds may be infinite, and what is not a number stays so.
_EXACT = {**OPTIONS, "fastmath": {"contract", "nsz"}}


@njit(**_EXACT, inline="never", forceinline=True)
def largest_entry(row):
    """Return the largest absolute value of a vector; not a number if there is such an entry.

    Bits of positive floats compare as integers, which vector instructions do at once.
    """
    largest = np.int32(0)
    for j in range(row.shape[0]):
        value = as_int(abs(row[j]))
        largest = value if value > largest else largest
    return as_float(largest)


@njit(**_EXACT, inline="never", forceinline=True)
def _limited(value, bound):
    """Limit to the bounds; what is not a number stays so."""
    value = bound if value > bound else value
    return -bound if value < -bound else value


@njit(**_EXACT)
def input_rows(x, stride, prepared, scale, measure, scaled, threshold, step, bound, start, stop):
    """Scale, convert and limit input vectors.

    Args:
        x: entries of all vectors in one piece.
        stride: from a vector to the next one there.
        prepared: written, `[vectors, n]`.
        scale: input scale of each vector.
        measure: write the largest absolute input to `scale`.
        scaled: whether inputs are divided by `scale`.
        threshold: largest scale, if positive.
        step: of the converter; 0 for none.
        bound: of the converter.
        start: first vector.
        stop: end of the vectors.
    """
    for vector in range(start, stop):
        out = prepared[vector]
        row = x[vector * stride : vector * stride + out.shape[0]]
        factor = _ONE
        if measure:
            alpha = largest_entry(row)
            scale[vector] = min(alpha, threshold) if threshold > 0 else alpha
        if scaled:
            factor = _ONE / scale[vector] if scale[vector] > 0 else _ONE
        if step > 0:
            for j in range(row.shape[0]):
                j = _U(j)
                value = round_even(load(row, j, 1) * factor / step) * step
                store(out, j, _limited(value, bound), 1)
        else:
            for j in range(row.shape[0]):
                j = _U(j)
                store(out, j, _limited(load(row, j, 1) * factor, bound), 1)


@njit(**_EXACT)
def output_rows(
    values,
    scale,
    clipped,
    failed,
    noise_std,
    managed,
    test_negative,
    step,
    bound,
    out_scale,
    key0,
    key1,
    start,
    stop,
):
    """Add noise to line outputs, convert, limit and scale them back, in place.

    Args:
        values: `[vectors, n]`, changed in place.
        scale: input scale of each vector.
        clipped: written, outputs beyond a bound.
        failed: written, vectors that the bound management must repeat.
        noise_std: standard deviation of each line's noise, `[n]`.
        managed: whether inputs were scaled.
        test_negative: whether the lower bound counts for `failed`.
        step: of the converter; 0 for none.
        bound: of the converter.
        out_scale: digital factor.
        key0: low word of the key of the noise.
        key1: high word.
        start: first vector.
        stop: end of the vectors.
    """
    n = values.shape[1]
    # Noise is drawn for about as many outputs at once as make a long loop.
    together = max(1, 256 // n)
    noise = np.zeros(together * n + 3, np.float32)
    noisy = np.any(noise_std > 0)
    bounded = bound < np.inf
    drawn = -1
    for vector in range(start, stop):
        row = values[vector]
        alpha = scale[vector]
        if managed and alpha <= 0:
            row[:] = 0
            if bounded:
                clipped[vector] = False
            continue
        factor = (alpha if managed else _ONE) * out_scale
        if noisy:
            group = vector // together
            if group != drawn:
                normals(noise, together * n, key0, key1, _U(group), _U(0), _OUTPUT_NOISE)
                drawn = group
            first = _U((vector - group * together) * n)
            for j in range(n):
                j = _U(j)
                row[j] = row[j] + load(noise, first + j, 2) * load(noise_std, j, 2)
        if step > 0:
            for j in range(n):
                row[j] = round_even(row[j] / step) * step
        if bounded:
            out = clipped[vector]
            n_failed = 0
            for j in range(n):
                value = row[j]
                high, low = value > bound, value < -bound
                out[j] = high | low
                n_failed += high | (low & test_negative)
            failed[vector] = n_failed > 0
        for j in range(n):
            row[j] = _limited(row[j], bound) * factor
