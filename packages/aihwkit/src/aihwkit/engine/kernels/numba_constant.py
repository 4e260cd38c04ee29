"""Pulses of a whole batch on devices with constant steps, summed as bits.

Constant steps commute, so all pulses of a batch are taken at once: their numbers come from counting
bits, and a sum of independent Gaussian changes is Gaussian. Where a bound is within reach of any
order of the pulses, the batch is cut in halves until it is not, down to single pulses.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import bit_count, load, lowest_bit, store
from aihwkit.engine.kernels.numba_random import OPTIONS, normal, normals, philox

__all__ = ["constant_rows", "join_words"]

_U, _F, _W = np.uint64, np.float32, np.uint32
_ROW_NOISE, _POINT_NOISE = _U(3), _U(4)
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}


@njit(**OPTIONS)
def join_words(words, signs, slots, bits, negative):
    """Put the trains of several vectors into one word each, with a sign for each slot.

    Args:
        words: `[vectors, words, n]`, uint32.
        signs: signs of the entries, `[vectors, n]`.
        slots: most slots of a vector.
        bits: written, uint32 zeros `[all words, n]`.
        negative: written, bits of negative entries, uint32 zeros of the same shape.
    """
    n_vectors, n_words, n = words.shape
    together = 32 // slots if slots <= 16 else 1
    full = _W(0xFFFFFFFF) if slots > 16 else _W((1 << slots) - 1)
    for vector in range(n_vectors):
        for word in range(n_words):
            place = vector // together if n_words == 1 else vector * n_words + word
            shift = _W((vector % together) * slots)
            for j in range(n):
                bits[place, j] |= words[vector, word, j] << shift
                if signs[vector, j] < 0:
                    negative[place, j] |= full << shift


@njit(**_INLINE)
def _count_row(x_bits, x_negative, d_bits, d_negative, total, down):
    """Count the coincidences of one row, and those that go down; return whether there are any."""
    n = total.shape[0]
    some = _W(0)
    for word in range(d_bits.shape[0]):
        some |= d_bits[word]
    if some == 0:
        return False
    for j in range(n):
        total[j] = 0
        down[j] = 0
    for word in range(d_bits.shape[0]):
        bits, negative = d_bits[word], d_negative[word]
        if bits == 0:
            continue
        x_row, x_signs = x_bits[word], x_negative[word]
        for j in range(n):
            j = _U(j)
            hits = load(x_row, j, 2) & bits
            store(total, j, _W(load(total, j, 3) + bit_count(_W(hits))), 2)
            turned = load(x_signs, j, 2) ^ negative
            store(down, j, _W(load(down, j, 3) + bit_count(_W(hits & turned))), 2)
    hit = _W(0)
    for j in range(n):
        hit |= total[j]
    return hit != 0


@njit(**_INLINE)
def _move_row(weight, total, down, noise, up_step, down_step, lower, upper, sigma, reach, near):
    """Take all pulses of a row at once; mark where a bound is in reach, and count these."""
    n_near = 0
    for j in range(weight.shape[0]):
        j = _U(j)
        w, n = weight[j], total[j]
        falls = _F(np.int32(down[j]))
        rises = _F(np.int32(n)) - falls
        rise, fall = rises * up_step[j], falls * down_step[j]
        spread = sigma * np.sqrt(rise * up_step[j] + fall * down_step[j])
        width = reach * spread
        highest = w + max(rise, _F(0)) + max(fall, _F(0)) + width
        lowest = w + min(rise, _F(0)) + min(fall, _F(0)) - width
        stays = (n != 0) & ((highest > upper[j]) | (lowest < lower[j]))
        change = rise + fall + spread * noise[j]
        weight[j] = w if stays else w + change
        near[j] = stays
        n_near += stays
    return n_near


@njit(**_INLINE)
def _draw(counter, key0, key1, row, column):
    return normal(philox(key0, key1, _U(counter), _U(column), _U(row), _POINT_NOISE)[0])


@njit(**OPTIONS)
def _window(x_bits, x_negative, d_bits, d_negative, column, start, stop):
    """Return the numbers of up and down pulses of some words at one cross point."""
    total, down = _W(0), _W(0)
    for word in range(start, stop):
        hits = x_bits[word, column] & d_bits[word]
        total += bit_count(_W(hits))
        down += bit_count(_W(hits & (x_negative[word, column] ^ d_negative[word])))
    return _F(np.int32(total - down)), _F(np.int32(down))


@njit(**OPTIONS)
def _point(
    w, row, column, x_bits, x_negative, d_bits, d_negative, steps, lower, upper, sigma, reach, keys
):
    """Take the pulses of one cross point in order, as many at once as no bound is in reach of."""
    up_step, down_step = steps
    n_words = d_bits.shape[0]
    position, size, counter = 0, max(n_words // 2, 1), 0
    while position < n_words:
        size = min(size, n_words - position)
        rises, falls = _window(
            x_bits, x_negative, d_bits, d_negative, column, position, position + size
        )
        rise, fall = rises * up_step, falls * down_step
        spread = sigma * np.sqrt(rise * up_step + fall * down_step)
        width = reach * spread
        high = w + max(rise, _F(0)) + max(fall, _F(0)) + width
        low = w + min(rise, _F(0)) + min(fall, _F(0)) - width
        free = high <= upper and low >= lower
        if free or rises + falls == 0:
            if rises + falls > 0:
                w += rise + fall + spread * _draw(counter, keys[0], keys[1], row, column)
                counter += 1
            position += size
            size *= 2
        elif size > 1:
            size //= 2
        else:
            hits = x_bits[position, column] & d_bits[position]
            turned = x_negative[position, column] ^ d_negative[position]
            while hits != 0:
                slot = lowest_bit(_W(hits))
                hits &= hits - _W(1)
                step = down_step if (turned >> slot) & _W(1) else up_step
                draw = _draw(counter, keys[0], keys[1], row, column)
                counter += 1
                w = max(min(w + step * (_F(1) + sigma * draw), upper), lower)
            position += 1
    return w


@njit(**OPTIONS)
def constant_rows(
    weight,
    x_bits,
    x_negative,
    d_bits,
    d_negative,
    up_step,
    down_step,
    lower,
    upper,
    sigma,
    reach,
    key0,
    key1,
    start,
    stop,
):
    """Take all pulses of a batch in some rows.

    Args:
        weight: `[d, x]`, changed in place.
        x_bits: slots of all vectors, `[words, x]`.
        x_negative: slots of negative inputs.
        d_bits: slots of all vectors, `[d, words]`.
        d_negative: slots whose pulses turn around.
        up_step: signed steps of up pulses, `[d, x]`.
        down_step: signed steps of down pulses.
        lower: lower bounds `[d, x]`.
        upper: upper bounds.
        sigma: relative noise of a pulse.
        reach: number of standard deviations that count as within reach.
        key0: low word of the key of the noise.
        key1: high word.
        start: first row.
        stop: end of the rows.
    """
    n = weight.shape[1]
    total, down = np.empty(n, np.uint32), np.empty(n, np.uint32)
    noise, near = np.zeros(n + 3, np.float32), np.empty(n, np.bool_)
    for row in range(start, stop):
        bits, negative = d_bits[row], d_negative[row]
        if not _count_row(x_bits, x_negative, bits, negative, total, down):
            continue
        if sigma > 0:
            normals(noise, n, key0, key1, _U(row), _U(0), _ROW_NOISE)
        w = weight[row]
        n_near = _move_row(
            w,
            total,
            down,
            noise,
            up_step[row],
            down_step[row],
            lower[row],
            upper[row],
            sigma,
            reach,
            near,
        )
        if n_near == 0:
            continue
        for j in range(n):
            if near[j]:
                steps = (up_step[row, j], down_step[row, j])
                w[j] = _point(
                    w[j],
                    row,
                    j,
                    x_bits,
                    x_negative,
                    bits,
                    negative,
                    steps,
                    lower[row, j],
                    upper[row, j],
                    sigma,
                    reach,
                    (key0, key1),
                )
