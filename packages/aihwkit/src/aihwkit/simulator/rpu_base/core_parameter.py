"""Parameter objects of the core: one attribute for each field of a configuration dataclass."""

import copy
from dataclasses import MISSING, fields
from enum import Enum
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

import torch

from aihwkit.simulator.rpu_base import enums

__all__ = ["CoreParameter", "add_typed_classes", "field_defaults"]


def field_defaults(config_class: type) -> dict[str, Any]:
    """Return new values of all fields of a dataclass that have a default."""
    values: dict[str, Any] = {}
    for item in fields(config_class):
        if item.default is not MISSING:
            values[item.name] = copy.deepcopy(item.default)
        elif item.default_factory is not MISSING:
            values[item.name] = item.default_factory()
    return values


def _core_member(value: Any) -> Any:
    """Return the core's member for a member of an enumeration; other values as they are."""
    core_enum = getattr(enums, type(value).__name__, None) if isinstance(value, Enum) else None
    return value if core_enum is None else core_enum[value.value]


class CoreParameter:
    """Bag of attributes with the names and defaults of a configuration dataclass.

    Attributes:
        dtype: data type of tiles made from it.
    """

    config: ClassVar[tuple[str, str] | None] = None
    """Module below `aihwkit.simulator` and name of the dataclass."""

    dtype: ClassVar[torch.dtype] = torch.float32

    def __init__(self) -> None:
        for name, value in self._defaults().items():
            setattr(self, name, value)

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        if cls.config is None:
            return {}
        module, name = cls.config
        values = field_defaults(getattr(import_module(f"aihwkit.simulator.{module}"), name))
        return {key: _core_member(value) for key, value in values.items()}

    def __setattr__(self, name: str, value: Any) -> None:
        known = self.__dict__
        complete = known.get("_complete", False)
        if complete and name not in known:
            raise AttributeError(f"{type(self).__name__} has no parameter {name!r}")
        object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        lines = [f"{name}: {value}" for name, value in self.__dict__.items() if name[0] != "_"]
        return "\n  ".join([type(self).__name__, *lines])


_DTYPES = {"double": torch.float64, "half": torch.float16, "bfloat16": torch.bfloat16}


def add_typed_classes(module: ModuleType | str, data_type: str, namespace: dict[str, Any]) -> None:
    """Fill the namespace of a sub-module with the classes of its parent, for another data type.

    Args:
        module: name of the parent module.
        data_type: "double", "half" or "bfloat16".
        namespace: `globals()` of the sub-module.
    """
    parent = import_module(module) if isinstance(module, str) else module
    names = [n for n in parent.__all__ if isinstance(getattr(parent, n), type)]
    for name in names:
        base = getattr(parent, name)
        if issubclass(base, CoreParameter):
            members = {"dtype": _DTYPES[data_type], "__module__": namespace["__name__"]}
            namespace[name] = type(name, (base,), {**members, "__doc__": base.__doc__})
    namespace["__all__"] = [n for n in names if n in namespace]
