"""Dataclasses that report a misspelt or impossible setting where it is written."""

import typing
import warnings
from dataclasses import MISSING, Field, field, fields
from inspect import CO_VARKEYWORDS
from typing import Any, ClassVar, Self

from aihwkit.exceptions import ConfigError

from .printable import PrintableMixin
from .values import check_range, check_value, nearest, scalar

__all__ = ["CheckedParameters", "bounded", "field_types", "known_parameter_classes"]

_known_classes: dict[str, type] = {}
_field_types: dict[type, dict[str, Any]] = {}
_fields: dict[type, dict[str, "Field[Any]"]] = {}


def known_parameter_classes() -> dict[str, type]:
    """Return all classes derived from `CheckedParameters` so far, by "module:qualified name"."""
    return dict(_known_classes)


def bounded(
    default: float,
    minimum: float | None = None,
    maximum: float | None = None,
    **metadata: Any,
) -> Any:
    """Return a dataclass field for a number from `minimum` to `maximum`, both included."""
    limits = {"minimum": minimum, "maximum": maximum}
    return field(default=default, metadata=limits | metadata)


def field_types(cls: type) -> dict[str, Any]:
    """Return the declared type of every field of a dataclass (`Any` if it is unknown)."""
    if cls not in _field_types:
        _field_types[cls] = _declared_types(cls)
    return _field_types[cls]


def _declared_types(cls: type) -> dict[str, Any]:
    declared: dict[str, Any] = {item.name: item.type for item in fields(cls)}
    if any(isinstance(annotation, str) for annotation in declared.values()):
        try:
            declared |= {
                name: hint for name, hint in typing.get_type_hints(cls).items() if name in declared
            }
        except (NameError, TypeError):
            declared = {
                name: Any if isinstance(annotation, str) else annotation
                for name, annotation in declared.items()
            }
    return declared


def _field_map(cls: type) -> dict[str, "Field[Any]"]:
    if cls not in _fields:
        _fields[cls] = {item.name: item for item in fields(cls)}
    return _fields[cls]


def _reject_unknown_keywords(cls: type, keywords: dict[str, Any]) -> None:
    code = getattr(cls.__init__, "__code__", None)  # type: ignore[misc]
    if code is None or code.co_flags & CO_VARKEYWORDS:
        return
    known = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    for name in keywords:
        if name not in known:
            raise TypeError(
                f"{cls.__name__}() has no parameter {name!r}, got {name}={keywords[name]!r}"
                f"{nearest(name, known)}"
            )


class CheckedParameters(PrintableMixin):
    """Base of the configuration dataclasses.

    The constructor checks the names, types and limits of everything it is given. An assignment
    checks the name, and the type if the field holds an enumeration member or another dataclass;
    numbers are checked again when a tile is built (`validate`), because fields that belong
    together are often set one by one.

    Raises:
        TypeError: For an unknown keyword argument; the message names the nearest field.
        ConfigError: For an unknown attribute, a wrong type or a value outside the field's limits.
    """

    _unknown_attribute_is_error: ClassVar[bool] = True

    def __new__(cls, *_args: Any, **keywords: Any) -> Self:
        """Refuse unknown keyword arguments with a helpful message."""
        _reject_unknown_keywords(cls, keywords)
        return super().__new__(cls)

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        _known_classes[f"{cls.__module__}:{cls.__qualname__}"] = cls

    def __post_init__(self) -> None:
        """Check all fields once."""
        self.validate()

    def __setattr__(self, name: str, value: Any) -> None:
        cls = type(self)
        if name in _field_map(cls):
            value = scalar(value)
            self._check_kind(name, value)
        elif not name.startswith("_"):
            self._check_attribute_name(name)
        super().__setattr__(name, value)

    def _check_attribute_name(self, name: str) -> None:
        cls = type(self)
        if hasattr(cls, name) or name in getattr(cls, "bindings_ignore", ()):
            return
        message = f"{cls.__name__} has no parameter {name!r}{nearest(name, _field_map(cls))}"
        if self._unknown_attribute_is_error:
            raise ConfigError(message)
        warnings.warn(f"{message} (the attribute is kept and has no effect)", stacklevel=4)

    def _check_kind(self, name: str, value: Any) -> None:
        expected = field_types(type(self))[name]
        if isinstance(expected, type) and expected not in (bool, int, float, str, list):
            check_value(type(self).__name__, name, value, expected)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.complete()

    def complete(self) -> None:
        """Give fields that an older version did not have, and so did not store, their defaults.

        Their names are kept in `_completed` for converters that know a better value.
        """
        absent = [
            item for name, item in _field_map(type(self)).items() if name not in self.__dict__
        ]
        for item in absent:
            if item.default is not MISSING:
                self.__dict__[item.name] = item.default
            elif item.default_factory is not MISSING:
                self.__dict__[item.name] = item.default_factory()
        if absent:
            self.__dict__["_completed"] = [item.name for item in absent]

    def validate(self) -> None:
        """Check the type and the limits of every field, and that there is no unknown attribute.

        Raises:
            ConfigError: If something is wrong; the message names the field.
        """
        cls = type(self)
        declared = field_types(cls)
        for name, item in _field_map(cls).items():
            if name not in self.__dict__:
                continue
            value = scalar(getattr(self, name))
            check_value(cls.__name__, name, value, declared[name])
            metadata = item.metadata
            check_range(cls.__name__, name, value, metadata.get("minimum"), metadata.get("maximum"))

    def check_consistency(self) -> None:
        """Check fields that depend on one another; called when a tile is built.

        Raises:
            ConfigError: If the combination of values is impossible.
        """
