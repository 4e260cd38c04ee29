"""Pulses one by one, in rounds: the first of every device of a row, then the second, and so on.

Only the order of the pulses of one device matters. The directions of the pulses of several vectors
are kept as the bits of one word for each device; then devices are put together by falling numbers
of pulses, so that each round goes over the first ones of them.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import (
    bit_count,
    leading_zeros,
    load,
    shift_left,
    store,
)
from aihwkit.engine.kernels.numba_random import OPTIONS, normals
from aihwkit.engine.kernels.numba_record import take_snapshots
from aihwkit.engine.kernels.numba_response import EXPONENTIAL, LINEAR, of_device, single_step
from aihwkit.engine.kernels.numba_room import PADDING, gather, scatter

__all__ = ["CAPACITY", "pulses_of", "push", "take_rounds"]

_U, _W = np.uint64, np.uint32
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}
_ONE, _TWO, _TOP, _LOW = _W(1), _W(2), _W(0x80000000), _W(0x7FFFFFFF)
_EIGHT = _U(8)

_NUMBERS = 32  # that a loop of `normals` draws at once
CAPACITY = 31
"""Pulses of a word: directions below the highest bit that is set, 1 for down, the last lowest."""


@njit(**_INLINE)
def pulses_of(word):
    """Return the number of pulses in a word."""
    return 31 - int(leading_zeros(word))


@njit(**_INLINE)
def push(words, x_words, falling, slots):
    """Append the coincidences of some slots to the words of a row; return the largest word.

    Args:
        words: changed in place, `[x]`.
        x_words: trains of the inputs, `[x]`.
        falling: -1 where pulses go down, 0 where they go up, int8 `[x]`.
        slots: that have a pulse in the train of the row.
    """
    most = _ONE
    for j in range(words.shape[0]):
        j = _U(j)
        number = bit_count(_W(load(x_words, j, 5) & slots))
        turn = _W(np.int32(load(falling, j, 5)))
        word = _W(shift_left(_W(load(words, j, 6) ^ turn), number) ^ turn)
        store(words, j, word, 5)
        most = max(most, word)
    return most


@njit(**_INLINE)
def _sort(words, room, n_rounds):
    """List the columns by falling numbers of pulses; return how many have any.

    Afterwards `room.ends[k + 1]` columns have more than `k` pulses.
    """
    columns, ends = room.columns, room.ends
    for k in range(n_rounds):
        smallest, m = _W(_TWO << _W(k)), _W(0)
        for j in range(words.shape[0]):
            m += _ONE if words[j] >= smallest else _W(0)
        ends[k] = m
    ends[n_rounds] = 0
    # Columns with `k` pulses follow those with more, so each of them moves its end.
    for j in range(words.shape[0]):
        if words[j] > _ONE:
            number = pulses_of(words[j])
            place = ends[number]
            ends[number] = _W(place + _ONE)
            columns[place] = _W(j)
    return _U(ends[1])


@njit(**_INLINE)
def _padded(m, size):
    """Return the next multiple of a size, which is a power of two."""
    return (m + _U(size - 1)) & ~_U(size - 1)


@njit(**_INLINE)
def _write_codes(words, room, m):
    """Write the directions of listed columns, first pulse highest, and 1 after the last pulse."""
    for r in range(m):
        word = words[room.columns[r]]
        room.codes[r] = shift_left(_W(_W(word << _ONE) | _ONE), leading_zeros(word))
    for r in range(m, _padded(m, PADDING)):
        room.codes[r] = _TOP


@njit(**_INLINE)
def _round(kind, multiplicative, room, draws, k, m, noise):
    """Take one more pulse of the first `m` listed devices, where they have one.

    Args:
        kind: of the devices.
        multiplicative: whether the noise is proportional to the step.
        room: with the listed devices.
        draws: standard normal numbers.
        k: number of pulses before.
        m: number of devices, padded.
        noise: see `several_steps`.
    """
    sigma, _, std_add, std_slope = noise
    stride = _U(room.weight.shape[0])
    for r in range(m):
        r = _U(r)
        code = shift_left(load(room.codes, r, 4), k)
        device = of_device(room.params, stride, r, code >= _TOP)
        step, slope, scale, lower, upper = device
        w = load(room.weight, r, 8)
        absolute = (multiplicative, std_add, std_slope)
        mean, _, unit = single_step(kind, w, step, slope, scale, absolute)
        moved = w + mean + sigma * unit * load(draws, r, 4)
        moved = max(min(moved, upper), lower)
        store(room.weight, r, moved if _W(code & _LOW) != _W(0) else w, 4)


@njit(**OPTIONS)
def take_rounds(kind, weight, params, words, room, noise, keys, counter, watch):
    """Take the pulses of some devices one by one.

    Args:
        kind: of the devices.
        weight: changed in place, `[n]`.
        params: parameters, `[8 n]`; see `of_device`.
        words: directions of pulses, `[n]`; see `push`.
        room: for the devices.
        noise: see `several_steps`.
        keys: low and high word of the key of the noise.
        counter: row, number that tells the words of one row apart, pulses taken before, domain.
        watch: what is to be seen on the way; see `take_snapshots`.
    """
    most = _ONE
    for j in range(words.shape[0]):
        most = max(most, words[j])
    n_rounds = pulses_of(most)
    if n_rounds == 0:
        return
    m = _sort(words, room, n_rounds)
    # Constant, so that no scales are gathered that are of no use.
    if kind == LINEAR and noise[1]:
        gather(weight, params, room.columns, m, room.weight, room.params, False)
    else:
        gather(weight, params, room.columns, m, room.weight, room.params, True)
    _write_codes(words, room, m)
    if watch.pending[0] > 0:
        for r in range(m):
            room.ranks[room.columns[r]] = _W(r)
    row, number, before, domain = counter
    left = _U(0)
    for k in range(1, n_rounds + 1):
        left += _U(room.ends[k])
    draws, waited_for = room.draws, watch.first
    used = drawn = _U(0)
    for k in range(n_rounds):
        n_active = _U(room.ends[k + 1])
        if noise[0] > 0:
            if used + n_active > drawn:
                # For several rounds at once: short loops are slow.
                used, drawn = _U(0), min(_padded(left, _NUMBERS), _U(room.draws.shape[0] - PADDING))
                place = (_U(before + k) << _EIGHT) | domain
                normals(room.draws, drawn, keys[0], keys[1], row, number, place)
            draws = room.draws[used:]
            used += n_active
            left -= n_active
        padded = _padded(n_active, PADDING)
        # Constants, so that each loop holds the formulas of one case only.
        if kind == EXPONENTIAL:
            _round(EXPONENTIAL, True, room, draws, _W(k), padded, noise)
        elif noise[1]:
            _round(LINEAR, True, room, draws, _W(k), padded, noise)
        else:
            _round(LINEAR, False, room, draws, _W(k), padded, noise)
        if waited_for[k + 1] > 0:
            take_snapshots(watch, room, row, k + 1)
    scatter(weight, room.columns, m, room.weight)
