"""Given numbers of pulses at a part of a matrix of devices."""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201
import numpy as np
from numba import njit

from aihwkit.engine.kernels.numba_merged import take_merged
from aihwkit.engine.kernels.numba_random import OPTIONS
from aihwkit.engine.kernels.numba_record import new_watch, show
from aihwkit.engine.kernels.numba_response import N_PARAMETERS
from aihwkit.engine.kernels.numba_room import gather, new_room, scatter

__all__ = ["counted_rows"]

_W = np.uint32


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
    record,
    start,
    stop,
):
    """Take given numbers of pulses at a part of the matrix, as if of one vector.

    Args:
        kind: of the devices.
        weight: `[d, x]`, changed in place.
        params: parameters of the devices, `[d, 8 * x]`; see `of_device`.
        signed: numbers of pulses, positive up, `[rows, columns]`.
        rows: rows of the part.
        columns: columns of the part, uint32.
        noise: see `several_steps`.
        limits: see `several_steps`.
        keys: low and high word of the key of the noise.
        visible: weights with write noise, `[d, x]`, shown anew where pulses arrived.
        write_noise: its standard deviation; 0 if `visible` is not used.
        record: without entries; see `new_watch`.
        start: first row of the part.
        stop: end of the rows.
    """
    m = columns.shape[0]
    room, watch = new_room(m), new_watch(record, visible, write_noise, weight.shape[1])
    some_weights = np.empty(m, np.float32)
    some_params = np.empty(N_PARAMETERS * m, np.float32)
    for place in range(start, stop):
        row, some = rows[place], False
        for k in range(m):
            number = signed[place, k]
            room.counts[k], room.sides[k] = abs(number), _W(number < 0)
            some |= number != 0
        if not some:
            continue
        gather(weight[row], params[row], columns, m, some_weights, some_params, True)
        take_merged(kind, some_weights, some_params, room, noise, limits, keys, row, 0, watch)
        scatter(weight[row], columns, m, some_weights)
        if write_noise > 0:
            for k in range(m):
                watch.arrived[columns[k]] |= room.counts[k] > 0
            show(watch, weight[row], row, 0, keys)
