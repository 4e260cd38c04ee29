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

_U, _W = np.uint64, np.uint32
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
        pulses: numbers of pulses that they wait for.
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
    pulses: np.ndarray
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


@njit(**OPTIONS)
def next_entry(watch, entry, row):
    """Return the next entry of a row from one on, and the number of vectors before it."""
    n_entries = watch.after.shape[0]
    if not watch.by_column:
        while entry < n_entries and watch.index[entry] != row:
            entry += 1
    return entry, watch.after[entry] if entry < n_entries else np.int32(_NEVER)


@njit(**OPTIONS)
def note(watch, entry, row, weight, words, keys):
    """Write down one entry, or let it wait until its column has the pulses of its word."""
    place = watch.index[entry]
    if not watch.by_column:
        if watch.write_noise > 0:
            show(watch, weight, row, entry + 1, keys)
            weight = watch.visible[row]
        watch.values[entry] = weight
        return
    number = 31 - int(leading_zeros(words[place]))
    if number > 0:
        watch.pending[0] += 1
        k = watch.pending[0]
        watch.pending[k], watch.pulses[k] = entry, number
        watch.fresh[k] = number > watch.seen[place]
        watch.seen[place] = number
        return
    if watch.write_noise > 0:
        _look(watch, entry, row, weight[place], watch.arrived[place])
        watch.arrived[place] = False
    else:
        watch.values[row, entry] = weight[place]


@njit(**OPTIONS)
def _look(watch, entry, row, weight, fresh):
    """Write down a weight with write noise, drawn anew where pulses arrived."""
    place = watch.index[entry]
    if fresh:
        watch.visible[row, place] = weight + watch.write_noise * watch.noise[entry]
    watch.values[row, entry] = watch.visible[row, place]


@njit(**OPTIONS)
def take_snapshots(watch, room, row, done):
    """Write down the entries that waited for so many pulses."""
    for k in range(1, watch.pending[0] + 1):
        if watch.pulses[k] == done:
            entry = watch.pending[k]
            weight = room.weight[room.ranks[watch.index[entry]]]
            if watch.write_noise > 0:
                _look(watch, entry, row, weight, watch.fresh[k])
            else:
                watch.values[row, entry] = weight


@njit(**OPTIONS)
def mark_arrived(watch, words):
    """Remember where pulses arrived that no entry has seen, and forget the entries."""
    for j in range(watch.arrived.shape[0]):
        if words[j] > 1:
            seen = watch.seen[j] if watch.seen.shape[0] > 0 else 0
            watch.arrived[j] = 31 - int(leading_zeros(words[j])) > seen
    for k in range(1, watch.pending[0] + 1):
        watch.seen[watch.index[watch.pending[k]]] = 0
    watch.pending[0] = 0


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
