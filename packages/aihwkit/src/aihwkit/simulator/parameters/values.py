"""What a field of a configuration dataclass may hold, and how a wrong value is reported."""

import difflib
import types
from collections.abc import Iterable
from enum import Enum
from math import isnan
from typing import Any, Union, get_args, get_origin

import numpy as np
import torch

from aihwkit.exceptions import ConfigError
from synaptensor.validation import suggest

__all__ = ["check_range", "check_value", "nearest", "scalar"]


def nearest(name: str, names: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the nearest of `names`, or a list of all of them."""
    choices = sorted(names)
    return suggest(name, choices) or f"; known are {', '.join(choices)}"


def scalar(value: Any) -> Any:
    """Return numpy and torch scalars as Python numbers and anything else unchanged."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, torch.Tensor) and value.ndim == 0 and not value.is_meta:
        return value.item()
    return value


def _matches_plain(value: Any, expected: Any) -> bool:
    if expected is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if expected is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, expected)


def _matches(value: Any, expected: Any) -> bool:
    if expected is Any or isinstance(expected, str):
        return True
    origin = get_origin(expected)
    if origin in (Union, types.UnionType):
        return any(_matches(value, option) for option in get_args(expected))
    if origin in (list, tuple):
        arguments = get_args(expected)
        element = arguments[0] if arguments else Any
        return isinstance(value, list | tuple) and all(_matches(item, element) for item in value)
    if origin is not None:
        expected = origin
    if expected is None:
        return value is None
    return _matches_plain(value, expected) if isinstance(expected, type) else True


def _type_name(expected: Any) -> str:
    if isinstance(expected, type) and get_origin(expected) is None:
        return expected.__name__
    return str(expected).replace("typing.", "")


def _hint(value: Any, expected: Any) -> str:
    if isinstance(value, type):
        return f"; did you mean {value.__name__}(...), an object instead of the class?"
    if isinstance(expected, type) and issubclass(expected, Enum):
        if isinstance(value, str):
            by_text = {member.value.lower(): member for member in expected}
            by_text |= {name.lower(): member for name, member in expected.__members__.items()}
            matches = difflib.get_close_matches(value.lower(), by_text, n=1, cutoff=0.5)
            if matches:
                return f"; did you mean {by_text[matches[0]]}?"
        return f"; one of {', '.join(str(member) for member in expected)}"
    return ""


def check_value(owner: str, name: str, value: Any, expected: Any) -> None:
    """Check the type of one field.

    Numpy and torch scalars must have been converted by `scalar` before. An `int` is accepted for a
    `float`, but a `bool` is not a number and a number is not a `bool`.

    Args:
        owner: Name of the dataclass, for the message.
        name: Name of the field.
        value: What was given.
        expected: Declared type: a class, an enumeration, `list[...]`, a union, or `Any`.

    Raises:
        ConfigError: If the value does not have the declared type, or is not a number (NaN).
    """
    if not _matches(value, expected):
        raise ConfigError(
            f"{owner}.{name} must be of type {_type_name(expected)}, got {value!r} of type "
            f"{type(value).__name__}{_hint(value, expected)}"
        )
    if isinstance(value, float) and isnan(value):
        raise ConfigError(f"{owner}.{name} must be a number, got {value!r}")


def check_range(
    owner: str, name: str, value: Any, minimum: float | None, maximum: float | None
) -> None:
    """Check that a number lies in the closed interval from `minimum` to `maximum` (None: no limit).

    Raises:
        ConfigError: If it does not.
    """
    if not isinstance(value, int | float):
        return
    if minimum is not None and value < minimum:
        raise ConfigError(f"{owner}.{name} must be at least {minimum}, got {value!r}")
    if maximum is not None and value > maximum:
        raise ConfigError(f"{owner}.{name} must be at most {maximum}, got {value!r}")
