"""The storage of a circular buffer: its size, settings and lifetime."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, MutableMapping
from math import ceil
from typing import Any

import torch
from torch import Tensor, nn

from inferno._internal import argtest
from synaptensor.validation import check_flag, check_instance

from .constraints import compatible, ignored
from .handle import AttributeStore
from .module import Module
from .ring import Rows, record_size
from .shaped import ShapedTensor
from .tensor import full

__all__ = ["RecordStorage"]


# Rows of a record's storage, by the id of its handle: no attribute of the handle, because they
# are no part of its state, which is copied, saved and compared.
_rows: dict[int, Rows] = {}

RecordTensorAttributes = namedtuple(
    "RecordTensorAttributes",
    ("data", "constraints", "dt", "duration", "inclusive", "pointer"),
)


class RecordStorage(ShapedTensor):
    """A tensor attribute that holds observations of equal shape along its first dimension.

    What ``RecordTensor`` needs besides reading and writing observations; see there.
    """

    LinkedAttributes: type[Any] = RecordTensorAttributes

    _transient = (*ShapedTensor._transient, "_numbers")

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
        check_instance("constraints", constraints, Mapping | None)
        strict = check_flag("strict", strict)
        check_flag("persist_temporal", persist_temporal)
        limits = {d + 1 if d >= 0 else d: s for d, s in (constraints or {}).items()}
        if value is not None and not ignored(value):
            repeated = value.data if isinstance(value, nn.Parameter) else value
            repeated = repeated.unsqueeze(0).repeat(size, *(1 for _ in range(value.ndim)))
            if not compatible(repeated, limits, strict):
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

    @property
    def value(self) -> Any:
        """The storage, in physical order; see ``pointer``.

        Raises:
            RuntimeError: if ``None`` replaces a parameter.
            ValueError: if ``live`` and the value does not satisfy the constraints.
        """
        rows = self._attached_rows()
        if rows is not None:
            rows.whole = True
        return self._get()

    @value.setter
    def value(self, value: Any) -> None:
        self._assign(value)
        self._release()
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
        rows = _rows.get(id(self))
        if rows is not None and rows.storage is data and rows.address == data.data_ptr():
            return rows
        if (
            type(data) is not Tensor
            or data.requires_grad
            or ignored(data)
            or torch.compiler.is_compiling()
            or data.data_ptr() == 0
        ):
            self._release()
        else:
            # whoever put the storage there may hold it
            _rows[id(self)] = rows = Rows(data, whole=True)
            return rows
        return None

    def _replace(self, data: Tensor) -> None:
        self._put(data)
        self._release()

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
            if value.requires_grad and not value.is_leaf:
                self._replace(torch.full_like(value, fill))
            else:
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
                where = value.device if device is None else torch.device(device)
                value.materialize(shape, device=where, dtype=dtype)
                value.data.fill_(fill)
            elif value is None:
                dtype = torch.get_default_dtype() if dtype is None else dtype
                self._put(torch.full(shape, fill, dtype=dtype, device=device))
            else:
                self._put(full(value, fill, shape=shape, dtype=dtype, device=device))
        self._release()
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
        self._release()
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
        self._release()
        return result

    def _rebuilt(self, keep: bool = True) -> Rows:
        """Moves the record to new storage, so that what was given out stays as it is."""
        data = self._get()
        if torch.is_inference_mode_enabled():
            with torch.inference_mode(False):
                fresh = data.clone()
        else:
            fresh = data.clone() if keep else torch.empty_like(data)
        self._put(fresh)
        _rows[id(self)] = rows = Rows(fresh, whole=False)
        return rows

    def _release(self) -> None:
        _rows.pop(id(self), None)

    def __del__(self) -> None:
        if _rows is not None:
            _rows.pop(id(self), None)
        super().__del__()

    def _prepare_load(self, state_dict: MutableMapping[str, Any], prefix: str) -> None:
        saved = state_dict.get(prefix + self._data_name)
        if isinstance(saved, Tensor) and ignored(saved) and not self.ignored:
            self.deinitialize(False)
        elif isinstance(saved, Tensor) and saved.ndim:
            self._shorten(state_dict, prefix, saved)
        super()._prepare_load(state_dict, prefix)
        self._release()

    def _shorten(self, state_dict: MutableMapping[str, Any], prefix: str, saved: Tensor) -> None:
        """Drops the oldest observation of a record that was saved with one too many.

        Sizes were once taken from quotients with their rounding errors; see ``record_size``.
        """
        size, key = self.recordsz, f"{prefix}_extra_state"
        unrounded = max(ceil(self.duration / self.dt) + int(self.inclusive), 1)
        extras = state_dict.get(key)
        if saved.shape[0] != unrounded or unrounded != size + 1 or not isinstance(extras, dict):
            return
        pointer = extras.get(self._pointer_name, 0)
        state_dict[prefix + self._data_name] = saved.roll(-pointer, 0)[1:]
        state_dict[key] = {**extras, self._pointer_name: 0}
