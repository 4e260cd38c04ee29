"""Nested access, iteration and read-only views used throughout the package."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from synaptensor.attributes import get_attribute, set_attribute

__all__ = ["MapAccessor", "Proxy", "fzip", "getitem", "rgetattr", "rgetitem", "rsetattr", "unique"]


rgetattr = get_attribute
rsetattr = set_attribute


def getitem(data: Mapping[Any, Any], key: Hashable, *default: Any) -> Any:
    """Gets an item of a mapping, or the default; without a default raises ``KeyError``."""
    if key in data:
        return data[key]
    if default:
        return default[0]
    raise KeyError(key)


def rgetitem(data: Any, keyseq: Sequence[Hashable], *default: Any) -> Any:
    """Gets a nested item along a sequence of keys, or the default."""
    for depth, key in enumerate(keyseq):
        if key not in data:
            if default:
                return default[0]
            raise KeyError(key, f"depth={depth}")
        data = data[key]
    return data


def fzip(
    seq: Iterable[Any], *fns: Callable[[Any], Any], identity: bool = True
) -> Iterator[tuple[Any, ...]]:
    """Yields ``(e, f1(e), f2(e), ...)`` for each element, without ``e`` if not ``identity``."""
    for element in seq:
        mapped = tuple(f(element) for f in fns)
        yield (element, *mapped) if identity else mapped


def unique(seq: Iterable[Any], ids: bool = True) -> Iterator[Any]:
    """Yields the first occurrence of each element, by identity or by equality."""
    seen: dict[Any, Any] = {}
    for element in seq:
        key = id(element) if ids else element
        if key not in seen:
            # the element is kept so that its id cannot be reused while iterating
            seen[key] = element
            yield element


class Proxy:
    """Read access to attributes of an object through a fixed further path.

    ``Proxy(layer, "connections_", ...).a`` resolves attribute ``a`` of the inner object
    and then the first accessor of the result; further accessors nest proxies.

    Args:
        inner: object whose attributes are proxied.
        firstacc: accessor appended to the attribute, may be empty.
        *otheracc: accessors for the next levels.
    """

    def __init__(self, inner: Any, firstacc: str, *otheracc: str) -> None:
        self._inner = inner
        self._firstacc = firstacc
        self._otheracc = otheracc

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("_inner", "_firstacc", "_otheracc"):
            # copy and pickle probe special names on instances that have no state yet
            raise AttributeError(name)
        path = f"{name}.{self._firstacc}" if self._firstacc else name
        result = rgetattr(self._inner, path)
        return Proxy(result, *self._otheracc) if self._otheracc else result


class MapAccessor(Mapping[str, Any]):
    """Read-only view of a mapping whose items can also be read as attributes.

    Attributes of the inner mapping object come first, then its items.
    """

    def __init__(self, inner: Mapping[str, Any]) -> None:
        self._inner = inner

    def __getitem__(self, key: str) -> Any:
        return self._inner[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._inner)

    def __len__(self) -> int:
        return len(self._inner)

    def __getattr__(self, name: str) -> Any:
        if name == "_inner" or name.startswith("__"):
            raise AttributeError(name)
        inner = self._inner
        if hasattr(inner, name):
            return getattr(inner, name)
        try:
            return inner[name]
        except KeyError:
            raise AttributeError(f"no attribute or item {name!r}") from None
