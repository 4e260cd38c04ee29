"""Pulses on devices whose step depends on the weight, row by row.

Where pulses are many, those of one vector at one device are taken at once, vector by vector. Where
they are few, the pulses of many vectors are collected first, and taken one by one.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import bit_count
from aihwkit.engine.kernels.numba_merged import count_pulses, take_merged
from aihwkit.engine.kernels.numba_random import OPTIONS
from aihwkit.engine.kernels.numba_record import (
    mark_arrived,
    new_watch,
    next_entry,
    note,
    show,
    start_row,
)
from aihwkit.engine.kernels.numba_room import new_room
from aihwkit.engine.kernels.numba_rounds import CAPACITY, pulses_of, push, take_rounds

__all__ = ["count_slots", "stateful_rows"]

_U, _W = np.uint64, np.uint32
_ROUND_NOISE = _U(5)
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}
_MOST_SLOTS, _FIRST_HALF = 16, _W(0xFFFF)

MERGED_FROM = 1.3
"""Mean number of pulses of a device and vector from which on loops over all of them are faster."""


@njit(**OPTIONS)
def count_slots(words, totals):
    """Count the pulses of all trains of each vector.

    Args:
        words: `[vectors, words, n]`, uint32.
        totals: written, `[vectors]`, int64.
    """
    for vector in range(words.shape[0]):
        total = 0
        for word in range(words.shape[1]):
            some, number = words[vector, word], _W(0)
            for j in range(some.shape[0]):
                number += bit_count(some[j])
            total += number
        totals[vector] = total


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


@njit(**_INLINE)
def _expected(d_words, totals, slots):
    """Return about how many pulses a row gets."""
    expected = 0
    for vector in range(d_words.shape[0]):
        number = 0
        for word in range(d_words.shape[1]):
            number += bit_count(d_words[vector, word])
        expected += number * totals[vector]
    return expected / slots


@njit(**OPTIONS)
def _collect(kind, weight, params, room, noise, keys, row, number, watch):
    """Take the pulses that were collected."""
    counter = (_U(row), _U(number), 0, _ROUND_NOISE)
    take_rounds(kind, weight, params, room.words, room, noise, keys, counter, watch)
    mark_arrived(watch, room.words)
    room.words[:] = 1


@njit(**_INLINE)
def _one_vector(kind, weight, params, room, pulses, noise, limits, keys, row, vector, watch):
    """Take the pulses of one vector at once."""
    count_pulses(*pulses, room)
    take_merged(kind, weight, params, room, noise, limits, keys, row, vector, watch)
    for j in range(watch.arrived.shape[0]):
        watch.arrived[j] |= room.counts[j] > 0


@njit(**OPTIONS)
def stateful_rows(
    kind, weight, params, trains, noise, limits, keys, visible, write_noise, record, start, stop
):
    """Take the pulses of all vectors, in order, in some rows.

    Args:
        kind: of the devices.
        weight: `[d, x]`, changed in place.
        params: parameters of the devices, `[d, 8 * x]`; see `of_device`.
        trains: of the inputs, `[vectors, words, x]`, twice: for rows whose pulses keep their
            direction, and for those whose pulses turn around; -1 where pulses go down, int8
            `[vectors, x]`, twice, too; of the rows, `[d, vectors, words]`; whether pulses turn
            around, `[d, vectors]`; pulses of all inputs, `[vectors]`, and the number of slots.
        noise: see `several_steps`.
        limits: see `several_steps`.
        keys: low and high word of the key of the noise.
        visible: weights with write noise, `[d, x]`, shown anew where pulses arrived.
        write_noise: its standard deviation; 0 if `visible` is not used.
        record: see `new_watch`.
        start: first row.
        stop: end of the rows.
    """
    x_words, falling, d_words, turns, totals, slots = trains
    n_vectors, n = turns.shape[1], weight.shape[1]
    room, watch = new_room(n), new_watch(record, visible, write_noise, n)
    active = np.empty(n_vectors + 1, np.int64)
    for row in range(start, stop):
        w, p = weight[row], params[row]
        start_row(watch, row, keys)
        n_active = _list_active(d_words[row], active)
        merged = _expected(d_words[row], totals, slots) > MERGED_FROM * n * n_active
        number = most = 0
        entry, due = next_entry(watch, 0, row)
        for place in range(n_active + 1):
            vector = active[place] if place < n_active else n_vectors
            if due <= vector:
                if most > 0 and not watch.by_column:
                    _collect(kind, w, p, room, noise, keys, row, number, watch)
                    number, most = number + 1, 0
                entry, due = note(watch, entry, vector, row, w, room.words, keys)
            if vector == n_vectors:
                break
            side = turns[row, vector]
            some, down = x_words[side][vector], falling[side][vector]
            if merged:
                pulses = (some, down, d_words[row, vector])
                _one_vector(kind, w, p, room, pulses, noise, limits, keys, row, vector, watch)
                continue
            for word in range(d_words.shape[2]):
                left = d_words[row, vector, word]
                while left != 0:
                    part = left if bit_count(left) <= _MOST_SLOTS else _W(left & _FIRST_HALF)
                    left = _W(left ^ part)
                    if most + bit_count(part) > CAPACITY:
                        _collect(kind, w, p, room, noise, keys, row, number, watch)
                        number += 1
                    most = pulses_of(push(room.words, some[word], down, part))
        if most > 0:
            _collect(kind, w, p, room, noise, keys, row, number, watch)
        if write_noise > 0:
            show(watch, w, row, 0, keys)
