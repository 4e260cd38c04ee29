"""Pulses on devices whose step depends on the weight, vector by vector, row by row.

Of each vector only the cross points with a coincidence are visited: bits of whole slots are joined
to masks of columns, whose set bits are the cross points.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import bit_count, load, lowest_bit, store
from aihwkit.engine.kernels.numba_random import OPTIONS, normal, normals, philox
from aihwkit.engine.kernels.numba_response import move_points, single_step

__all__ = ["column_masks", "stateful_rows"]

_U, _F, _W = np.uint64, np.float32, np.uint32
_ONE, _ZERO = _F(1), _F(0)
_VECTOR_NOISE, _PULSE_NOISE, _SHOWN_NOISE = _U(6), _U(7), _U(8)
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}
_ONE_BIT, _SIX, _EIGHT, _SIXTY_THREE = _U(1), _U(6), _U(8), _U(63)


@njit(**OPTIONS)
def column_masks(words, masks):
    """Turn trains into masks of the columns that have a pulse in a slot.

    Args:
        words: `[vectors, words, n]`, uint32.
        masks: written, uint64 zeros `[vectors, 32 * words, ceil(n / 64)]`.
    """
    for vector in range(words.shape[0]):
        for word in range(words.shape[1]):
            for j in range(words.shape[2]):
                bits = words[vector, word, j]
                while bits != 0:
                    slot = word * 32 + lowest_bit(bits)
                    bits &= bits - _W(1)
                    masks[vector, slot, j >> 6] |= _ONE_BIT << (_U(j) & _SIXTY_THREE)


@njit(**_INLINE)
def _touched(masks, d_words, touched, columns):
    """List the columns with a coincidence, and return how many there are."""
    n_masks = touched.shape[0]
    for q in range(n_masks):
        touched[q] = 0
    for word in range(d_words.shape[0]):
        bits = d_words[word]
        while bits != 0:
            slot = word * 32 + lowest_bit(bits)
            bits &= bits - _W(1)
            row = masks[slot]
            for q in range(n_masks):
                q = _U(q)
                store(touched, q, load(touched, q, 6) | load(row, q, 5), 5)
    m = _U(0)
    for q in range(n_masks):
        bits = touched[q]
        first = _U(q) << _SIX
        while bits != 0:
            columns[m] = _W(first + lowest_bit(bits))
            bits &= bits - _ONE_BIT
            m += _ONE_BIT
    return m


@njit(**_INLINE)
def _count(x_words, x_negative, d_words, negative, columns, m, counts, sides):
    """Count the coincidences of the listed columns, and tell their directions."""
    n_words = d_words.shape[0]
    first, bits = x_words[0], d_words[0]
    for k in range(m):
        k = _U(k)
        j = _U(load(columns, k, 7))
        store(counts, k, _F(np.int32(bit_count(_W(load(first, j, 7) & bits)))), 7)
    for word in range(1, n_words):
        more, bits = x_words[word], d_words[word]
        for k in range(m):
            counts[k] += _F(np.int32(bit_count(_W(more[columns[k]] & bits))))
    for k in range(m):
        k = _U(k)
        store(sides, k, load(x_negative, _U(load(columns, k, 8)), 8) ^ negative, 8)


@njit(**OPTIONS)
def _one_by_one(kind, w, count, params, n, place, j, noise, keys, row, vector):
    """Take the pulses of one cross point one after the other, each with a draw of its own."""
    sigma, multiplicative, std_add, std_slope = noise
    upper, lower = params[_U(6) * n + j], params[_U(7) * n + j]
    for pulse in range(count):
        mean, _, unit = single_step(
            kind,
            w,
            params[place],
            params[_U(2) * n + place],
            params[_U(4) * n + place],
            (multiplicative, std_add, std_slope),
        )
        if sigma > 0:
            domain = (_U(pulse) << _U(8)) | _PULSE_NOISE
            draw = normal(philox(keys[0], keys[1], j, _U(row), _U(vector), domain)[0])
            mean += sigma * unit * draw
        w = max(min(w + mean, upper), lower)
    return w


@njit(**OPTIONS)
def stateful_rows(
    kind,
    weight,
    params,
    x_words,
    x_negative,
    masks,
    d_words,
    d_negative,
    only,
    noise,
    limits,
    key0,
    key1,
    visible,
    write_noise,
    start,
    stop,
):
    """Take the pulses of all vectors, in order, in some rows.

    Args:
        kind: of the devices.
        weight: `[d, x]`, changed in place.
        params: parameters of the devices, `[d, 8 * x]`; see `move_points`.
        x_words: trains of the inputs, `[vectors, words, x]`.
        x_negative: 1 for negative inputs, `[vectors, x]`.
        masks: see `column_masks`.
        d_words: trains of the rows, `[d, vectors, words]`.
        d_negative: 1 where pulses turn around, `[d, vectors]`.
        only: 0 for all pulses, 1 for up pulses only, 2 for down pulses only, as up pulses.
        noise: see `move_points`.
        limits: see `move_points`.
        key0: low word of the key of the noise.
        key1: high word.
        visible: weights with write noise, `[d, x]`, shown anew where pulses arrived.
        write_noise: its standard deviation; 0 if `visible` is not used.
        start: first row.
        stop: end of the rows.
    """
    n_vectors, n = x_words.shape[0], weight.shape[1]
    width = _U(n)
    touched = np.empty(masks.shape[2], np.uint64)
    columns, sides = np.empty(n + 64, np.uint32), np.empty(n + 64, np.uint8)
    counts, ahead = np.empty(n + 64, np.float32), np.zeros(4 * n + 64, np.float32)
    out, far = np.empty(n + 64, np.float32), np.empty(n + 64, np.uint8)
    arrived = np.zeros(n, np.bool_)
    for row in range(start, stop):
        w, p = weight[row], params[row]
        left = drawn = _U(0)
        for vector in range(n_vectors):
            bits = d_words[row, vector]
            m = _touched(masks[vector], bits, touched, columns)
            if m > 0:
                negative = d_negative[row, vector]
                _count(
                    x_words[vector], x_negative[vector], bits, negative, columns, m, counts, sides
                )
                if only:
                    m = _filter(only, columns, counts, sides, m)
                if noise[0] > 0 and left < m:
                    # Several vectors' numbers at once: short loops of few columns are slow.
                    drawn = min(_EIGHT * m + _U(64), _U(ahead.shape[0])) & ~_U(3)
                    normals(ahead, drawn, key0, key1, _U(row), _U(vector), _VECTOR_NOISE)
                    left = drawn
                first = drawn - left
                left -= m if noise[0] > 0 else _U(0)
                draws = ahead[first : first + m]
                n_far = move_points(
                    kind, w, p, columns, sides, counts, draws, m, noise, limits, out, far
                )
                for k in range(m):
                    j = _U(columns[k])
                    if n_far and far[k]:
                        out[k] = _one_by_one(
                            kind,
                            w[j],
                            int(counts[k]),
                            p,
                            width,
                            _U(sides[k]) * width + j,
                            j,
                            noise,
                            (key0, key1),
                            row,
                            vector,
                        )
                    w[j] = out[k]
                    arrived[j] = True
        if write_noise > 0:
            _show(visible[row], w, arrived, write_noise, row, (key0, key1), ahead, columns)


@njit(**OPTIONS)
def _show(visible, weight, arrived, write_noise, row, keys, draws, columns):
    """Show the weights that got pulses with fresh noise, and forget which they were."""
    m = _U(0)
    for j in range(weight.shape[0]):
        if arrived[j]:
            columns[m] = j
            m += _ONE_BIT
            arrived[j] = False
    normals(draws, m, keys[0], keys[1], _U(row), _U(0), _SHOWN_NOISE)
    for k in range(m):
        j = columns[k]
        visible[j] = weight[j] + write_noise * draws[k]


@njit(**_INLINE)
def _filter(only, columns, counts, sides, m):
    """Keep the pulses of one direction, as up pulses."""
    kept = _U(0)
    for k in range(m):
        if sides[k] == only - 1:
            columns[kept], counts[kept], sides[kept] = columns[k], counts[k], 0
            kept += _ONE_BIT
    return kept
