"""A circular buffer of the past observations of one tensor quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from inferno.functional.extrapolation import extrap_nearest
from inferno.functional.interpolation import interp_nearest
from inferno.functional.protocols import Extrapolation, Interpolation

from . import recordtime
from .constraints import ignored
from .recordstorage import RecordStorage
from .ring import Rows

__all__ = ["RecordTensor"]


class RecordTensor(RecordStorage):
    r"""A circular buffer of the past observations of one tensor quantity.

    With record size $N = \max(\lceil T / \Delta t \rceil + [\text{inclusive}], 1)$ the
    storage has shape $N \times S$. Observation ``k`` is at slot ``(pointer - k) mod N``:
    ``k = 1`` is the newest, ``k = 0`` the oldest, which the next ``push`` overwrites.

    Writing happens in place whenever nothing can notice: not while gradients flow to an
    observation, and never into a slot of which a view was given out (the storage is copied
    first), so values that were read do not change. With ``inplace=True`` they do.

    Args:
        owner: object that holds the data.
        name: attribute name.
        step_time: time between observations, $\Delta t$.
        duration: time that is remembered, $T$.
        value: one observation, repeated over the record, or an uninitialised value.
        constraints: required sizes of an observation by dimension.
        persist_data: whether the data are saved (parameters always are).
        persist_constraints: whether the constraints are saved.
        persist_temporal: whether step time, duration and inclusiveness are saved.
        strict: whether positive and negative dimensions must be different dimensions.
        live: whether to check every assignment of ``value``.
        inclusive: whether an observation exactly ``duration`` ago can be read.

    Raises:
        ValueError: if the step time is not positive or the duration negative.
        RuntimeError: if the initial value does not satisfy the constraints.
    """

    def _slot(self, offset: int) -> int:
        return (self.pointer - int(offset)) % self.recordsz

    def incr(self, pos: int = 1) -> int:
        """Moves the pointer forward and returns it.

        Raises:
            RuntimeError: if there are no data.
        """
        rows = self._attached_rows()
        size = self._data().shape[0] if rows is None else rows.size
        self.pointer = pointer = (self.pointer + int(pos)) % size
        return pointer

    def decr(self, pos: int = 1) -> int:
        """Moves the pointer backward and returns it.

        Raises:
            RuntimeError: if there are no data.
        """
        return self.incr(-int(pos))

    @property
    def latest(self) -> Any:
        """The newest observation; assignment pushes, deletion moves the pointer back."""
        return self.peek()

    @latest.setter
    def latest(self, value: Tensor) -> None:
        self.push(value)

    @latest.deleter
    def latest(self) -> None:
        self.decr(1)

    def peek(self) -> Tensor | None:
        """Returns the newest observation, ``None`` if there are no data."""
        rows = self._attached_rows()
        if rows is None:
            return None if ignored(self._get()) else self.read(1)
        slot = (self.pointer - 1) % rows.size
        rows.lent.add(slot)
        return rows.storage[slot]

    def pop(self) -> Tensor | None:
        """Moves the pointer back and returns the observation that was the newest."""
        if ignored(self._get()):
            return None
        self.decr(1)
        return self.read(0)

    def read(self, offset: int = 1) -> Tensor:
        """Returns an observation as a view of the storage.

        Args:
            offset: steps before the write position, 1 is the newest.

        Raises:
            RuntimeError: if there are no data.
        """
        rows = self._attached_rows()
        if rows is None:
            data = self._data()
            return data[(self.pointer - int(offset)) % data.shape[0]]
        slot = (self.pointer - int(offset)) % rows.size
        rows.lent.add(slot)
        return rows.storage[slot]

    def borrow(self, offset: int = 1) -> Tensor:
        """Returns an observation as a view that lives until its slot is overwritten.

        Unlike what ``read`` returns, it is not protected against later writes, which spares
        them a copy. For reading within one step.

        Args:
            offset: steps before the write position, 1 is the newest.

        Raises:
            RuntimeError: if there are no data.
        """
        rows = self._attached_rows()
        if rows is None:
            data = self._data()
            return data[(self.pointer - int(offset)) % data.shape[0]]
        return rows.rows[(self.pointer - offset) % rows.size]

    def claim(self, inplace: bool = False) -> Tensor | None:
        """Returns the slot of the next observation for writing.

        The slot holds an old observation, to be overwritten completely before ``incr`` makes
        it the newest one.

        Args:
            inplace: whether views that were read may change.

        Returns:
            A view of the storage, ``None`` where observations cannot be written in place.
        """
        rows = self._attached_rows()
        if rows is None:
            return None
        slot = self.pointer % rows.size
        if rows.writable(slot):
            return rows.rows[slot]
        return rows.storage[slot] if inplace else self._rebuilt().rows[slot]

    def turn(self, inplace: bool = False) -> tuple[Tensor, Tensor] | None:
        """Returns the newest observation, as ``borrow``, and the next slot, as ``claim``."""
        rows = self._attached_rows()
        if rows is None:
            return None
        slot = self.pointer % rows.size if rows.size > 1 else 0
        state = rows.rows[slot - 1]
        if rows.writable(slot):
            return state, rows.rows[slot]
        return state, rows.storage[slot] if inplace else self._rebuilt().rows[slot]

    def push(self, obs: Tensor, inplace: bool = False) -> None:
        """Records an observation, overwriting the oldest.

        Args:
            obs: observation, of shape $S$; without data yet it determines the shape.
            inplace: whether views that were read may change, and no gradient is kept.

        Raises:
            ValueError: if the observation has another shape than the record.
        """
        rows = self._attached_rows()
        if rows is None and ignored(value := self._get()):
            dtype = obs.dtype if value is None else None
            self.initialize(obs.shape, device=obs.device, dtype=dtype, fill=0)
            rows = self._attached_rows()
        if rows is None:
            if torch.compiler.is_compiling():
                self._shift(obs)
                return
            self.write(obs, 0, inplace)
            self.incr(1)
            return
        pointer = self.pointer % rows.size
        self._write(rows, pointer, obs, inplace)
        self.pointer = (pointer + 1) % rows.size

    def _shift(self, obs: Tensor) -> None:
        """Records an observation by moving the others instead of the pointer.

        The pointer is a number: if it moved, a compiled step would be compiled anew for each of
        its values. New storage is made in compiled steps anyway.
        """
        data = self._data()
        self._check_observation(obs, data.shape[1:])
        slot = (self.pointer - 1) % data.shape[0]
        moved = data.roll(-1, 0)
        self._replace(torch.cat((moved[:slot], obs.to(data.dtype)[None], moved[slot + 1 :])))

    def write(self, obs: Tensor, offset: int = 0, inplace: bool = False) -> None:
        """Replaces an observation.

        Args:
            obs: observation, of shape $S$; it is cast to the data type of the record.
            offset: steps before the write position, 0 is the oldest.
            inplace: whether views that were read may change, and no gradient is kept.

        Raises:
            ValueError: if the observation has another shape than the record.
            RuntimeError: if there are no data.
        """
        data = self._data()
        slot = (self.pointer - int(offset)) % data.shape[0]
        rows = self._attached_rows()
        if rows is not None:
            self._write(rows, slot, obs, inplace)
            return
        self._check_observation(obs, data.shape[1:])
        if inplace:
            with torch.no_grad():
                data[slot] = obs
        else:
            self._replace(torch.cat((data[:slot], obs.to(data.dtype)[None], data[slot + 1 :])))

    def _write(self, rows: Rows, slot: int, obs: Tensor, inplace: bool) -> None:
        """Writes a slot in place where nobody notices, into new storage otherwise."""
        self._check_observation(obs, rows.shape)
        if not inplace and obs.requires_grad and torch.is_grad_enabled():
            data = rows.storage
            self._replace(torch.cat((data[:slot], obs.to(data.dtype)[None], data[slot + 1 :])))
        elif rows.writable(slot):
            rows.rows[slot].copy_(obs)
        elif inplace:
            # through the storage itself, so that autograd learns of it
            with torch.no_grad():
                rows.storage[slot] = obs
        else:
            self._rebuilt(keep=rows.size > 1).rows[slot].copy_(obs)

    def _check_observation(self, obs: Tensor, shape: torch.Size) -> None:
        if obs.shape != shape:
            raise ValueError(
                f"`obs` must have the shape {tuple(shape)} of the observations in "
                f"'{self._name}', got {tuple(obs.shape)}"
            )

    def readrange(self, length: int, offset: int | Tensor = 1, forward: bool = False) -> Tensor:
        r"""Returns consecutive observations, oldest first along the last dimension.

        Args:
            length: number of observations.
            offset: steps before the write position of the first (``forward``) or last
                observation; a tensor of shape $S$ gives one per element.
            forward: whether the range starts at the offset instead of ending there.

        Raises:
            RuntimeError: if there are no data.
            ValueError: if the length exceeds the record or the offset has another shape.

        Returns:
            Tensor of shape $S \times$ ``length``.
        """
        return recordtime.readrange(self._data(), self.pointer, length, offset, forward)

    def writerange(
        self,
        obs: Tensor,
        offset: int | Tensor = 0,
        forward: bool = False,
        inplace: bool = False,
    ) -> None:
        r"""Replaces consecutive observations, given oldest first along the last dimension.

        Args:
            obs: observations, of shape $S \times L$, cast to the record's data type.
            offset: steps before the write position of the first (``forward``) or last
                observation; a tensor of shape $S$ gives one per element.
            forward: whether the range starts at the offset instead of ending there.
            inplace: whether views that were read may change, and no gradient is kept.

        Raises:
            RuntimeError: if there are no data.
            ValueError: if the shapes do not fit.
        """
        data = self._data()
        slots = recordtime.range_slots(data, self.pointer, obs, offset, forward)
        self._scatter(data, slots, obs.movedim(-1, 0), inplace)

    def _scatter(self, data: Tensor, slots: Tensor, obs: Tensor, inplace: bool) -> None:
        obs = obs.to(data.dtype)
        if inplace:
            with torch.no_grad():
                data.scatter_(0, slots, obs)
        else:
            self._replace(data.scatter(0, slots, obs))

    def select(
        self,
        time: float | Tensor,
        interp: Interpolation | None = None,
        *,
        tolerance: float = 1e-6,
        offset: int = 1,
        interp_kwargs: Mapping[str, Any] | None = None,
        validate: bool = True,
    ) -> Tensor:
        r"""Returns the observations at times before the present.

        Times within the tolerance of an observation give it exactly, others what ``interp``
        makes of the observations before and after.

        Args:
            time: time before the present, of shape $S$ or $S \times D$ if a tensor.
            interp: interpolation, nearest by default.
            tolerance: largest difference from the time of an observation that is ignored.
            offset: steps before the write position of time 0, 1 is the newest.
            interp_kwargs: keyword arguments of ``interp``.
            validate: whether a tensor of times is checked to lie in the record, which waits
                for the device; otherwise it is clamped to it, which does not.

        Raises:
            RuntimeError: if there are no data.
            ValueError: if a time is outside the record or the shape does not fit.

        Returns:
            Tensor of shape $S$ or $S \times D$.
        """
        view = recordtime.View(self._data(), self.pointer, self.dt, offset, tolerance)
        interp = interp_nearest if interp is None else interp
        kwargs = interp_kwargs or {}
        if isinstance(time, Tensor):
            return recordtime.select_tensor(view, time, interp, kwargs, validate)
        steps = recordtime.scalar_steps(view, float(time))
        if isinstance(steps, int):
            return self.read(offset + steps)
        return recordtime.select_scalar(view, steps, interp, kwargs)

    def insert(
        self,
        obs: Tensor,
        time: float | Tensor,
        extrap: Extrapolation | None = None,
        *,
        tolerance: float = 1e-6,
        offset: int = 0,
        inplace: bool = False,
        extrap_kwargs: Mapping[str, Any] | None = None,
        validate: bool = True,
    ) -> None:
        """Inserts an observation at a time before the present.

        A time within the tolerance of an observation replaces it; otherwise the
        observations before and after become what ``extrap`` makes of them.

        Args:
            obs: observation, of shape $S$.
            time: time before the present, of shape $S$ if a tensor.
            extrap: extrapolation, nearest by default.
            tolerance: largest difference from the time of an observation that is ignored.
            offset: steps before the write position of time 0.
            inplace: whether views that were read may change, and no gradient is kept.
            extrap_kwargs: keyword arguments of ``extrap``.
            validate: whether a tensor of times is checked to lie in the record; otherwise it
                is clamped to it.

        Raises:
            RuntimeError: if there are no data.
            ValueError: if a time is outside the record or a shape does not fit.
        """
        view = recordtime.View(self._data(), self.pointer, self.dt, offset, tolerance)
        self._check_observation(obs, view.data.shape[1:])
        extrap = extrap_nearest if extrap is None else extrap
        kwargs = extrap_kwargs or {}
        if isinstance(time, Tensor):
            slots, values = recordtime.insert_tensor(view, obs, time, extrap, kwargs, validate)
            self._scatter(view.data, slots, values, inplace)
            return
        steps = recordtime.scalar_steps(view, float(time))
        if isinstance(steps, int):
            self.write(obs, offset + steps, inplace)
            return
        older, newer, k = recordtime.insert_scalar(view, obs, steps, extrap, kwargs)
        values = torch.stack((older, newer), -1).to(view.data.dtype)
        self.writerange(values, k, forward=True, inplace=inplace)
