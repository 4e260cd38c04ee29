"""Working memory of the loops over the devices of a row."""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201
from typing import NamedTuple

import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_intrinsics import load, store
from aihwkit.engine.kernels.numba_random import OPTIONS
from aihwkit.engine.kernels.numba_response import N_PARAMETERS

__all__ = ["PADDING", "Room", "gather", "new_room", "scatter"]

_U = np.uint64
_INLINE = {**OPTIONS, "inline": "never", "forceinline": True}

PADDING = 16
"""Loops take so many devices at once; the rest of a loop would be slow."""


class Room(NamedTuple):
    """Room for up to `n` devices of a row.

    Attributes:
        words: directions of pulses, see `push`; 1 where there are none, and so between uses.
        columns: of devices that are put together.
        ranks: places of the columns there.
        codes: their directions of pulses.
        weight: their weights.
        params: their parameters, `[8, n]` in one piece.
        counts: numbers of pulses.
        sides: not 0 where they go down.
        steps: for the direction of the pulses.
        slopes: for that direction.
        scales: for that direction.
        far: 1 where pulses may not be taken at once.
        draws: standard normal numbers, for several rounds.
        far_columns: of devices whose pulses may not be taken at once.
        far_words: directions of their pulses.
        far_weight: their weights.
        far_params: their parameters.
        ends: how many devices have more pulses than the index says.
    """

    words: np.ndarray
    columns: np.ndarray
    ranks: np.ndarray
    codes: np.ndarray
    weight: np.ndarray
    params: np.ndarray
    counts: np.ndarray
    sides: np.ndarray
    steps: np.ndarray
    slopes: np.ndarray
    scales: np.ndarray
    far: np.ndarray
    draws: np.ndarray
    far_columns: np.ndarray
    far_words: np.ndarray
    far_weight: np.ndarray
    far_params: np.ndarray
    ends: np.ndarray


@njit(**OPTIONS)
def new_room(n):
    """Return room for up to `n` devices."""
    m = n + PADDING
    return Room(
        np.ones(n, np.uint32),
        np.zeros(m, np.uint32),
        np.zeros(m, np.uint32),
        np.zeros(m, np.uint32),
        np.zeros(m, np.float32),
        np.zeros(N_PARAMETERS * m, np.float32),
        np.zeros(m, np.float32),
        np.zeros(m, np.uint32),
        np.zeros(m, np.float32),
        np.zeros(m, np.float32),
        np.zeros(m, np.float32),
        np.zeros(m, np.float32),
        np.zeros(4 * n + 128 + PADDING, np.float32),
        np.zeros(m, np.uint32),
        np.zeros(m, np.uint32),
        np.zeros(m, np.float32),
        np.zeros(N_PARAMETERS * m, np.float32),
        np.zeros(33, np.uint32),
    )


@njit(**_INLINE)
def gather(weight, params, columns, m, some_weights, some_params, scales):
    """Put weights and parameters of `m` listed devices together.

    Args:
        weight: of a row, `[x]`.
        params: of the row; see `of_device`.
        columns: of the devices, uint32.
        m: length of the list.
        some_weights: written.
        some_params: written, eight times as long.
        scales: whether scales are wanted.
    """
    n, stride = _U(weight.shape[0]), _U(some_weights.shape[0])
    for r in range(m):
        r = _U(r)
        j = _U(load(columns, r, 7))
        store(some_weights, r, load(weight, j, 7), 7)
        for p in range(N_PARAMETERS):
            if scales or p not in (4, 5):
                p = _U(p)
                store(some_params, p * stride + r, load(params, p * n + j, 7), 7)


@njit(**_INLINE)
def scatter(weight, columns, m, some_weights):
    """Write the weights of `m` listed devices back."""
    for r in range(m):
        r = _U(r)
        store(weight, _U(load(columns, r, 7)), load(some_weights, r, 7), 7)
