"""A tensor attribute whose shape is held to constraints."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from inferno._internal import argtest
from synaptensor.validation import check_flag

from .constraints import compatible, consistent, dimensionality, ignored
from .handle import Handle, register_tensor, table_of

__all__ = ["ShapedTensor"]


ShapedTensorAttributes = namedtuple("ShapedTensorAttributes", ("data", "constraints"))


class ShapedTensor(Handle):
    """A tensor attribute whose shape is held to constraints.

    The data are a buffer or parameter ``_{name}_data`` of the owner, the constraints its
    attribute ``_{name}_constraints``, so that they move, copy and save with the owner.

    Args:
        owner: object that holds the data.
        name: attribute name.
        value: initial tensor, parameter, uninitialised tensor or ``None``.
        constraints: required sizes by dimension; negative dimensions count from the end.
        persist_data: whether the data are saved (parameters always are).
        persist_constraints: whether the constraints are saved.
        strict: whether positive and negative dimensions must be different dimensions.
        live: whether to check every assignment of ``value``.

    Raises:
        RuntimeError: if the initial value does not satisfy the constraints.
    """

    LinkedAttributes: type[Any] = ShapedTensorAttributes

    _transient = (*Handle._transient, "_store")

    def __init__(
        self,
        owner: Any,
        name: str,
        value: Tensor | nn.Parameter | None,
        constraints: Mapping[int, int] | None = None,
        persist_data: bool = True,
        persist_constraints: bool = False,
        strict: bool = True,
        live: bool = False,
    ) -> None:
        super().__init__(owner, name)
        self._strict = check_flag("strict", strict)
        self._live = check_flag("live", live)
        check_flag("persist_data", persist_data)
        check_flag("persist_constraints", persist_constraints)
        self._data_name = f"_{name}_data"
        self._constraints_name = f"_{name}_constraints"
        limits = dict(constraints or {})
        if not ignored(value) and not compatible(cast(Tensor, value), limits, self._strict):
            raise RuntimeError(
                f"`value` of '{name}' must satisfy the constraints {limits}, got a tensor of "
                f"shape {tuple(cast(Tensor, value).shape)}"
            )
        self._claim()
        register_tensor(owner, self._data_name, value, persist_data)
        self._set_plain(self._constraints_name, limits, persist_constraints)

    @property
    def attributes(self) -> Any:
        """Names of the owner's attributes with data and constraints."""
        return self.LinkedAttributes(self._data_name, self._constraints_name)

    def _locate(self) -> Any:
        """Finds the table of the owner that holds the data, and remembers it."""
        self._store = table_of(self._living_owner(), self._data_name)
        return self._store

    def _get(self) -> Any:
        # tables of the owner, not the owner, are remembered: no cycle, no search per access
        try:
            return self._store[self._data_name]
        except (KeyError, AttributeError):
            return self._locate()[self._data_name]

    def _put(self, value: Any) -> None:
        """Stores a new value without checks; a parameter keeps its identity."""
        current = self._get()
        if type(current) is Tensor and type(value) is Tensor:
            self._store[self._data_name] = value
        elif (
            isinstance(current, nn.Parameter)
            and isinstance(value, Tensor)
            and not isinstance(value, nn.Parameter | nn.UninitializedBuffer)
        ):
            current.data = value
        else:
            setattr(self._living_owner(), self._data_name, value)

    @property
    def value(self) -> Any:
        """The tensor; assignment checks it if ``live``.

        Raises:
            RuntimeError: if ``None`` replaces a parameter.
            ValueError: if ``live`` and the value does not satisfy the constraints.
        """
        try:
            return self._store[self._data_name]
        except (KeyError, AttributeError):
            return self._locate()[self._data_name]

    @value.setter
    def value(self, value: Any) -> None:
        self._assign(value)

    @property
    def dtype(self) -> torch.dtype | None:
        """Data type of the value, ``None`` if there is no tensor."""
        value = self._get()
        return None if value is None else value.dtype

    @property
    def device(self) -> torch.device | None:
        """Device of the value, ``None`` if there is no tensor."""
        value = self._get()
        return None if value is None else value.device

    def _assign(self, value: Any) -> None:
        if value is None and isinstance(self._get(), nn.Parameter):
            raise RuntimeError(f"cannot replace the parameter of '{self._name}' by None")
        if self._live and not ignored(value) and not self.compatible(value):
            raise ValueError(
                f"`value` of '{self._name}' must satisfy the constraints "
                f"{self._limits()}, got a tensor of shape {tuple(value.shape)}"
            )
        self._put(value)

    def _limits(self) -> dict[int, int]:
        limits: dict[int, int] = getattr(self._living_owner(), self._constraints_name)
        return limits

    @property
    def constraints(self) -> dict[int, int]:
        """Copy of the constraints."""
        return dict(self._limits())

    @property
    def dimensionality(self) -> int:
        """Fewest dimensions a tensor needs to satisfy the constraints."""
        return dimensionality(self._limits(), self._strict)

    @property
    def ignored(self) -> bool:
        """Whether there are no data yet."""
        return ignored(self._get())

    @property
    def live(self) -> bool:
        """Whether assignments are checked."""
        return self._live

    @live.setter
    def live(self, value: bool) -> None:
        self._live = bool(value)

    @property
    def strict(self) -> bool:
        """Whether positive and negative dimensions must be different dimensions."""
        return self._strict

    @strict.setter
    def strict(self, value: bool) -> None:
        self._strict = bool(value)

    @property
    def valid(self) -> bool:
        """Whether the owner lives and the data, if any, satisfy the constraints."""
        if self._owner() is None:
            return False
        value = self._get()
        return ignored(value) or self.compatible(value)

    def compatible(self, tensor: Tensor) -> bool:
        """Whether a tensor satisfies the constraints."""
        return compatible(tensor, self._limits(), self._strict)

    def reconstrain(self, dim: int, size: int | None) -> Any:
        """Adds, changes or removes the constraint of one dimension.

        A changed size resizes the data along that dimension: shrinking drops entries from
        the front, growing puts zeros there.

        Args:
            dim: constrained dimension.
            size: required size, ``None`` removes the constraint.

        Returns:
            The data after the change.

        Raises:
            ValueError: if there is nothing to remove, the size is not a non-negative
                integer, or the data do not have a newly constrained size.
            RuntimeError: if the data no longer satisfy the other constraints.
        """
        dim = int(dim)
        if size is not None:
            size = argtest.gte("size", size, 0, int)
        limits = self._limits()
        if size is None:
            if dim not in limits:
                raise ValueError(f"`dim` must be a constrained dimension to remove, got {dim}")
            self._remove(dim)
        elif dim not in limits:
            self._add(dim, size)
        else:
            self._edit(dim, size)
        return self._get()

    def _remove(self, dim: int) -> None:
        limits = self._limits()
        rest = {d: s for d, s in limits.items() if d != dim}
        value = self._get()
        if not ignored(value) and not compatible(value, rest, self._strict):
            raise RuntimeError("constrained tensor has been invalidated")
        del limits[dim]

    def _add(self, dim: int, size: int) -> None:
        limits, value = self._limits(), self._get()
        if not ignored(value):
            if not compatible(value, limits, self._strict):
                raise RuntimeError("constrained tensor has been invalidated")
            if not compatible(value, {**limits, dim: size}, self._strict):
                raise ValueError(
                    "constrained tensor would be invalidated by constraint of size "
                    f"{size} on dim {dim}"
                )
        limits[dim] = size

    def _edit(self, dim: int, size: int) -> None:
        limits, value = self._limits(), self._get()
        edited = {**limits, dim: size}
        if not ignored(value):
            enough = value.ndim >= dimensionality(edited, self._strict)
            if not enough or not consistent(edited, value.ndim):
                raise RuntimeError("constrained tensor has been invalidated")
            rest = (d for d in edited if (d - dim) % value.ndim)
            if any(value.shape[d] != edited[d] for d in rest):
                raise RuntimeError("constrained tensor has been invalidated")
            self._put(self.resize(value, dim, size))
        limits[dim] = size

    @staticmethod
    def resize(
        value: Tensor, dim: int, size: int, preserve_tail: bool = True, fill: Any = 0
    ) -> Tensor:
        """Cuts or fills a tensor along one dimension.

        Args:
            value: tensor to resize; a parameter is changed in its data.
            dim: dimension.
            size: new size.
            preserve_tail: whether the last entries are kept, otherwise the first.
            fill: value of new entries.

        Returns:
            The resized tensor, the same object if nothing changes.
        """
        current = value.shape[dim]
        if size == current:
            return value
        data = value.data if isinstance(value, nn.Parameter) else value
        if size < current:
            resized = data.narrow(dim, current - size if preserve_tail else 0, size)
            # a slice would keep the whole storage alive, and be no buffer of its own
            resized = resized.clone()
        else:
            shape = list(data.shape)
            shape[dim] = size - current
            filled = torch.full(shape, fill, dtype=data.dtype, device=data.device)
            parts = (filled, data) if preserve_tail else (data, filled)
            resized = torch.cat(parts, dim)
        if isinstance(value, nn.Parameter):
            value.data = resized
            return value
        return resized

    def _prepare_load(self, state_dict: MutableMapping[str, Any], prefix: str) -> None:
        """Makes room for saved data where there are none yet."""
        saved = state_dict.get(prefix + self._data_name)
        if not isinstance(saved, Tensor) or ignored(saved):
            return
        current = self._get()
        if not ignored(current) or not self.compatible(saved):
            return
        if isinstance(current, nn.UninitializedBuffer | nn.UninitializedParameter):
            current.materialize(saved.shape)
        elif current is None:
            self._put(torch.empty_like(saved))
        else:
            self._put(torch.empty(saved.shape, dtype=current.dtype, device=current.device))
