"""Pulse trains drawn by compiled loops; see `aihwkit.functional.pulse_trains.draw_trains`."""

# Compiled code takes arrays whose types numba infers.
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN202
import numpy as np
import torch
from numba import njit
from torch import Tensor

from aihwkit.engine.kernels.numba_intrinsics import load, store
from aihwkit.engine.kernels.numba_random import OPTIONS, philox
from aihwkit.engine.kernels.threads import in_parts
from aihwkit.functional.pulse_trains import SHORT, SLOTS_PER_WORD

__all__ = ["draw_trains_numba"]

_U, _F = np.uint64, np.float32
_ZERO, _FULL, _EIGHT = _U(0), _U(0xFFFFFFFF), _U(8)
_SCALE, _UNIT = _F(2.0**15), _F(2.0**-24)


@njit(**OPTIONS, inline="never", forceinline=True)
def _compare(below, equal, random, threshold, bit):
    """Compare one more bit of the random numbers with that of the threshold."""
    is_set = _ZERO - ((threshold >> bit) & _U(1))
    return below | (equal & ~random & is_set), equal & ~(random ^ is_set)


@njit(**OPTIONS)
def _train_row(values, factor, row, slots, key0, key1, domain, words):
    """Draw one word of the trains of all entries of a vector."""
    in_use = (_U(1) << _U(slots)) - _U(1)
    for j in range(values.shape[0]):
        j = _U(j)
        a0, a1, a2, a3 = philox(key0, key1, j, row, _U(0), domain)
        b0, b1, b2, b3 = philox(key0, key1, j, row, _U(1), domain)
        c0, c1, c2, c3 = philox(key0, key1, j, row, _U(2), domain)
        d0, d1, d2, d3 = philox(key0, key1, j, row, _U(3), domain)
        p = min(abs(load(values, j, 1)) * factor, _F(1)) * _SCALE
        t = _U(np.int32(p + _F(np.int32(d3 >> _EIGHT)) * _UNIT))
        below, equal = _compare(_ZERO, _FULL, a0, t, _U(14))
        below, equal = _compare(below, equal, a1, t, _U(13))
        below, equal = _compare(below, equal, a2, t, _U(12))
        below, equal = _compare(below, equal, a3, t, _U(11))
        below, equal = _compare(below, equal, b0, t, _U(10))
        below, equal = _compare(below, equal, b1, t, _U(9))
        below, equal = _compare(below, equal, b2, t, _U(8))
        below, equal = _compare(below, equal, b3, t, _U(7))
        below, equal = _compare(below, equal, c0, t, _U(6))
        below, equal = _compare(below, equal, c1, t, _U(5))
        below, equal = _compare(below, equal, c2, t, _U(4))
        below, equal = _compare(below, equal, c3, t, _U(3))
        below, equal = _compare(below, equal, d0, t, _U(2))
        below, equal = _compare(below, equal, d1, t, _U(1))
        below, equal = _compare(below, equal, d2, t, _U(0))
        always = _ZERO - (t >> _U(15))
        store(words, j, np.uint32((below | always) & in_use), 1)


@njit(**OPTIONS)
def _short_row(values, factor, row, slots, key0, key1, domain, words, uniform):
    """Draw the trains of all entries of a vector, of up to four slots."""
    quarter = (_U(values.shape[0]) + _U(3)) // _U(4)
    for slot in range(slots):
        for q in range(quarter):
            q = _U(q)
            r0, r1, r2, r3 = philox(key0, key1, q, row, _U(slot), domain)
            store(uniform, q, _F(np.int32(r0 >> _EIGHT)) * _UNIT, 1)
            store(uniform, q + quarter, _F(np.int32(r1 >> _EIGHT)) * _UNIT, 1)
            store(uniform, q + _U(2) * quarter, _F(np.int32(r2 >> _EIGHT)) * _UNIT, 1)
            store(uniform, q + _U(3) * quarter, _F(np.int32(r3 >> _EIGHT)) * _UNIT, 1)
        for j in range(values.shape[0]):
            j = _U(j)
            hit = load(uniform, j, 2) < abs(load(values, j, 2)) * factor
            before = words[j] if slot else np.uint32(0)
            words[j] = before | (np.uint32(hit) << np.uint32(slot))


@njit(**OPTIONS)
def _trains(values, factor, length, key0, key1, domain, words, start, stop):
    n_words = words.shape[1]
    uniform = np.empty(values.shape[1] + 4, np.float32)
    for vector in range(start, stop):
        row, slots, out = _U(vector * n_words), length[vector], words[vector]
        if 0 < slots <= SHORT:
            of_one = values[vector], factor[vector], row, slots, key0, key1, domain
            _short_row(*of_one, out[0], uniform)
            out[1:] = 0
            continue
        for word in range(n_words):
            rest = min(max(slots - word * 32, 0), 32)
            if rest > 0:
                of_word = row + _U(word), rest, key0, key1, domain
                _train_row(values[vector], factor[vector], *of_word, out[word])
            else:
                out[word] = 0


def draw_trains_numba(
    values: Tensor, factor: Tensor, length: Tensor, key: int, domain: int
) -> Tensor:
    """Draw pulse trains; same arguments, same bits as the definition."""
    n_vectors, n = values.shape
    slots = int(length.max()) if n_vectors else 0
    words = torch.empty((n_vectors, max(1, -(-slots // SLOTS_PER_WORD)), n), dtype=torch.int32)
    v, f, lengths = values.float().contiguous().numpy(), factor.float().numpy(), length.numpy()
    out = words.numpy().view(np.uint32)
    keys = _U(key & 0xFFFFFFFF), _U(key >> 32)

    def run(start: int, stop: int) -> None:
        _trains(v, f, lengths, *keys, _U(domain), out, start, stop)

    in_parts(run, n_vectors, 16 * words.numel())
    return words
