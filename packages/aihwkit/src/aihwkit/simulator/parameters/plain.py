"""Configurations as plain data, so that a state dict holds nothing that must be unpickled.

Plain data are None, numbers, strings, lists, dictionaries and tensors;
`torch.load(weights_only=True)` reads them. A configuration becomes `{"class": "module:name",
"fields": {...}}`.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib import import_module
from typing import Any, TypeVar

import numpy as np
import torch

from aihwkit.exceptions import ConfigError
from synaptensor.attributes import get_attribute

from .checked import CheckedParameters, known_parameter_classes

__all__ = ["config_from_plain", "config_to_plain", "register_plain_class"]

_OWN_PREFIX = "aihwkit."
_registered: dict[str, type] = {}

_Class = TypeVar("_Class", bound=type)


def _qualified_name(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


def register_plain_class(cls: _Class) -> _Class:
    """Allow a class of yours (a noise model, a tile) to be rebuilt from plain data."""
    _registered[_qualified_name(cls)] = cls
    return cls


def config_to_plain(config: Any) -> Any:
    """Return a configuration, or anything inside one, as plain data.

    Raises:
        ConfigError: If it holds something that is neither data nor an object of a named class.
    """
    if config is None or isinstance(config, bool | int | float | str | torch.Tensor):
        return config
    if isinstance(config, np.generic):
        return config.item()
    if isinstance(config, np.ndarray):
        return {"array": torch.as_tensor(config)}
    if isinstance(config, Enum):
        return {"enum": _qualified_name(type(config)), "member": config.name}
    if isinstance(config, type):
        return {"type": _qualified_name(config)}
    if isinstance(config, list):
        return [config_to_plain(item) for item in config]
    if isinstance(config, tuple):
        return {"tuple": [config_to_plain(item) for item in config]}
    if isinstance(config, dict):
        pairs = [[config_to_plain(key), config_to_plain(item)] for key, item in config.items()]
        return {"dict": pairs}
    return _object_to_plain(config)


def _object_to_plain(config: Any) -> dict[str, Any]:
    cls = type(config)
    if "<locals>" in cls.__qualname__ or not hasattr(config, "__dict__"):
        raise ConfigError(
            f"cannot store {config!r} as plain data: its class {cls.__qualname__} has no "
            "importable name"
        )
    values = config.__dict__
    if is_dataclass(config):
        names = [item.name for item in fields(config) if item.name in values]
        values = {name: values[name] for name in names}
    return {
        "class": _qualified_name(cls),
        "fields": {name: config_to_plain(value) for name, value in values.items()},
    }


def config_from_plain(plain: Any) -> Any:
    """Rebuild what `config_to_plain` described.

    Only classes of this package, dataclasses derived from its configuration classes that are
    already imported, and classes given to `register_plain_class` are built; no foreign code is
    imported or run.

    Raises:
        ConfigError: If the data names another class or has an unknown form.
    """
    if isinstance(plain, list):
        return [config_from_plain(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    for key, build in _BUILDERS.items():
        if key in plain:
            return build(plain)
    raise ConfigError(f"not a stored configuration: a dictionary with the keys {sorted(plain)}")


def _build_object(plain: dict[str, Any]) -> Any:
    cls = _find_class(plain["class"])
    if issubclass(cls, Enum) or not _may_build(cls):
        raise ConfigError(f"{plain['class']} is not a class that configurations consist of")
    result = cls.__new__(cls)
    values = {name: config_from_plain(value) for name, value in plain["fields"].items()}
    result.__dict__.update(values)
    if isinstance(result, CheckedParameters):
        result.complete()
        result.validate()
    return result


def _build_enum(plain: dict[str, Any]) -> Any:
    cls = _find_class(plain["enum"])
    if not issubclass(cls, Enum) or plain["member"] not in cls.__members__:
        raise ConfigError(f"{plain['enum']} has no member {plain['member']!r}")
    return cls[plain["member"]]


_BUILDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "class": _build_object,
    "enum": _build_enum,
    "type": lambda plain: _find_class(plain["type"]),
    "tuple": lambda plain: tuple(config_from_plain(item) for item in plain["tuple"]),
    "array": lambda plain: plain["array"].numpy(),
    "dict": lambda plain: {
        config_from_plain(key): config_from_plain(value) for key, value in plain["dict"]
    },
}


def _may_build(cls: type) -> bool:
    if issubclass(cls, CheckedParameters) or _qualified_name(cls) in _registered:
        return True
    return cls.__module__.startswith(("aihwkit.inference.", "aihwkit.simulator."))


def _find_class(name: str) -> type:
    if name in _registered:
        return _registered[name]
    known = known_parameter_classes()
    if name in known:
        return known[name]
    module_name, _, qualname = name.partition(":")
    if not module_name.startswith(_OWN_PREFIX) or "__" in name:
        raise ConfigError(
            f"the stored configuration needs the class {name}, which is not part of aihwkit; "
            "import it and call aihwkit.simulator.parameters.register_plain_class(cls) first"
        )
    try:
        found: Any = get_attribute(import_module(module_name), qualname)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"the stored configuration needs the class {name}") from error
    if not isinstance(found, type) or not found.__module__.startswith(_OWN_PREFIX):
        raise ConfigError(f"{name} is not a class of aihwkit")
    return found
