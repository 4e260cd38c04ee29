"""Read and write attributes by dotted path."""

from typing import Any

__all__ = ["get_attribute", "has_attribute", "set_attribute"]


def get_attribute(obj: Any, path: str, *default: Any) -> Any:
    """Return ``obj.a.b.c`` for the path ``"a.b.c"``.

    Entries of an ``nn.ModuleList`` or ``nn.Sequential`` are attributes named by their
    index, so ``"layers.0.weight"`` works.

    Args:
        obj: Object to start from.
        path: Attribute names joined by dots.
        *default: Returned when any link of the path is missing; at most one.

    Raises:
        AttributeError: If a link is missing and no default is given.
        TypeError: If more than one default is given.
    """
    if len(default) > 1:
        raise TypeError(f"get_attribute takes at most one default, got {len(default)}")
    for name in path.split("."):
        try:
            obj = getattr(obj, name)
        except AttributeError:
            if default:
                return default[0]
            raise
    return obj


def set_attribute(obj: Any, path: str, value: Any) -> None:
    """Set ``obj.a.b.c = value`` for the path ``"a.b.c"``.

    Raises:
        AttributeError: If a link before the last one is missing.
    """
    *parents, last = path.split(".")
    setattr(get_attribute(obj, ".".join(parents)) if parents else obj, last, value)


def has_attribute(obj: Any, path: str) -> bool:
    """Whether every link of the dotted path exists."""
    missing = object()
    return get_attribute(obj, path, missing) is not missing
