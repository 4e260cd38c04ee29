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
from aihwkit.engine.kernels.numba_points import (
    PADDING,
    new_room,
    pad,
    padded,
    show,
    take_all,
    take_points,
)
from aihwkit.engine.kernels.numba_random import OPTIONS, normals

__all__ = ["column_masks", "stateful_rows"]

_U, _F, _W = np.uint64, np.float32, np.uint32
_VECTOR_NOISE, _SEEN_NOISE = _U(6), _U(9)
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
def _touched(masks, d_words, touched):
    """Mark the columns with a coincidence, and return how many there are."""
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
        m += bit_count(touched[q])
    return m


@njit(**_INLINE)
def _list(touched, pulses, negative, only, n, m, lists):
    """List the marked columns with their pulses, and return how many there are.

    With `only`, those with pulses of one direction, as up pulses.
    """
    x_words, x_negative, d_words = pulses
    pad(lists, m)
    _columns(touched, lists[0])
    _count(x_words, x_negative, d_words, negative, m, lists)
    if only:
        m = _keep_one_direction(only, n, m, lists)
    pad(lists, m)
    return m


@njit(**_INLINE)
def _columns(touched, columns):
    """Write the columns that are marked."""
    m = _U(0)
    for q in range(touched.shape[0]):
        marks = touched[q]
        first = _U(q) << _SIX
        while marks != 0:
            columns[m] = _W(first + lowest_bit(marks))
            marks &= marks - _ONE_BIT
            m += _ONE_BIT


@njit(**_INLINE)
def _count(x_words, x_negative, d_words, negative, m, lists):
    """Count the coincidences of the listed columns, and tell their places."""
    columns, places, counts = lists
    n = _W(x_negative.shape[0])
    first, bits = x_words[0], d_words[0]
    for k in range(padded(m)):
        k = _U(k)
        column = load(columns, k, 7)
        j = _U(column)
        store(counts, k, _F(np.int32(bit_count(_W(load(first, j, 7) & bits)))), 7)
        store(places, k, _W(column + n * _W(load(x_negative, j, 7) ^ negative)), 7)
    for word in range(1, d_words.shape[0]):
        more, bits = x_words[word], d_words[word]
        for k in range(m):
            counts[k] += _F(np.int32(bit_count(_W(more[columns[k]] & bits))))


@njit(**_INLINE)
def _keep_one_direction(only, n, m, lists):
    """Keep the pulses of one direction, as up pulses, and return how many columns have them."""
    columns, places, counts = lists
    kept = _U(0)
    for k in range(m):
        if (places[k] >= n) == (only == 2):
            columns[kept], places[kept], counts[kept] = columns[k], columns[k], counts[k]
            kept += _ONE_BIT
    return kept


@njit(**_INLINE)
def _count_all(x_words, x_negative, d_words, negative, counts, sides):
    """Count the coincidences of all columns, and tell their directions."""
    for word in range(d_words.shape[0]):
        some, bits = x_words[word], d_words[word]
        for j in range(x_negative.shape[0]):
            j = _U(j)
            number = _F(np.int32(bit_count(_W(load(some, j, 7) & bits))))
            counts[j] = number if word == 0 else counts[j] + number
    for j in range(x_negative.shape[0]):
        j = _U(j)
        store(sides, j, load(x_negative, j, 7) ^ negative, 7)


@njit(**OPTIONS)
def stateful_rows(
    kind,
    weight,
    params,
    trains,
    only,
    noise,
    limits,
    keys,
    visible,
    write_noise,
    record,
    start,
    stop,
):
    """Take the pulses of all vectors, in order, in some rows.

    Args:
        kind: of the devices.
        weight: `[d, x]`, changed in place.
        params: parameters of the devices, `[d, 8 * x]`; see `move_listed`.
        trains: of the inputs, `[vectors, words, x]`, and 1 for negative inputs, `[vectors, x]`;
            see `column_masks`; of the rows, `[d, vectors, words]`, and 1 where pulses turn around,
            `[d, vectors]`.
        only: 0 for all pulses, 1 for up pulses only, 2 for down pulses only, as up pulses.
        noise: see `move_points`.
        limits: see `move_points`.
        keys: low and high word of the key of the noise.
        visible: weights with write noise, `[d, x]`, shown anew where pulses arrived.
        write_noise: its standard deviation; 0 if `visible` is not used.
        record: after how many vectors which columns (or rows) are written down, whether they are
            columns, and where to, `[d, entries]` or `[entries, x]`.
        start: first row.
        stop: end of the rows.
    """
    x_words, x_negative, masks, d_words, d_negative = trains
    n_vectors, n, n_entries = x_words.shape[0], weight.shape[1], record[0].shape[0]
    touched, sides = np.empty(masks.shape[2], np.uint64), np.empty(n, np.uint32)
    ahead, room = np.zeros(4 * (n + 64) + PADDING, np.float32), new_room(n)
    arrived = np.zeros(n if write_noise > 0 else 0, np.bool_)
    active, seen_noise = np.empty(n_vectors + 1, np.int64), np.zeros(n_entries + 64, np.float32)
    shown = (visible, arrived, write_noise, seen_noise, keys, room)
    for row in range(start, stop):
        w, p = weight[row], params[row]
        if write_noise > 0 and record[2]:
            normals(seen_noise, n_entries, keys[0], keys[1], _U(row), _U(0), _SEEN_NOISE)
        n_active = _list_active(d_words[row], active)
        left = drawn = _U(0)
        entry = 0
        for place in range(n_active):
            vector = active[place]
            if entry < n_entries and record[0][entry] <= vector:
                entry = _write_down(record, entry, vector, row, w, shown)
            m = _touched(masks[vector], d_words[row, vector], touched)
            pulses = x_words[vector], x_negative[vector], d_words[row, vector]
            falls = d_negative[row, vector]
            if not only and 5 * m > 2 * _U(n):
                # Loops over all columns need no lists, and load what is together.
                _count_all(*pulses, falls, room[0][2], sides)
                if noise[0] > 0:
                    normals(room[3][1], n, keys[0], keys[1], _U(row), _U(vector), _VECTOR_NOISE)
                take_all(kind, w, p, sides, room, noise, limits, arrived, keys, row, vector)
            elif m > 0:
                m = _list(touched, pulses, falls, only, n, m, room[0])
                if noise[0] > 0 and left < m:
                    # Several vectors' numbers at once: short loops of few columns are slow.
                    wanted = min(_EIGHT, _U(n_active - place)) * (m + (m >> _U(3))) + _EIGHT
                    drawn = min((wanted | _SIXTY_THREE) + _ONE_BIT, _U(ahead.shape[0] - PADDING))
                    normals(ahead, drawn, keys[0], keys[1], _U(row), _U(vector), _VECTOR_NOISE)
                    left = drawn
                draws = ahead[drawn - left : drawn - left + padded(m)]
                left -= m if noise[0] > 0 else _U(0)
                take_points(kind, w, p, room, draws, m, noise, limits, arrived, keys, row, vector)
        _write_down(record, entry, n_vectors, row, w, shown)
        if write_noise > 0:
            show(visible[row], w, arrived, write_noise, row, 0, keys, room)


@njit(**_INLINE)
def _list_active(d_words, active):
    """List the vectors that have a pulse in a row, and return how many there are."""
    m = 0
    for vector in range(d_words.shape[0]):
        active[m] = vector
        some = False
        for word in range(d_words.shape[1]):
            some |= d_words[vector, word] != 0
        m += some
    return m


@njit(**OPTIONS)
def _write_down(record, entry, vector, row, weight, shown):
    """Write down what is wanted before a vector, and return the entry that is next.

    Write noise that nobody has seen yet is drawn when it is seen.
    """
    visible, arrived, write_noise, seen_noise, keys, room = shown
    after, index, by_column, values = record
    while entry < after.shape[0] and after[entry] <= vector:
        place = index[entry]
        if by_column:
            if write_noise > 0 and arrived[place]:
                visible[row, place] = weight[place] + write_noise * seen_noise[entry]
                arrived[place] = False
            values[row, entry] = visible[row, place] if write_noise > 0 else weight[place]
        elif place == row:
            if write_noise > 0:
                show(visible[row], weight, arrived, write_noise, row, entry + 1, keys, room)
            seen = visible[row] if write_noise > 0 else weight
            for j in range(weight.shape[0]):
                values[entry, j] = seen[j]
        entry += 1
    return entry


@njit(**OPTIONS)
def counted_rows(
    kind,
    weight,
    params,
    signed,
    rows,
    columns,
    noise,
    limits,
    keys,
    visible,
    write_noise,
    start,
    stop,
):
    """Take given numbers of pulses at a part of the matrix, as if of one vector.

    Args:
        kind: of the devices.
        weight: `[d, x]`, changed in place.
        params: parameters of the devices, `[d, 8 * x]`; see `move_listed`.
        signed: numbers of pulses, positive up, `[rows, columns]`.
        rows: rows of the part.
        columns: columns of the part.
        noise: see `move_points`.
        limits: see `move_points`.
        keys: low and high word of the key of the noise.
        visible: weights with write noise, `[d, x]`, shown anew where pulses arrived.
        write_noise: its standard deviation; 0 if `visible` is not used.
        start: first row of the part.
        stop: end of the rows.
    """
    n = weight.shape[1]
    draws, arrived, room = (
        np.zeros(n + 64, np.float32),
        np.zeros(n if write_noise > 0 else 0, np.bool_),
        new_room(n),
    )
    listed, places, counts = room[0]
    for place in range(start, stop):
        row, m = rows[place], _U(0)
        w, p = weight[row], params[row]
        for k in range(columns.shape[0]):
            number = signed[place, k]
            if number != 0:
                listed[m], counts[m] = columns[k], abs(number)
                places[m] = columns[k] + (n if number < 0 else 0)
                m += _ONE_BIT
        if m == 0:
            continue
        pad(room[0], m)
        if noise[0] > 0:
            normals(draws, m, keys[0], keys[1], _U(row), _U(0), _VECTOR_NOISE)
        take_points(kind, w, p, room, draws, m, noise, limits, arrived, keys, row, 0)
        if write_noise > 0:
            show(visible[row], w, arrived, write_noise, row, 0, keys, room)
