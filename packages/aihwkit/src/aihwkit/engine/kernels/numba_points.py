"""Pulses at a list of cross points of one row.

A list tells for each point its column, the direction of its pulses (0 up, 1 down), and how many
there are.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_random import OPTIONS, normals
from aihwkit.engine.kernels.numba_response import move_points, step_points

__all__ = ["new_lists", "show", "take_points"]

_U, _F, _W = np.uint64, np.float32, np.uint32
_PULSE_NOISE, _SHOWN_NOISE = _U(7), _U(8)
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}
_ONE, _EIGHT = _U(1), _U(8)


@njit(**_INLINE)
def new_lists(n):
    """Return room for lists of up to `n` cross points."""
    m = n + 64
    lists = (np.empty(m, np.uint32), np.empty(m, np.uint8), np.empty(m, np.float32))
    far = (np.empty(m, np.uint32), np.empty(m, np.uint8), np.empty(m, np.float32))
    places, marks, draws = np.empty(m, np.uint32), np.empty(m, np.uint8), np.zeros(m, np.float32)
    moved = (np.empty(m, np.float32), np.empty(m, np.float32), np.empty(m, np.float32))
    return lists, far, places, marks, draws, moved


@njit(**_INLINE)
def take_points(kind, weight, params, room, draws, m, noise, limits, arrived, keys, row, vector):
    """Take the pulses of a list of different cross points.

    Args:
        kind: of the devices.
        weight: of the row, changed in place.
        params: of the row; see `move_points`.
        room: what `new_lists` returned, with the list in its first entry.
        draws: standard normal numbers, one for each point.
        m: length of the list.
        noise: see `move_points`.
        limits: see `move_points`.
        arrived: written, true where there are pulses.
        keys: low and high word of the key of the noise.
        row: of the matrix.
        vector: number that tells lists of one row apart.
    """
    (columns, sides, counts), _, _, marks, _, (out, _, _) = room
    n_far = move_points(
        kind, weight, params, columns, sides, counts, draws, m, noise, limits, out, marks
    )
    if n_far:
        _one_by_one(kind, weight, params, room, m, noise, keys, row, vector)
    for k in range(m):
        j = _U(columns[k])
        weight[j] = out[k]
        arrived[j] = True


@njit(**OPTIONS)
def _one_by_one(kind, weight, params, room, m, noise, keys, row, vector):
    """Take the pulses of the marked points one after the other, each with a draw of its own."""
    (columns, sides, counts), far, places, marks, draws, (out, present, moved) = room
    far_columns, far_sides, far_counts = far
    n_far, most = _U(0), 0
    for k in range(m):
        if marks[k]:
            places[n_far], far_columns[n_far] = _W(k), columns[k]
            far_sides[n_far], far_counts[n_far] = sides[k], counts[k]
            present[n_far] = weight[columns[k]]
            most = max(most, int(counts[k]))
            n_far += _ONE
    for pulse in range(most):
        if noise[0] > 0:
            domain = (_U(pulse) << _EIGHT) | _PULSE_NOISE
            normals(draws, n_far, keys[0], keys[1], _U(row), _U(vector), domain)
        done = _F(pulse)
        n_done = step_points(kind, present, params, *far, draws, done, n_far, noise, moved)
        present, moved = moved, present
        if n_done > 0:
            n_far = _drop(places, far, present, out, done + _F(1), n_far)


@njit(**_INLINE)
def _drop(places, far, present, out, done, m):
    """Keep the points of a list that have more pulses; write the weights of the others."""
    columns, sides, counts = far
    kept = _U(0)
    for k in range(m):
        if counts[k] > done:
            places[kept], columns[kept], sides[kept] = places[k], columns[k], sides[k]
            counts[kept], present[kept] = counts[k], present[k]
            kept += _ONE
        else:
            out[places[k]] = present[k]
    return kept


@njit(**OPTIONS)
def show(visible, weight, arrived, write_noise, row, entry, keys, room):
    """Show the weights that got pulses with fresh noise, and forget which they were."""
    (columns, _, _), _, _, _, draws, _ = room
    m = _U(0)
    for j in range(weight.shape[0]):
        columns[m] = _W(j)
        m += _ONE if arrived[j] else _U(0)
        arrived[j] = False
    normals(draws, m, keys[0], keys[1], _U(row), _U(entry), _SHOWN_NOISE)
    for k in range(m):
        j = columns[k]
        visible[j] = weight[j] + write_noise * draws[k]
