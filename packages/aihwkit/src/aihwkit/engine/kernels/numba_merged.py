"""Pulses of one vector at a row of devices, those of a device at once where that is accurate."""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import bit_count, load, store
from aihwkit.engine.kernels.numba_random import OPTIONS, normals
from aihwkit.engine.kernels.numba_response import (
    EXPONENTIAL,
    LINEAR,
    N_PARAMETERS,
    of_device,
    several_steps,
    single_step,
)
from aihwkit.engine.kernels.numba_room import gather, scatter
from aihwkit.engine.kernels.numba_rounds import CAPACITY, take_rounds

__all__ = ["count_pulses", "take_merged"]

_U, _F, _W = np.uint64, np.float32, np.uint32
_VECTOR_NOISE, _PULSE_NOISE = _U(6), _U(7)
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}
_ZERO, _ONE = _F(0), _F(1)
_FEW_PULSES = 64
_SLOPE, _SCALE, _UPPER, _LOWER = _U(2), _U(4), _U(6), _U(7)


@njit(**_INLINE)
def count_pulses(x_words, falling, d_words, room):
    """Count the coincidences of all columns, and tell their directions.

    Args:
        x_words: trains of the inputs, `[words, x]`.
        falling: not 0 where pulses go down, `[x]`.
        d_words: train of the row, `[words]`.
        room: counts and sides are written.
    """
    counts, sides = room.counts, room.sides
    some, bits = x_words[0], d_words[0]
    for j in range(falling.shape[0]):
        j = _U(j)
        store(counts, j, _F(np.int32(bit_count(_W(load(some, j, 7) & bits)))), 7)
        store(sides, j, _W(load(falling, j, 7) != 0), 7)
    for word in range(1, d_words.shape[0]):
        some, bits = x_words[word], d_words[word]
        for j in range(falling.shape[0]):
            counts[j] += _F(np.int32(bit_count(_W(some[j] & bits))))


@njit(**_INLINE)
def _select(params, first, sides, n, values):
    """Write a parameter of each device for the direction of its pulses."""
    for j in range(n):
        j = _U(j)
        up, down = load(params, first + j, 7), load(params, first + n + j, 7)
        store(values, j, down if load(sides, j, 7) != 0 else up, 7)


@njit(**_INLINE)
def _move(kind, multiplicative, weight, params, room, noise, limits):
    """Change the weights of a row by their pulses; mark those that must go one by one.

    Args:
        kind: of the devices.
        multiplicative: whether the noise is proportional to the step.
        weight: of the row, changed in place; without pulses a weight stays.
        params: of the row; see `of_device`.
        room: with counts, parameters and standard normal numbers; marks are written.
        noise: see `several_steps`.
        limits: see `several_steps`.

    Returns:
        How many must.
    """
    noise = (noise[0], multiplicative, noise[2], noise[3])
    n = _U(weight.shape[0])
    uppers, lowers = params[_UPPER * n : _LOWER * n], params[_LOWER * n :]
    n_far = _ZERO
    for j in range(n):
        j = _U(j)
        parameters = (load(room.steps, j, 4), load(room.slopes, j, 4), load(room.scales, j, 4))
        bounds = (load(lowers, j, 4), load(uppers, j, 4))
        w, count, draw = load(weight, j, 8), load(room.counts, j, 4), load(room.draws, j, 4)
        moved, alone = several_steps(kind, w, count, draw, parameters, bounds, noise, limits)
        stays = alone | (count == _ZERO)
        # A float: loops with wider numbers take fewer devices at once.
        mark = _ONE if alone else _ZERO
        store(weight, j, w if stays else moved, 4)
        store(room.far, j, mark, 4)
        n_far += mark
    return n_far


@njit(**_INLINE)
def take_merged(kind, weight, params, room, noise, limits, keys, row, vector, watch):
    """Take the pulses of one vector at the devices of a row.

    Args:
        kind: of the devices.
        weight: of the row, changed in place.
        params: of the row; see `of_device`.
        room: with numbers and directions of pulses.
        noise: see `several_steps`.
        limits: see `several_steps`.
        keys: low and high word of the key of the noise.
        row: of the matrix.
        vector: number that tells calls for one row apart.
        watch: without entries that wait.
    """
    n = _U(weight.shape[0])
    if noise[0] > 0:
        normals(room.draws, n, keys[0], keys[1], _U(row), _U(vector), _VECTOR_NOISE)
    _select(params, _U(0), room.sides, n, room.steps)
    _select(params, _SLOPE * n, room.sides, n, room.slopes)
    _select(params, _SCALE * n, room.sides, n, room.scales)
    # Constants, so that each loop holds the formulas of one case only.
    if kind == EXPONENTIAL:
        n_far = _move(EXPONENTIAL, True, weight, params, room, noise, limits)
    elif noise[1]:
        n_far = _move(LINEAR, True, weight, params, room, noise, limits)
    else:
        n_far = _move(LINEAR, False, weight, params, room, noise, limits)
    if n_far > _ZERO:
        _one_by_one(kind, weight, params, room, noise, keys, row, vector, watch)


@njit(**OPTIONS)
def _few(kind, weight, params, listed, draws, noise):
    """Take all pulses of one device after those of another, which is faster for few of them.

    Args:
        kind: of the devices.
        weight: of the row, changed in place.
        params: of the row; see `of_device`.
        listed: columns of the devices, how many there are, and numbers and directions of pulses of
            all columns.
        draws: standard normal numbers, one for each pulse.
        noise: see `several_steps`.
    """
    columns, m, counts, sides = listed
    sigma, multiplicative, std_add, std_slope = noise
    n, used = _U(weight.shape[0]), 0
    for k in range(m):
        j = columns[k]
        device = of_device(params, n, _U(j), sides[j] != _W(0))
        step, slope, scale, lower, upper = device
        w = weight[j]
        for _ in range(int(counts[j])):
            absolute = (multiplicative, std_add, std_slope)
            mean, _, unit = single_step(kind, w, step, slope, scale, absolute)
            w = max(min(w + mean + sigma * unit * draws[used], upper), lower)
            used += 1
        weight[j] = w


@njit(**OPTIONS)
def _one_by_one(kind, weight, params, room, noise, keys, row, vector, watch):
    """Take the pulses of the marked devices one after the other, each with a draw of its own."""
    columns, words, m, total = room.far_columns, room.far_words, 0, 0
    far, counts, sides, draws = room.far, room.counts, room.sides, room.draws
    for j in range(weight.shape[0]):
        if far[j] > _ZERO:
            columns[m] = _W(j)
            total += int(counts[j])
            m += 1
    if total <= _FEW_PULSES:
        if noise[0] > 0:
            normals(draws, total, keys[0], keys[1], _U(row), _U(vector), _PULSE_NOISE)
        _few(kind, weight, params, (columns, m, counts, sides), draws, noise)
        return
    some_weights, some_params = room.far_weight[:m], room.far_params[: N_PARAMETERS * m]
    gather(weight, params, columns, _U(m), some_weights, some_params, True)
    before, left = 0, True
    while left:
        left = False
        for k in range(m):
            j = columns[k]
            rest = max(int(counts[j]) - before, 0)
            first = _W(1) << _W(min(rest, CAPACITY))
            words[k] = _W(first + first - _W(1)) if sides[j] != _W(0) else _W(first)
            left |= rest > CAPACITY
        counter = (_U(row), _U(vector), before, _PULSE_NOISE)
        some = (some_weights, some_params, words[:m])
        take_rounds(kind, *some, room, noise, keys, counter, watch)
        before += CAPACITY
    scatter(weight, columns, _U(m), some_weights)
