"""What the tensor attributes share: a handle on an owner that holds the data."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from typing import Any, Self

import numpy as np
from torch import nn

from inferno._internal import argtest
from inferno._internal.weak import weak_reference

__all__ = ["AttributeStore", "Handle", "snapshot"]

# Which handle made the attributes of a name on an owner: a handle that was replaced by
# another of the same name must not delete the other's attributes when it dies. Owners are
# told apart by the weak reference to them, of which Python keeps one.
_creators: dict[tuple[int, str], int] = {}


def snapshot(value: Any) -> Any:
    """Copies nested containers; leaves are kept, except arrays."""
    if isinstance(value, OrderedDict):
        return OrderedDict((k, snapshot(v)) for k, v in value.items())
    if type(value) is dict:
        return {k: snapshot(v) for k, v in value.items()}
    if type(value) in (list, tuple, set):
        return type(value)(snapshot(v) for v in value)
    return value.copy() if isinstance(value, np.ndarray) else value


class AttributeStore(MutableMapping[str, Any]):
    """The attributes of an object as a mapping, held by weak reference."""

    def __init__(self, owner: Any) -> None:
        self._owner = weakref.ref(owner)

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self._owner(), name)
        except AttributeError:
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self._owner(), name, value)

    def __delitem__(self, name: str) -> None:
        delattr(self._owner(), name)

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self._owner()))

    def __len__(self) -> int:
        return len(vars(self._owner()))


class Handle:
    """A named tensor attribute whose data and settings are attributes of its owner.

    The owner is held weakly. Copying or pickling the owner gives a copy whose handle
    belongs to the copy. When the handle dies, the attributes it made on a living owner are
    deleted.

    Args:
        owner: object that holds the data, usually a module.
        name: attribute name, from which the names of the data are derived.
    """

    _transient: tuple[str, ...] = ("_owner",)

    def __init__(self, owner: Any, name: str) -> None:
        self._name = argtest.identifier("name", name)
        self._owner = weak_reference("owner", owner)

    def _claim(self) -> None:
        """Makes this handle the one that cleans up the attributes of its name."""
        _creators[id(self._owner), self._name] = id(self)

    @property
    def owner(self) -> Any:
        """The object that holds the data, ``None`` if it is gone."""
        return self._owner()

    @property
    def name(self) -> str:
        """Name of the attribute."""
        return self._name

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes made on the owner."""
        raise NotImplementedError

    def _living_owner(self) -> Any:
        owner = self._owner()
        if owner is None:
            raise RuntimeError(f"the owner of {type(self).__name__} '{self._name}' is gone")
        return owner

    def _set_plain(self, attr: str, value: Any, as_extra: bool) -> None:
        """Makes a setting on the owner, saved with it if it is an extra."""
        owner = self._living_owner()
        if as_extra and hasattr(owner, "register_extra"):
            if not hasattr(owner, attr) or attr in owner._extras:
                owner.register_extra(attr, value)
                return
            delattr(owner, attr)
            owner.register_extra(attr, value)
        else:
            if attr in getattr(owner, "_extras", ()):
                delattr(owner, attr)
            setattr(owner, attr, value)

    def _release(self) -> None:
        """Called after the owner's tensors moved: drops what refers to the old ones."""

    def _prepare_load(self, state_dict: MutableMapping[str, Any], prefix: str) -> None:
        """Called before the owner loads a state dictionary."""

    @classmethod
    def create(cls, owner: Any, name: str, *args: Any, **kwargs: Any) -> None:
        """Constructs the handle and assigns it to the owner under its name."""
        setattr(owner, name, cls(owner, name, *args, **kwargs))

    def __copy__(self) -> Self:
        # a second handle on the same attributes would delete them when it dies
        return self

    def __getstate__(self) -> dict[str, Any]:
        state = {k: v for k, v in self.__dict__.items() if k not in self._transient}
        state["owner"] = self._owner()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        owner = state.pop("owner")
        if owner is None:
            raise RuntimeError(f"cannot copy '{state['_name']}' on its own: its owner is gone")
        self.__dict__.update(state)
        self._owner = weakref.ref(owner)
        self._claim()

    def __del__(self) -> None:
        if "_owner" not in self.__dict__ or _creators is None:
            return
        key = (id(self._owner), self._name)
        if _creators.get(key) != id(self):
            return
        del _creators[key]
        owner = self._owner()
        if owner is not None:
            for attr in self.attributes:
                with suppress(AttributeError):
                    delattr(owner, attr)


def register_tensor(owner: Any, attr: str, value: Any, persist: bool) -> None:
    """Puts a tensor on an owner: a parameter as such, others as buffer where there are any."""
    if isinstance(owner, nn.Module) and not isinstance(value, nn.Parameter):
        if attr in owner._parameters:
            delattr(owner, attr)
        owner.register_buffer(attr, value, persistent=persist)
    else:
        setattr(owner, attr, value)


def table_of(owner: Any, attr: str) -> MutableMapping[str, Any]:
    """Finds the mapping of an owner that holds a tensor: its table, or its attributes."""
    if isinstance(owner, nn.Module):
        for table in (owner._buffers, owner._parameters):
            if attr in table:
                return table
    return AttributeStore(owner)
