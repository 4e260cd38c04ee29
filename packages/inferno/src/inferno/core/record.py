"""A circular buffer of the past observations of one tensor quantity."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from inferno._internal import argtest
from inferno.functional.extrapolation import extrap_nearest
from inferno.functional.interpolation import interp_nearest
from inferno.functional.protocols import Extrapolation, Interpolation

from . import recordtime
from .constraints import compatible, ignored
from .handle import AttributeStore
from .module import Module
from .ring import Rows, record_size
from .shaped import ShapedTensor
from .tensor import full

__all__ = ["RecordTensor"]


class RecordTensor(ShapedTensor):
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

    LinkedAttributes = namedtuple(  # type: ignore[assignment]
        "RecordTensorAttributes",
        ("data", "constraints", "dt", "duration", "inclusive", "pointer"),
    )

    _transient = (*ShapedTensor._transient, "_rows", "_numbers")
    _rows: Rows | None = None

    def __init__(
        self,
        owner: Any,
        name: str,
        step_time: float,
        duration: float,
        value: Tensor | nn.Parameter | None,
        constraints: Mapping[int, int] | None = None,
        persist_data: bool = True,
        persist_constraints: bool = False,
        persist_temporal: bool = False,
        strict: bool = True,
        live: bool = False,
        inclusive: bool = False,
    ) -> None:
        argtest.identifier("name", name)
        step_time = argtest.gt("step_time", step_time, 0, float)
        duration = argtest.gte("duration", duration, 0, float)
        size = record_size(step_time, duration, inclusive)
        limits = {d + 1 if d >= 0 else d: s for d, s in (constraints or {}).items()}
        if value is not None and not ignored(value):
            repeated = value.data if isinstance(value, nn.Parameter) else value
            repeated = repeated.unsqueeze(0).repeat(size, *(1 for _ in range(value.ndim)))
            if not compatible(repeated, limits, bool(strict)):
                raise RuntimeError(
                    f"`value` of '{name}' must satisfy the constraints {dict(constraints or {})}"
                    f", got a tensor of shape {tuple(value.shape)}"
                )
            if isinstance(value, nn.Parameter):
                value.data = repeated
            else:
                value = repeated
        self._dt_name = f"_{name}_dt"
        self._duration_name = f"_{name}_duration"
        self._inclusive_name = f"_{name}_inclusive"
        self._pointer_name = f"_{name}_pointer"
        limits[0] = size
        super().__init__(
            owner, name, value, limits, persist_data, persist_constraints, strict, live
        )
        self._set_plain(self._dt_name, step_time, persist_temporal)
        self._set_plain(self._duration_name, duration, persist_temporal)
        self._set_plain(self._inclusive_name, inclusive, persist_temporal)
        self._set_plain(self._pointer_name, 0, True)

    @property
    def attributes(self) -> Any:
        """Names of the owner's attributes with data and settings."""
        return self.LinkedAttributes(
            self._data_name,
            self._constraints_name,
            self._dt_name,
            self._duration_name,
            self._inclusive_name,
            self._pointer_name,
        )

    # settings

    def _number_table(self) -> Any:
        """Finds the table of the owner that holds the pointer, and remembers it."""
        owner = self._living_owner()
        self._numbers = owner._extras if isinstance(owner, Module) else AttributeStore(owner)
        return self._numbers

    @property
    def pointer(self) -> int:
        """Slot that the next observation overwrites."""
        try:
            pointer: int = self._numbers[self._pointer_name]
        except (KeyError, AttributeError):
            pointer = self._number_table()[self._pointer_name]
        return pointer

    @pointer.setter
    def pointer(self, value: int) -> None:
        try:
            self._numbers[self._pointer_name] = value
        except AttributeError:
            self._number_table()[self._pointer_name] = value

    @property
    def recordsz(self) -> int:
        """Number of observations in the record."""
        return self._limits()[0]

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Shape of one observation, ``None`` while there are no data."""
        value = self._get()
        return None if ignored(value) else tuple(value.shape[1:])

    @property
    def constraints(self) -> dict[int, int]:
        """Copy of the constraints on one observation."""
        return {d - 1 if d > 0 else d: s for d, s in self._limits().items() if d != 0}

    @property
    def dt(self) -> float:
        """Time between observations; a change keeps the newest observations."""
        step_time: float = getattr(self._living_owner(), self._dt_name)
        return step_time

    @dt.setter
    def dt(self, value: float) -> None:
        value = argtest.gt("dt", value, 0, float)
        setattr(self._living_owner(), self._dt_name, value)
        self._refit()

    @property
    def duration(self) -> float:
        """Time that is remembered; a change keeps the newest observations."""
        duration: float = getattr(self._living_owner(), self._duration_name)
        return duration

    @duration.setter
    def duration(self, value: float) -> None:
        value = argtest.gte("duration", value, 0, float)
        setattr(self._living_owner(), self._duration_name, value)
        self._refit()

    @property
    def inclusive(self) -> bool:
        """Whether an observation exactly ``duration`` ago can be read."""
        inclusive: bool = getattr(self._living_owner(), self._inclusive_name)
        return inclusive

    @inclusive.setter
    def inclusive(self, value: bool) -> None:
        setattr(self._living_owner(), self._inclusive_name, value)
        self._refit()

    @torch.no_grad()
    def _refit(self) -> None:
        """Fits the record size to the times; the newest observations are kept."""
        size = record_size(self.dt, self.duration, self.inclusive)
        if size == self.recordsz:
            return
        if not self.ignored:
            self.align(0)
        ShapedTensor.reconstrain(self, 0, size)

    # storage

    @property
    def value(self) -> Any:
        """The storage, in physical order; see ``pointer``.

        Raises:
            RuntimeError: if ``None`` replaces a parameter.
            ValueError: if ``live`` and the value does not satisfy the constraints.
        """
        rows = self._attached_rows()
        if rows is not None:
            rows.lend_all()
        return self._get()

    @value.setter
    def value(self, value: Any) -> None:
        self._assign(value)
        self._rows = None
        if ignored(self._get()):
            self.pointer = 0

    @value.deleter
    def value(self) -> None:
        self.deinitialize(False)

    def _data(self) -> Tensor:
        """The storage, without giving it out."""
        value = self._get()
        if ignored(value):
            raise RuntimeError(
                f"record '{self._name}' has no data yet; push an observation or initialize it"
            )
        data: Tensor = value
        return data

    def _attached_rows(self) -> Rows | None:
        """The rows for writing in place, ``None`` where autograd or a parameter forbids it."""
        data = self._get()
        rows = self._rows
        if rows is not None and rows.storage is data and rows.address == data.data_ptr():
            return rows
        if (
            type(data) is not Tensor
            or data.requires_grad
            or ignored(data)
            or torch.compiler.is_compiling()
            or data.data_ptr() == 0
        ):
            self._rows = None
        else:
            # whoever put the storage there may hold it
            self._rows = Rows(data)
            self._rows.lend_all()
        return self._rows

    def _replace(self, data: Tensor) -> None:
        self._put(data)
        self._rows = None

    def align(self, index: int = 0) -> None:
        """Rolls the storage so that the pointer is ``index``; the content stays.

        Raises:
            ValueError: if the index is out of range.
            RuntimeError: if there are no data.
        """
        index = argtest.index("index", index, self.recordsz, "recordsz")
        data = self._data()
        if index != self.pointer:
            if (index - self.pointer) % data.shape[0]:
                self._replace(torch.roll(data, index - self.pointer, 0))
            self.pointer = index

    def reset(self, fill: Any = 0) -> None:
        """Fills the storage and moves the pointer to 0; with ``None`` only aligns it."""
        if fill is None:
            self.align(0)
            return
        value = self._get()
        if not ignored(value):
            with torch.no_grad():
                value.fill_(fill)
        self.pointer = 0

    def initialize(
        self,
        shape: tuple[int, ...] | torch.Size,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        fill: Any = 0,
    ) -> Any:
        """Makes storage for observations of a shape.

        Args:
            shape: shape of one observation.
            device: device, by default that of the present value.
            dtype: data type, by default that of the present value, or torch's default.
            fill: initial value.

        Raises:
            ValueError: if the shape does not satisfy the constraints.

        Returns:
            The storage.
        """
        value = self._get()
        shape = (self.recordsz, *shape)
        if not compatible(torch.empty(shape, device="meta"), self._limits(), self._strict):
            raise ValueError(
                f"`shape` of an observation of '{self._name}' must satisfy the constraints "
                f"{self.constraints}, got {tuple(shape[1:])}"
            )
        with torch.inference_mode(False):
            if isinstance(value, nn.UninitializedBuffer | nn.UninitializedParameter):
                value.materialize(shape, device=device, dtype=dtype)
                value.data.fill_(fill)
            elif value is None:
                dtype = torch.get_default_dtype() if dtype is None else dtype
                self._put(torch.full(shape, fill, dtype=dtype, device=device))
            else:
                self._put(full(value, fill, shape=shape, dtype=dtype, device=device))
        self._rows = None
        self.pointer = 0
        return self._get()

    def deinitialize(self, use_uninitialized: bool = False) -> Any:
        """Drops the storage, keeping kind, data type and device.

        Args:
            use_uninitialized: whether the placeholder is an uninitialised buffer or
                parameter rather than an empty tensor.

        Returns:
            The placeholder.
        """
        value = self._get()
        if value is None:
            value = nn.UninitializedBuffer() if use_uninitialized else torch.empty(0)
            self._put(value)
        else:
            properties: dict[str, Any] = {"dtype": value.dtype, "device": value.device}
            parameter = isinstance(value, nn.Parameter)
            needs_grad = value.requires_grad
            if use_uninitialized:
                kind = nn.UninitializedParameter if parameter else nn.UninitializedBuffer
                self._put(kind(requires_grad=needs_grad, **properties))
            elif isinstance(value, nn.UninitializedParameter):
                self._put(nn.Parameter(torch.empty(0, **properties), needs_grad))
            elif parameter:
                value.data = torch.empty(0, **properties)
            else:
                self._put(torch.empty(0, requires_grad=needs_grad, **properties))
        self._rows = None
        self.pointer = 0
        return self._get()

    def reconstrain(self, dim: int, size: int | None) -> Any:
        """Adds, changes or removes the constraint of one dimension of the observations.

        See ``ShapedTensor.reconstrain``. The storage is aligned first.
        """
        dim = int(dim)
        if not self.ignored:
            self.align(0)
        result = super().reconstrain(dim + 1 if dim >= 0 else dim, size)
        self._rows = None
        return result

    # one observation

    def _slot(self, offset: int) -> int:
        return (self.pointer - int(offset)) % self.recordsz

    def incr(self, pos: int = 1) -> int:
        """Moves the pointer forward and returns it.

        Raises:
            RuntimeError: if there are no data.
        """
        self.pointer = pointer = (self.pointer + int(pos)) % self._data().shape[0]
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
        return None if ignored(self._get()) else self.read(1)

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
        data = self._data()
        slot = (self.pointer - int(offset)) % data.shape[0]
        rows = self._attached_rows()
        if rows is not None:
            rows.lent.add(slot)
        return data[slot]

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
        if slot in rows.lent:
            if inplace:
                return rows.storage[slot]
            rows = self._rebuilt()
        return rows.rows[slot]

    def _rebuilt(self) -> Rows:
        """Moves the record to new storage, so that what was given out stays as it is."""
        with torch.inference_mode(False), torch.no_grad():
            fresh = self._get().clone()
        self._put(fresh)
        self._rows = rows = Rows(fresh)
        return rows

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
            self.write(obs, 0, inplace)
            self.incr(1)
            return
        pointer = self.pointer % rows.size
        self._write(rows, pointer, obs, inplace)
        self.pointer = (pointer + 1) % rows.size

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
        elif slot not in rows.lent:
            rows.rows[slot].copy_(obs)
        elif inplace:
            # through the storage itself, so that autograd learns of it
            with torch.no_grad():
                rows.storage[slot] = obs
        else:
            self._rebuilt().rows[slot].copy_(obs)

    def _check_observation(self, obs: Tensor, shape: torch.Size) -> None:
        if obs.shape != shape:
            raise ValueError(
                f"`obs` must have the shape {tuple(shape)} of the observations in "
                f"'{self._name}', got {tuple(obs.shape)}"
            )

    # ranges and times

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
            validate: whether a tensor of times is checked to lie in the record. The check
                waits for the device; leave it out only for times known to be in range.

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
            validate: whether a tensor of times is checked to lie in the record.

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

    def _prepare_load(self, state_dict: Mapping[str, Any], prefix: str) -> None:
        saved = state_dict.get(prefix + self._data_name)
        if isinstance(saved, Tensor) and ignored(saved) and not self.ignored:
            self.deinitialize(False)
        super()._prepare_load(state_dict, prefix)
        self._rows = None
