"""The pulsed update by compiled loops, for trains kept as bits."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from aihwkit.engine.kernels import numba_constant, numba_counted, numba_response, numba_stateful
from aihwkit.engine.kernels.registry import LOOP_MODELS
from aihwkit.engine.kernels.threads import in_parts
from aihwkit.engine.record import Record
from aihwkit.functional.constant_step import ConstantStepResponse
from aihwkit.functional.exp_step import ExpStepResponse
from aihwkit.functional.packed_trains import PackedTrains
from aihwkit.functional.pulse_counts import PulseCounts
from aihwkit.functional.pulse_pass import LARGEST_GROWTH, REACH, SLACK
from aihwkit.functional.pulse_trains import SLOTS_PER_WORD, draw_key
from aihwkit.functional.pulses import OneDirection

__all__ = ["counted_update", "packed_update"]

_KEY_MASK = 0xFFFFFFFF
_NOT_SHOWN = np.empty((1, 1), np.float32)
_ONLY_UP, _ONLY_DOWN = 1, 2
_NO_ENTRIES = np.empty(0, np.int32)


def _split(key: int) -> tuple[np.uint64, np.uint64]:
    return np.uint64(key & _KEY_MASK), np.uint64(key >> 32)


def packed_update(
    weight: Tensor,
    pulses: Any,
    engine: Any,
    generator: torch.Generator,
    visible: Tensor | None = None,
    write_noise: float = 0.0,
    record: Record | None = None,
) -> bool:
    """Take pulses in place; return False, with nothing changed, where there is no compiled loop.

    Args:
        weight: `[d, x]`, contiguous.
        pulses: of all vectors.
        engine: of the devices.
        generator: source of the key of all noise.
        visible: weights with write noise, shown anew where pulses arrive; None without it.
        write_noise: its standard deviation.
        record: weights to be written down between the vectors.
    """
    only = 0
    if isinstance(pulses, OneDirection):
        only, pulses = _ONLY_UP if pulses.up else _ONLY_DOWN, pulses.pulses
    known = weight.dtype == torch.float32 and isinstance(engine.model, LOOP_MODELS)
    if not (known and isinstance(pulses, PackedTrains)):
        return False
    constant = isinstance(engine.model, ConstantStepResponse)
    if constant and visible is None and record is None and not only:
        _constant(weight, pulses, engine, generator)
        return True
    shown = _shown(visible, write_noise)
    _stateful(weight, pulses, only, engine, generator, shown, _recorded(record))
    return True


def counted_update(
    weight: Tensor,
    counts: PulseCounts,
    engine: Any,
    generator: torch.Generator,
    rows: Tensor,
    columns: Tensor,
    visible: Tensor | None = None,
    write_noise: float = 0.0,
) -> None:
    """Take given numbers of pulses, in place.

    Args:
        weight: `[d, x]`, contiguous.
        counts: numbers of pulses of a part of the matrix.
        engine: of the devices of the whole matrix.
        generator: source of the key of all noise.
        rows: rows of the part, int64, all different.
        columns: columns of the part, int64, all different.
        visible: weights with write noise, shown anew where pulses arrive; None without it.
        write_noise: its standard deviation.
    """
    arguments = (
        _kind(engine),
        weight.numpy(),
        _parameters(engine).numpy(),
        counts.signed.contiguous().numpy(),
        rows.numpy(),
        columns.numpy().astype(np.uint32),
        *_noise_and_limits(engine),
        _split(draw_key(generator)),
        *_shown(visible, write_noise),
        _recorded(None),
    )

    def run(start: int, stop: int) -> None:
        numba_counted.counted_rows(*arguments, start, stop)

    in_parts(run, rows.numel(), 4 * counts.signed.numel())


def _shown(visible: Tensor | None, write_noise: float) -> tuple[Any, ...]:
    """Return what the compiled loops know of write noise."""
    if visible is None:
        return (_NOT_SHOWN, np.float32(0.0))
    return (visible.numpy(), np.float32(write_noise))


def _recorded(record: Record | None) -> tuple[Any, ...]:
    """Return what the compiled loops know of a record."""
    if record is None:
        return (_NO_ENTRIES, _NO_ENTRIES, True, _NOT_SHOWN)
    return (record.after.numpy(), record.index.numpy(), record.columns, record.values.numpy())


def _joined(words: Tensor, signs: Tensor, slots: int) -> tuple[Tensor, Tensor]:
    """Return slots and signs of all vectors, int32 `[words, n]`."""
    n_vectors, n_words, n = words.shape
    together = SLOTS_PER_WORD // slots if slots <= SLOTS_PER_WORD // 2 else 1
    total = -(-n_vectors // together) if n_words == 1 else n_vectors * n_words
    result = torch.zeros((2, total, n), dtype=torch.int32)
    bits, negative = result.numpy().view(np.uint32)
    numba_constant.join_words(words.numpy().view(np.uint32), signs.numpy(), slots, bits, negative)
    return result[0], result[1]


def _constant(
    weight: Tensor, pulses: PackedTrains, engine: Any, generator: torch.Generator
) -> None:
    x_bits, x_negative = _joined(pulses.x_words, pulses.x_signs, pulses.slots)
    d_bits, d_negative = _joined(pulses.d_words, pulses.d_signs, pulses.slots)
    words = [x_bits, x_negative, d_bits.t().contiguous(), d_negative.t().contiguous()]
    devices = [
        engine.derived["step_up"],
        engine.derived["step_down"],
        engine.bounds.lower,
        engine.bounds.upper,
    ]
    arrays = [value.numpy().view(np.uint32) for value in words]
    arrays += [value.contiguous().numpy() for value in devices]
    target = weight.numpy()
    rest = (np.float32(engine.model.sigma), np.float32(REACH), *_split(draw_key(generator)))

    def run(start: int, stop: int) -> None:
        numba_constant.constant_rows(target, *arrays, *rest, start, stop)

    in_parts(run, weight.shape[0], weight.numel() * (4 + x_bits.shape[0] // 4))


_LINEAR_ROWS = ("step_up", "step_down", "gain_up", "gain_down", "dwmin_up", "dwmin_down")
_EXP_ROWS = ("step_up", "step_down", "rate_up", "rate_down", "at_zero_up", "at_zero_down")


def _parameters(engine: Any) -> Tensor:
    """Return what a row needs in one piece, `[d, 8 * x]`; kept with the engine."""
    if engine.packed is None:
        names = _EXP_ROWS if isinstance(engine.model, ExpStepResponse) else _LINEAR_ROWS
        zero = torch.zeros_like(engine.bounds.upper)
        values = [engine.derived.get(name, zero) for name in names]
        engine.packed = torch.cat((*values, engine.bounds.upper, engine.bounds.lower), dim=1)
    packed: Tensor = engine.packed
    return packed


def _kind(engine: Any) -> int:
    exponential = isinstance(engine.model, ExpStepResponse)
    return numba_response.EXPONENTIAL if exponential else numba_response.LINEAR


def _noise_and_limits(engine: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    model = engine.model
    add = getattr(model, "std_add", 0.0) if model.sigma > 0 else 0.0
    slope = getattr(model, "std_slope", 0.0) if model.sigma > 0 else 0.0
    numbers = (np.float32(value) for value in (add, slope))
    limits = (engine.limit, LARGEST_GROWTH, REACH, SLACK)
    noise = (np.float32(model.sigma), bool(model.multiplicative), *numbers)
    return noise, tuple(np.float32(value) for value in limits)


def _sides(pulses: PackedTrains, only: int) -> tuple[Any, ...]:
    """Return inputs' trains and directions for rows that keep these, and for those that turn them.

    With pulses of one direction only, trains hold these, as up pulses.
    """
    words = pulses.x_words.contiguous().numpy().view(np.uint32)
    negative = (pulses.x_signs < 0).numpy()
    if not only:
        falling = (-negative.view(np.int8), -(~negative).view(np.int8))
        return (words, words), falling
    falls = (words * negative[:, None], words * ~negative[:, None])
    up = np.zeros(negative.shape, np.int8)
    return (falls[::-1] if only == _ONLY_UP else falls), (up, up)


def _stateful(
    weight: Tensor,
    pulses: PackedTrains,
    only: int,
    engine: Any,
    generator: torch.Generator,
    shown: tuple[Any, ...],
    record: tuple[Any, ...],
) -> None:
    n_vectors = pulses.n_vectors
    words, falling = _sides(pulses, only)
    totals = np.empty(n_vectors, np.int64)
    numba_stateful.count_slots(pulses.x_words.contiguous().numpy().view(np.uint32), totals)
    trains = (
        words,
        falling,
        pulses.d_words.permute(2, 0, 1).contiguous().numpy().view(np.uint32),
        (pulses.d_signs < 0).t().to(torch.int64).contiguous().numpy(),
        totals // 2 if only else totals,
        max(pulses.slots, 1),
    )
    arguments = (
        _kind(engine),
        weight.numpy(),
        _parameters(engine).numpy(),
        trains,
        *_noise_and_limits(engine),
        _split(draw_key(generator)),
        *shown,
        record,
    )

    def run(start: int, stop: int) -> None:
        numba_stateful.stateful_rows(*arguments, start, stop)

    in_parts(run, weight.shape[0], weight.numel() * (1 + n_vectors // 4))
