"""Makes preset classes, dataclasses that only change defaults, from tables of values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

__all__ = ["preset_class"]

_Base = TypeVar("_Base")


def preset_class(
    module: str, name: str, base: type[_Base], doc: str, defaults: Mapping[str, Any]
) -> type[_Base]:
    """Return a dataclass derived from `base` with other defaults.

    The result is an ordinary class: it can be imported, subclassed and pickled by its name, and
    every field stays a constructor argument at its place.

    Args:
        module: Name of the module in which the class is assigned to a variable called `name`.
        name: Name of the class.
        base: Dataclass it derives from.
        doc: Docstring.
        defaults: Field name to value, or to a function without arguments that makes the value.

    Raises:
        AttributeError: If `base` has no field of one of the names.
    """
    declared = {item.name: item for item in fields(base)}  # type: ignore[arg-type]
    namespace: dict[str, Any] = {"__module__": module, "__qualname__": name, "__doc__": doc}
    annotations: dict[str, Any] = {}
    for field_name, value in defaults.items():
        if field_name not in declared:
            raise AttributeError(f"{base.__name__} has no field {field_name!r}")
        original = declared[field_name]
        annotations[field_name] = original.type
        options: dict[str, Any] = {"metadata": original.metadata, "init": original.init}
        options["default_factory" if callable(value) else "default"] = value
        namespace[field_name] = field(**options)
    namespace["__annotations__"] = annotations
    return dataclass(type(name, (base,), namespace))
