"""Reading and writing a circular buffer by ranges and by continuous time.

Pure functions on the storage (observations along the first dimension) and the pointer.
Observation ``k`` is at slot ``(pointer - k) mod N``; a time ``t`` before the present is at
``k = offset + t / dt``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import torch
from torch import Tensor

from inferno.functional.interpolation import interp_nearest, interp_next, interp_previous
from inferno.functional.protocols import Extrapolation, Interpolation

__all__ = [
    "View",
    "insert_scalar",
    "insert_tensor",
    "nearest_steps",
    "range_slots",
    "readrange",
    "scalar_steps",
    "select_scalar",
    "select_tensor",
]


@dataclass(frozen=True, slots=True)
class View:
    """A record's storage with what is needed to address it by time."""

    data: Tensor
    pointer: int
    dt: float
    offset: int
    tolerance: float

    @property
    def longest(self) -> float:
        """The longest time before the present that can be read."""
        return self.dt * (self.data.shape[0] - 1)

    def row(self, k: int) -> Tensor:
        """The observation ``k`` steps before the write position."""
        return self.data[(self.pointer - k) % self.data.shape[0]]

    def slots(self, k: Tensor) -> Tensor:
        """Slots of the observations a whole number ``k`` of steps before the write position."""
        size = self.data.shape[0]
        slot = self.pointer - k.detach()
        # floats hold these numbers exactly, and integer remainders take ten times as long
        return slot.sub_(torch.floor(slot / size).mul_(size)).long()

    def check(self, least: float, most: float) -> None:
        """Raises ``ValueError`` if times are outside the record; NaN is outside."""
        if not (least >= -self.tolerance and most <= self.longest + self.tolerance):
            raise ValueError(
                f"`time` must be in [0, {self.longest}] (tolerance {self.tolerance}), "
                f"got values in [{least}, {most}]"
            )


def _ordered_slots(data: Tensor, pointer: int, first: int | Tensor, length: int) -> Tensor:
    """Slots of ``length`` observations from the ``first``-th on, oldest first."""
    steps = torch.arange(length, device=data.device).view(-1, *(1 for _ in data.shape[1:]))
    start = pointer - (first.long() if isinstance(first, Tensor) else first)
    slots = torch.remainder(steps + start, data.shape[0])
    return slots.expand(length, *data.shape[1:])


def _check_offset(data: Tensor, offset: int | Tensor) -> int | Tensor:
    if not isinstance(offset, Tensor):
        return int(offset)
    if offset.shape != data.shape[1:]:
        raise ValueError(
            f"`offset` must have the shape {tuple(data.shape[1:])} of an observation, "
            f"got {tuple(offset.shape)}"
        )
    return offset


def readrange(
    data: Tensor, pointer: int, length: int, offset: int | Tensor, forward: bool
) -> Tensor:
    """Consecutive observations, oldest first along the last dimension."""
    offset = _check_offset(data, offset)
    length, size = int(length), data.shape[0]
    if not 0 <= length <= size:
        raise ValueError(f"`length` must be in [0, {size}], got {length}")
    first = offset if forward else offset + length - 1
    if isinstance(first, Tensor):
        observations = data.gather(0, _ordered_slots(data, pointer, first, length))
    else:
        start = (pointer - first) % size
        head = data[start : start + length]
        wrapped = length - head.shape[0]
        # a copy in either case: what was read does not change when the record moves on
        observations = torch.cat((head, data[:wrapped]))
    return observations.movedim(0, -1)


def range_slots(
    data: Tensor, pointer: int, obs: Tensor, offset: int | Tensor, forward: bool
) -> Tensor:
    """Slots that consecutive observations of shape ``(*S, L)`` are written to."""
    if obs.shape[:-1] != data.shape[1:]:
        raise ValueError(
            f"`obs` must have the shape {tuple(data.shape[1:])} of an observation and one "
            f"more dimension, got {tuple(obs.shape)}"
        )
    length = obs.shape[-1]
    if length > data.shape[0]:
        raise ValueError(f"`obs` must hold at most {data.shape[0]} observations, got {length}")
    offset = _check_offset(data, offset)
    first = offset if forward else offset + length - 1
    return _ordered_slots(data, pointer, first, length)


def scalar_steps(view: View, time: float) -> int | float:
    """Steps before the present: an integer if an observation is that close, else a float."""
    view.check(time, time)
    steps = time / view.dt
    nearest = round(steps)
    return nearest if abs(view.dt * nearest - time) <= view.tolerance else steps


def _elapsed_like(view: View, steps: float) -> Tensor:
    data = view.data
    dtype = data.dtype
    if not (data.is_floating_point() or data.is_complex()):
        dtype = torch.get_default_dtype()
    elapsed = view.dt - view.dt * (steps % 1)
    return torch.full(data.shape[1:], elapsed, dtype=dtype, device=data.device)


def select_scalar(
    view: View, steps: float, interp: Interpolation, kwargs: Mapping[str, Any]
) -> Tensor:
    """The interpolation between the observations around a time given in steps."""
    older = view.row(ceil(view.offset + steps))
    newer = view.row(floor(view.offset + steps))
    return interp(older, newer, _elapsed_like(view, steps), view.dt, **kwargs)


def _legal(view: View, time: Tensor, validate: bool) -> Tensor:
    """Times checked to lie in the record, or clamped to it."""
    if not validate:
        return time.clamp(0.0, view.longest)
    if time.numel() == 0:
        raise RuntimeError("`time` must not be empty")
    least, most = torch.stack(torch.aminmax(time.detach())).tolist()
    view.check(least, most)
    return time


def nearest_steps(view: View, time: Tensor) -> Tensor:
    """Steps before the present, integral where an observation is within the tolerance."""
    steps = time / view.dt
    nearest = steps.detach().round()
    close = (view.dt * nearest).sub_(time.detach()).abs_() <= view.tolerance
    return torch.where(close, nearest, steps)


def _compact(time: Tensor) -> Tensor:
    """Undoes the expansion of a tensor: dimensions that repeat one value get size 1."""
    for dim, (size, stride) in enumerate(zip(time.shape, time.stride(), strict=True)):
        if stride == 0 and size > 1:
            time = time.narrow(dim, 0, 1)
    return time


def select_tensor(
    view: View,
    time: Tensor,
    interp: Interpolation,
    kwargs: Mapping[str, Any],
    validate: bool,
) -> Tensor:
    """The observations at times of shape ``(*S,)`` or ``(*S, D)``."""
    shape = view.data.shape[1:]
    single = time.ndim == len(shape)
    if time.shape[: len(shape)] != shape or not (single or time.ndim == len(shape) + 1):
        raise ValueError(
            f"`time` must have the shape {tuple(shape)} of an observation, or one more "
            f"dimension, got {tuple(time.shape)}"
        )
    full = (*time.shape, 1) if single else time.shape
    # delays are often the same for the whole batch: what is computed of them is too
    time = _legal(view, _compact(time), validate)
    steps = nearest_steps(view, time)
    result = _select(view, steps.unsqueeze(-1) if single else steps, full, interp, kwargs)
    return result.squeeze(-1) if single else result


def _select(
    view: View,
    steps: Tensor,
    full: Sequence[int],
    interp: Interpolation,
    kwargs: Mapping[str, Any],
) -> Tensor:
    """Selects at steps that can be expanded to the shape ``full``, ``(*S, D)``."""
    k = view.offset + steps
    history = view.data.movedim(0, -1)

    def gather(index: Tensor) -> Tensor:
        return history.gather(-1, view.slots(index).expand(full))

    # interpolations that pick one neighbour need one gather: pick the index instead
    if interp is interp_previous:
        return gather(k.ceil())
    if interp is interp_next:
        return gather(k.floor())
    elapsed = view.dt - view.dt * (steps % 1)
    above, below = k.ceil(), k.floor()
    if interp is interp_nearest:
        return gather(torch.where(elapsed / view.dt > 0.5, below, above))
    older = gather(above)
    newer, elapsed = gather(below), elapsed.expand(full)
    between = interp(
        older.movedim(-1, 0), newer.movedim(-1, 0), elapsed.movedim(-1, 0), view.dt, **kwargs
    )
    between = between.movedim(0, -1)
    return torch.where(above == below, older, between)


def insert_scalar(
    view: View, obs: Tensor, steps: float, extrap: Extrapolation, kwargs: Mapping[str, Any]
) -> tuple[Tensor, Tensor, int]:
    """New neighbours of an observation inserted between two, and the index of the older."""
    k = ceil(view.offset + steps)
    older, newer = view.row(k), view.row(floor(view.offset + steps))
    older, newer = extrap(obs, _elapsed_like(view, steps), older, newer, view.dt, **kwargs)
    return older, newer, k


def insert_tensor(
    view: View,
    obs: Tensor,
    time: Tensor,
    extrap: Extrapolation,
    kwargs: Mapping[str, Any],
    validate: bool,
) -> tuple[Tensor, Tensor]:
    """Slots and values, each of shape ``(2, *S)``, that insert observations at times."""
    if time.shape != obs.shape:
        raise ValueError(
            f"`time` must have the shape {tuple(obs.shape)} of an observation, "
            f"got {tuple(time.shape)}"
        )
    time = _legal(view, time, validate)
    steps = nearest_steps(view, time).unsqueeze(0)
    k = view.offset + steps
    elapsed = view.dt - view.dt * (steps % 1)
    above, below = view.slots(k.ceil()), view.slots(k.floor())
    older, newer = view.data.gather(0, above), view.data.gather(0, below)
    sample = obs.unsqueeze(0)
    changed = extrap(sample, elapsed, older, newer, view.dt, **kwargs)
    exact = above == below
    values = tuple(torch.where(exact, sample, v).to(view.data.dtype) for v in changed)
    return torch.cat((above, below)), torch.cat(values)
