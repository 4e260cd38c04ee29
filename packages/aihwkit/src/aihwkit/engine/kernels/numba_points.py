"""Pulses at a list of cross points of one row.

Weights and parameters of the points are copied to lists first: loops over what is together are
fast, and loads from many places by vector instructions are not.
"""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import load, store
from aihwkit.engine.kernels.numba_random import OPTIONS, normals
from aihwkit.engine.kernels.numba_response import move_points, step_points

__all__ = ["PADDING", "add_point", "new_room", "padded", "show", "take_all", "take_points"]

_U, _F, _W = np.uint64, np.float32, np.uint32
_PULSE_NOISE, _SHOWN_NOISE = _U(7), _U(8)
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}
_ONE, _EIGHT = _U(1), _U(8)
_ZERO = _F(0)
# Rows of the parameters of a matrix row; the first entry of a pair is for up pulses.
_SLOPE, _SCALE, _UPPER, _LOWER = _U(2), _U(4), _U(6), _U(7)

PADDING = 16
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
        Columns and numbers of pulses; weights, steps, slopes, scales, upper and lower bounds; the
        same for points that go one by one, with their places in the list; marks of these, random
        numbers, and new weights.
    """
    m = n + 2 * PADDING
    far = (np.empty(m, np.uint32), _floats(m), _points(m))
    rest = (_floats(m), _floats(m), _floats(m), _floats(m))
    return (np.zeros(m, np.uint32), _floats(m)), _points(m), far, rest


@njit(**_INLINE)
def add_point(room, m, j, side, count, weight, params):
    """Put the point of a column to place `m` of the list.

    Args:
        room: what `new_room` returned.
        m: place.
        j: column.
        side: 0 for up pulses, 1 for down pulses.
        count: number of pulses.
        weight: of the row.
        params: of the row: steps, slopes, scales of both directions and both bounds, each of the
            row's length, one after the other.
    """
    (columns, counts), points, _, _ = room
    present, steps, slopes, scales, uppers, lowers = points
    n = _U(weight.shape[0])
    place = _U(side) * n + j
    columns[m], counts[m], present[m] = _W(j), count, weight[j]
    steps[m], slopes[m] = params[place], params[_SLOPE * n + place]
    scales[m] = params[_SCALE * n + place]
    uppers[m], lowers[m] = params[_UPPER * n + j], params[_LOWER * n + j]


@njit(**_INLINE)
def take_points(kind, weight, room, draws, m, noise, limits, arrived, keys, row, vector):
    """Take the pulses of a list of different cross points.

    Args:
        kind: of the devices.
        weight: of the row, changed in place.
        room: what `new_room` returned, with the list.
        draws: standard normal numbers, one for each point.
        m: length of the list.
        noise: see `move_points`.
        limits: see `move_points`.
        arrived: written, true where there are pulses.
        keys: low and high word of the key of the noise.
        row: of the matrix.
        vector: number that tells lists of one row apart.
    """
    (columns, counts), points, far, rest = room
    marks, _, out, _ = rest
    for k in range(PADDING):
        counts[m + _U(k)] = _ZERO
    n_far = move_points(kind, points, counts, draws, padded(m), noise, limits, out, marks)
    if n_far:
        _one_by_one(kind, points, counts, m, noise, far, rest, keys, row, vector)
    for k in range(m):
        weight[columns[k]] = out[k]
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
        params: of the row; see `add_point`.
        sides: 0 for up pulses, 1 for down pulses.
        room: what `new_room` returned, with numbers of pulses and random numbers.
        noise: see `move_points`.
        limits: see `move_points`.
        arrived: written, true where there are pulses.
        keys: low and high word of the key of the noise.
        row: of the matrix.
        vector: number that tells lists of one row apart.
    """
    (_, counts), (_, steps, slopes, scales, _, _), far, rest = room
    marks, draws, out, _ = rest
    n = _U(weight.shape[0])
    for rows, values in ((_U(0), steps), (_SLOPE, slopes), (_SCALE, scales)):
        _select(params, rows * n, sides, values)
    bounds = (params[_UPPER * n : _LOWER * n], params[_LOWER * n :])
    points = (weight, steps, slopes, scales, *bounds)
    n_far = move_points(kind, points, counts, draws, n, noise, limits, out, marks)
    if n_far:
        _one_by_one(kind, points, counts, n, noise, far, rest, keys, row, vector)
    for j in range(n):
        weight[j] = out[j]
        arrived[j] |= counts[j] > 0


@njit(**OPTIONS)
def _one_by_one(kind, points, counts, m, noise, far, rest, keys, row, vector):
    """Take the pulses of the marked points one after the other, each with a draw of its own."""
    places, far_counts, far_points = far
    marks, draws, out, moved = rest
    present, steps, slopes, scales, uppers, lowers = far_points
    n_far, most = _U(0), 0
    for k in range(m):
        if marks[k] > 0:
            places[n_far], far_counts[n_far] = _W(k), counts[k]
            present[n_far], steps[n_far], slopes[n_far] = points[0][k], points[1][k], points[2][k]
            scales[n_far], uppers[n_far], lowers[n_far] = points[3][k], points[4][k], points[5][k]
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
            n_far = _drop(places, far_counts, now, out, _F(pulse) + _F(1), n_far)


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
    (columns, _), _, _, (_, draws, _, _) = room
    m = _U(0)
    for j in range(weight.shape[0]):
        columns[m] = _W(j)
        m += _ONE if arrived[j] else _U(0)
        arrived[j] = False
    normals(draws, m, keys[0], keys[1], _U(row), _U(entry), _SHOWN_NOISE)
    for k in range(m):
        j = columns[k]
        visible[j] = weight[j] + write_noise * draws[k]
