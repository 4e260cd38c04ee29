"""Conversion of configuration dataclasses to the parameter objects of the simulator core."""

from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from enum import Enum
from importlib import import_module
from typing import Any

from aihwkit.exceptions import ConfigError

from .checked import CheckedParameters, field_types
from .enums import RPUDataType
from .printable import ALL_SKIP_FIELD, PrintableMixin
from .runtime import RuntimeParameter
from .values import check_value, nearest, scalar

__all__ = [
    "ALL_SKIP_FIELD",
    "ALWAYS_INCLUDE",
    "FIELD_MAP",
    "get_bindings_class",
    "parameters_to_bindings",
    "tile_parameters_to_bindings",
]

FIELD_MAP = {"forward": "forward_io", "backward": "backward_io"}
"""Names of configuration fields that are called differently in the core."""

ALWAYS_INCLUDE = ["forward", "backward", "update"]
"""Configuration fields that are always handed to the core."""

_SEPARATE_FIELDS = ("unit_cell_devices", "device")

_PrintableMixin = PrintableMixin


def get_bindings_class(params: Any, data_type: RPUDataType) -> Any:
    """Return the core class that belongs to a parameter object, or None if there is none.

    Args:
        params: Parameter object or class with the class variables `bindings_class` (name or
            class) and `bindings_module` (`"devices"` or `"tiles"`).
        data_type: Type of the tile. Classes made for it are in a sub-module named after it.

    Raises:
        ConfigError: If the core has no class of that name for the data type.
    """
    name = getattr(params, "bindings_class", None)
    if name is None or not isinstance(name, str):
        return name
    module_name = f"aihwkit.simulator.rpu_base.{getattr(params, 'bindings_module', 'devices')}"
    module = import_module(module_name)
    bindings_class = getattr(module, name, None)
    if data_type != RPUDataType.FLOAT:
        bindings_class = getattr(getattr(module, data_type.value, None), name, bindings_class)
    if bindings_class is None:
        raise ConfigError(f"{module.__name__} has no class {name!r} for {data_type}")
    return bindings_class


def _core_enum_member(owner: str, name: str, value: Enum) -> Any:
    for module_name in ("tiles", "devices"):
        module = import_module(f"aihwkit.simulator.rpu_base.{module_name}")
        core_enum = getattr(module, type(value).__name__, None)
        if core_enum is None:
            continue
        member = getattr(core_enum, value.value, None)
        if member is None:
            raise ConfigError(
                f"{owner}.{name} is {value}, which the simulator core does not support"
            )
        return member
    return value


def _check_names(params: Any) -> None:
    known = {item.name for item in fields(params)}
    ignored = getattr(params, "bindings_ignore", ())
    for name in params.__dict__:
        declared = name in known or name in ignored or name.startswith("_")
        if not declared and not hasattr(type(params), name):
            raise ConfigError(
                f"cannot find {name!r} in {type(params).__name__}, wrong attribute name?"
                f"{nearest(name, known)}"
            )


def _converted_field(params: Any, name: str, expected: Any, data_type: RPUDataType) -> Any:
    owner = type(params).__name__
    value = scalar(getattr(params, name))
    check_value(owner, name, value, expected)
    if isinstance(value, Enum):
        return _core_enum_member(owner, name, value)
    if is_dataclass(value) and getattr(value, "bindings_class", None) is not None:
        return parameters_to_bindings(value, data_type)
    if isinstance(value, list | tuple):
        return [scalar(item) for item in value]
    return float(value) if expected is float else value


def _transferred(params: Any) -> Iterator["Field[Any]"]:
    ignored = getattr(params, "bindings_ignore", ())
    for item in fields(params):
        if item.name not in _SEPARATE_FIELDS and item.name not in ignored:
            yield item


def parameters_to_bindings(
    params: Any, data_type: RPUDataType = RPUDataType.FLOAT, check_fields: bool = True
) -> Any:
    """Return the core object of a parameter dataclass, with one attribute per field.

    Args:
        params: The dataclass. Without a core class it is returned as it is.
        data_type: Type of the tile.
        check_fields: Refuse attributes that are no fields (most often a misspelt name).

    Raises:
        ConfigError: For unknown attributes, wrong types, impossible values or combinations of
            values, and enumeration members that the core does not know.
    """
    bindings_class = get_bindings_class(params, data_type)
    if bindings_class is None:
        return params
    if check_fields:
        _check_names(params)
    if isinstance(params, CheckedParameters):
        params.validate()
        params.check_consistency()
    declared = field_types(type(params))
    result = bindings_class()
    for item in _transferred(params):
        value = _converted_field(params, item.name, declared[item.name], data_type)
        setattr(result, FIELD_MAP.get(item.name, item.name), value)
    return result


def tile_parameters_to_bindings(params: Any, data_type: RPUDataType = RPUDataType.FLOAT) -> Any:
    """Return the core object of a whole RPU configuration.

    Only `forward`, `backward`, `update` and fields with the metadata `bindings_include` are handed
    over.

    Raises:
        ConfigError: If one of the nested parameter objects is wrong.
    """
    bindings_class = get_bindings_class(params, data_type)
    if bindings_class is None:
        return params
    result = bindings_class()
    for item in fields(params):
        if item.name in ALWAYS_INCLUDE or item.metadata.get("bindings_include"):
            value = parameters_to_bindings(getattr(params, item.name), data_type)
            setattr(result, FIELD_MAP.get(item.name, item.name), value)
    return result


def runtime_of(params: Any) -> RuntimeParameter:
    """Return the runtime options of a configuration; old pickled ones get the defaults."""
    if not isinstance(getattr(params, "runtime", None), RuntimeParameter):
        params.runtime = RuntimeParameter()
    runtime: RuntimeParameter = params.runtime
    return runtime
