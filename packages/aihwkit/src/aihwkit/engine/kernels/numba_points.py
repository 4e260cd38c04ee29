"""Pulses at a list of cross points of one row.

Where most columns of a row have pulses, loops go over all of them; otherwise over lists of columns.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import load, store
from aihwkit.engine.kernels.numba_random import OPTIONS, normals
from aihwkit.engine.kernels.numba_response import (
    LOWER,
    SCALE,
    SLOPE,
    UPPER,
    move_listed,
    move_points,
    step_points,
)

__all__ = ["PADDING", "new_room", "pad", "padded", "show", "take_all", "take_points"]

_U, _F, _W = np.uint64, np.float32, np.uint32
_PULSE_NOISE, _SHOWN_NOISE = _U(7), _U(8)
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}
_ONE, _EIGHT = _U(1), _U(8)
_ZERO = _F(0)

PADDING = 8
"""Loops take so many points at once; the rest of a loop would be slow."""


@njit(**_INLINE)
def padded(m):
    """Return the next multiple of what loops take at once."""
    return ((m + _U(PADDING - 1)) // _U(PADDING)) * _U(PADDING)


@njit(**_INLINE)
def _floats(m):
    return np.zeros(m, np.float32)


@njit(**_INLINE)
def _points(m):
    return _floats(m), _floats(m), _floats(m), _floats(m), _floats(m), _floats(m)


@njit(**_INLINE)
def new_room(n):
    """Return room for lists of up to `n` cross points.

    Returns:
        Columns, places and numbers of pulses; see `move_listed`; weights, steps, slopes, scales,
        upper and lower bounds; the same for points that go one by one, with their numbers of
        pulses and places in the list; marks of these, random numbers, and new weights.
    """
    m = n + 2 * PADDING
    lists = (np.zeros(m, np.uint32), np.zeros(m, np.uint32), _floats(m))
    far = (np.empty(m, np.uint32), _floats(m), _points(m))
    return lists, _points(m), far, (_floats(m), _floats(m), _floats(m), _floats(m))


@njit(**_INLINE)
def pad(lists, m):
    """Fill a list up to the next multiple with points without pulses."""
    columns, places, counts = lists
    for k in range(PADDING):
        k = m + _U(k)
        columns[k], places[k], counts[k] = 0, 0, _ZERO


@njit(**_INLINE)
def take_points(kind, weight, params, room, draws, m, noise, limits, arrived, keys, row, vector):
    """Take the pulses of a list of different cross points.

    Args:
        kind: of the devices.
        weight: of the row, changed in place.
        params: of the row; see `move_listed`.
        room: what `new_room` returned, with the list, padded.
        draws: standard normal numbers, one for each point.
        m: length of the list.
        noise: see `move_points`.
        limits: see `move_points`.
        arrived: written, true where there are pulses; empty if nobody wants to know.
        keys: low and high word of the key of the noise.
        row: of the matrix.
        vector: number that tells lists of one row apart.
    """
    lists, _, far, rest = room
    marks, _, out, _ = rest
    n_far = move_listed(kind, weight, params, lists, draws, padded(m), noise, limits, out, marks)
    if n_far:
        _one_by_one(kind, weight, params, lists, m, noise, far, rest, keys, row, vector)
    columns = lists[0]
    for k in range(m):
        k = _U(k)
        store(weight, _U(load(columns, k, 9)), load(out, k, 9), 9)
    if arrived.shape[0] > 0:
        for k in range(m):
            arrived[columns[k]] = True


@njit(**_INLINE)
def _select(params, first, sides, values):
    """Write the parameter of each column for the direction of its pulses."""
    n = _U(sides.shape[0])
    for j in range(n):
        j = _U(j)
        up, down = load(params, first + j, 7), load(params, first + n + j, 7)
        store(values, j, down if load(sides, j, 7) != 0 else up, 7)


@njit(**_INLINE)
def take_all(kind, weight, params, sides, room, noise, limits, arrived, keys, row, vector):
    """Take the pulses of all cross points of a row, some of which may have none.

    Args:
        kind: of the devices.
        weight: of the row, changed in place.
        params: of the row; see `move_listed`.
        sides: 0 for up pulses, 1 for down pulses.
        room: what `new_room` returned, with numbers of pulses and random numbers.
        noise: see `move_points`.
        limits: see `move_points`.
        arrived: written, true where there are pulses; empty if nobody wants to know.
        keys: low and high word of the key of the noise.
        row: of the matrix.
        vector: number that tells lists of one row apart.
    """
    lists, (_, steps, slopes, scales, _, _), far, rest = room
    columns, places, counts = lists
    marks, draws, out, _ = rest
    n = _U(weight.shape[0])
    for rows, values in ((_U(0), steps), (SLOPE, slopes), (SCALE, scales)):
        _select(params, rows * n, sides, values)
    bounds = (params[UPPER * n : LOWER * n], params[LOWER * n :])
    points = (weight, steps, slopes, scales, *bounds)
    n_far = move_points(kind, points, counts, draws, n, noise, limits, out, marks)
    if n_far:
        for j in range(n):
            columns[j], places[j] = _W(j), _W(j + n * sides[j])
        _one_by_one(kind, weight, params, lists, n, noise, far, rest, keys, row, vector)
    for j in range(n):
        weight[j] = out[j]
    if arrived.shape[0] > 0:
        for j in range(n):
            arrived[j] |= counts[j] > 0


@njit(**OPTIONS)
def _one_by_one(kind, weight, params, lists, m, noise, far, rest, keys, row, vector):
    """Take the pulses of the marked points one after the other, each with a draw of its own."""
    columns, places, counts = lists
    far_places, far_counts, (present, steps, slopes, scales, uppers, lowers) = far
    marks, draws, out, moved = rest
    n = _U(weight.shape[0])
    n_far, most = _U(0), 0
    for k in range(m):
        if marks[k] > 0:
            j, place = _U(columns[k]), _U(places[k])
            far_places[n_far], far_counts[n_far], present[n_far] = _W(k), counts[k], weight[j]
            steps[n_far], slopes[n_far] = params[place], params[SLOPE * n + place]
            scales[n_far] = params[SCALE * n + place]
            uppers[n_far], lowers[n_far] = params[UPPER * n + j], params[LOWER * n + j]
            most = max(most, int(counts[k]))
            n_far += _ONE
    for pulse in range(most):
        if noise[0] > 0:
            domain = (_U(pulse) << _EIGHT) | _PULSE_NOISE
            normals(draws, n_far, keys[0], keys[1], _U(row), _U(vector), domain)
        now = (present, steps, slopes, scales, uppers, lowers)
        n_done = step_points(kind, now, far_counts, draws, _F(pulse), padded(n_far), noise, moved)
        present, moved = moved, present
        if n_done > 0:
            now = (present, steps, slopes, scales, uppers, lowers)
            n_far = _drop(far_places, far_counts, now, out, _F(pulse) + _F(1), n_far)


@njit(**_INLINE)
def _drop(places, counts, points, out, done, m):
    """Keep the points of a list that have more pulses; write the weights of the others."""
    present, steps, slopes, scales, uppers, lowers = points
    kept = _U(0)
    for k in range(m):
        if counts[k] > done:
            places[kept], counts[kept], present[kept] = places[k], counts[k], present[k]
            steps[kept], slopes[kept], scales[kept] = steps[k], slopes[k], scales[k]
            uppers[kept], lowers[kept] = uppers[k], lowers[k]
            kept += _ONE
        else:
            out[places[k]] = present[k]
    return kept


@njit(**OPTIONS)
def show(visible, weight, arrived, write_noise, row, entry, keys, room):
    """Show the weights that got pulses with fresh noise, and forget which they were."""
    (columns, _, _), _, _, (_, draws, _, _) = room
    m = _U(0)
    for j in range(weight.shape[0]):
        columns[m] = _W(j)
        m += _ONE if arrived[j] else _U(0)
        arrived[j] = False
    normals(draws, m, keys[0], keys[1], _U(row), _U(entry), _SHOWN_NOISE)
    for k in range(m):
        j = columns[k]
        visible[j] = weight[j] + write_noise * draws[k]
