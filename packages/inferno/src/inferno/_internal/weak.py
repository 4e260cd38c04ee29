"""Weak references that survive copying and pickling together with what they refer to."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

__all__ = ["WeakReference", "WeakValues", "weak_reference"]


def weak_reference(name: str, obj: Any) -> Callable[[], Any]:
    """Refers weakly to an object, or says that it is of a kind that nothing can refer to."""
    try:
        return weakref.ref(obj)
    except TypeError:
        raise TypeError(
            f"`{name}` must be an object that can be referred to weakly, such as a module, "
            f"got {obj!r}"
        ) from None


class WeakReference:
    """A weak reference; a copy refers to the copy of the object, made if there is none."""

    __slots__ = ("_ref",)

    def __init__(self, obj: Any) -> None:
        self._ref: Callable[[], Any] = weak_reference("obj", obj)

    def __call__(self) -> Any:
        return self._ref()

    def __getstate__(self) -> Any:
        return (self._ref(),)

    def __setstate__(self, state: Any) -> None:
        (obj,) = state
        self._ref = _dead if obj is None else weakref.ref(obj)


def _dead() -> None:
    """Stands for a reference to an object that is gone."""


class WeakValues(MutableMapping[str, Any]):
    """A mapping from names to objects that it does not keep alive.

    Unlike ``weakref.WeakValueDictionary`` it has no methods besides those of mappings, and
    copies with its objects.
    """

    def __init__(self) -> None:
        self._refs: dict[str, weakref.ref[Any]] = {}

    def __getitem__(self, name: str) -> Any:
        value = self._refs[name]()
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        self._refs[name] = weakref.ref(value)

    def __delitem__(self, name: str) -> None:
        del self._refs[name]

    def __iter__(self) -> Iterator[str]:
        for name, ref in tuple(self._refs.items()):
            if ref() is not None:
                yield name

    def living(self) -> list[tuple[str, Any]]:
        """Pairs of name and object, of those that exist."""
        pairs = [(name, ref()) for name, ref in self._refs.items()]
        return [pair for pair in pairs if pair[1] is not None]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.items())

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._refs = {name: weakref.ref(value) for name, value in state.items()}

    def __reduce__(self) -> Any:
        return WeakValues, (), self.__getstate__()
