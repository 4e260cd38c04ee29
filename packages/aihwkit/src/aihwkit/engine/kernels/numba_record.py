"""Weights that are written down, and shown with write noise, while pulses change a row."""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
from typing import NamedTuple

import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import leading_zeros
from aihwkit.engine.kernels.numba_random import OPTIONS, normals

__all__ = [
    "Watch",
    "mark_arrived",
    "new_watch",
    "next_entry",
    "note",
    "show",
    "start_row",
    "take_snapshots",
]

_U = np.uint64
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}
_NEVER = 2**31 - 1
_SHOWN_NOISE, _SEEN_NOISE = _U(8), _U(9)


class Watch(NamedTuple):
    """What is seen of a matrix while pulses change it.

    Attributes:
        after: number of vectors before each entry.
        index: column or row of each entry.
        by_column: whether columns are written down, or rows.
        values: written, `[d, entries]` of columns, or `[entries, x]` of rows.
        visible: weights with write noise, `[d, x]`.
        write_noise: its standard deviation; 0 if `visible` is not used.
        arrived: whether there were pulses since the last look, `[x]`; empty without write noise.
        noise: standard normal numbers of the entries, `[entries]`.
        pending: entries that wait for pulses of their column: how many, then their numbers.
        first: the first of those that wait for so many pulses, 0 for none, `[32]`.
        last: the last of them.
        follower: the next one that waits for as many.
        fresh: whether there are pulses since the last look.
        seen: pulses at the last look by an entry that waits, `[x]`.
        draws: room for standard normal numbers.
    """

    after: np.ndarray
    index: np.ndarray
    by_column: bool
    values: np.ndarray
    visible: np.ndarray
    write_noise: np.float32
    arrived: np.ndarray
    noise: np.ndarray
    pending: np.ndarray
    first: np.ndarray
    last: np.ndarray
    follower: np.ndarray
    fresh: np.ndarray
    seen: np.ndarray
    draws: np.ndarray


@njit(**OPTIONS)
def new_watch(record, visible, write_noise, n):
    """Return room to watch rows of `n` devices.

    Args:
        record: after how many vectors which columns (or rows) are written down, whether they are
            columns, and where to.
        visible: weights with write noise.
        write_noise: its standard deviation; 0 if `visible` is not used.
        n: number of columns.
    """
    after, index, by_column, values = record
    n_entries, n_shown = after.shape[0], n if write_noise > 0 else 0
    return Watch(
        after,
        index,
        by_column,
        values,
        visible,
        write_noise,
        np.zeros(n_shown, np.bool_),
        np.zeros(n_entries + 64, np.float32),
        np.zeros(n_entries + 1, np.int64),
        np.zeros(32, np.int64),
        np.zeros(32, np.int64),
        np.zeros(n_entries + 1, np.int64),
        np.zeros(n_entries + 1, np.bool_),
        np.zeros(n if n_entries else 0, np.int64),
        np.zeros(n_shown + 64, np.float32),
    )


@njit(**OPTIONS)
def start_row(watch, row, keys):
    """Draw what the entries of a row need."""
    if watch.write_noise > 0 and watch.by_column:
        n_entries = watch.after.shape[0]
        normals(watch.noise, n_entries, keys[0], keys[1], _U(row), _U(0), _SEEN_NOISE)


@njit(**_INLINE)
def next_entry(watch, entry, row):
    """Return the next entry of a row from one on, and the number of vectors before it."""
    n_entries = watch.after.shape[0]
    if not watch.by_column:
        while entry < n_entries and watch.index[entry] != row:
            entry += 1
    return entry, watch.after[entry] if entry < n_entries else np.int32(_NEVER)


@njit(**OPTIONS)
def note(watch, entry, vector, row, weight, words, keys):
    """Write down what is due before a vector, and return what `next_entry` does.

    Entries whose columns have pulses in their words wait until these are taken.
    """
    # Taken out of the tuple once: counting references takes more time than anything else here.
    after, index, values, arrived = watch.after, watch.index, watch.values, watch.arrived
    pending, first, last, follower = watch.pending, watch.first, watch.last, watch.follower
    fresh, seen, visible, noise = watch.fresh, watch.seen, watch.visible, watch.noise
    n_entries, by_column, write_noise = after.shape[0], watch.by_column, watch.write_noise
    while entry < n_entries and after[entry] <= vector:
        place = index[entry]
        if not by_column:
            if place == row:
                _note_row(watch, entry, row, weight, keys)
            entry += 1
            continue
        number = 31 - int(leading_zeros(words[place]))
        if number > 0:
            k = pending[0] + 1
            pending[0], pending[k], follower[k] = k, entry, 0
            if first[number] == 0:
                first[number] = k
            else:
                follower[last[number]] = k
            last[number] = k
            fresh[k] = number > seen[place]
            seen[place] = number
        elif write_noise > 0:
            if arrived[place]:
                visible[row, place] = weight[place] + write_noise * noise[entry]
                arrived[place] = False
            values[row, entry] = visible[row, place]
        else:
            values[row, entry] = weight[place]
        entry += 1
    return next_entry(watch, entry, row)


@njit(**OPTIONS)
def _note_row(watch, entry, row, weight, keys):
    """Write down all weights of a row."""
    if watch.write_noise > 0:
        show(watch, weight, row, entry + 1, keys)
        weight = watch.visible[row]
    values = watch.values
    for j in range(weight.shape[0]):
        values[entry, j] = weight[j]


@njit(**OPTIONS)
def take_snapshots(watch, room, row, done):
    """Write down the entries that waited for so many pulses."""
    index, values, visible, fresh = watch.index, watch.values, watch.visible, watch.fresh
    pending, follower, weight, ranks = watch.pending, watch.follower, room.weight, room.ranks
    k = watch.first[done]
    while k > 0:
        entry = pending[k]
        place = index[entry]
        w = weight[ranks[place]]
        if watch.write_noise > 0:
            if fresh[k]:
                visible[row, place] = w + watch.write_noise * watch.noise[entry]
            w = visible[row, place]
        values[row, entry] = w
        k = follower[k]


@njit(**_INLINE)
def mark_arrived(watch, words):
    """Remember where pulses arrived that no entry has seen, and forget the entries."""
    for j in range(watch.arrived.shape[0]):
        if words[j] > 1:
            seen = watch.seen[j] if watch.seen.shape[0] > 0 else 0
            watch.arrived[j] = 31 - int(leading_zeros(words[j])) > seen
    for k in range(1, watch.pending[0] + 1):
        watch.seen[watch.index[watch.pending[k]]] = 0
    watch.pending[0] = 0
    watch.first[:] = 0


@njit(**OPTIONS)
def show(watch, weight, row, entry, keys):
    """Show the weights that got pulses with fresh noise, and forget which they were."""
    m = 0
    for j in range(weight.shape[0]):
        m += watch.arrived[j]
    normals(watch.draws, m, keys[0], keys[1], _U(row), _U(entry), _SHOWN_NOISE)
    m = 0
    for j in range(weight.shape[0]):
        if watch.arrived[j]:
            watch.visible[row, j] = weight[j] + watch.write_noise * watch.draws[m]
            watch.arrived[j] = False
            m += 1
