"""Argument tests: each returns the checked (and cast) value or raises an error naming the argument.

Values out of range raise ``ValueError``, wrong kinds of object ``TypeError``, missing
members ``RuntimeError``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from math import copysign
from typing import Any

from synaptensor.attributes import has_attribute
from synaptensor.validation import check_callable, check_integer, check_number, describe

__all__ = [
    "dimensions",
    "function",
    "gt",
    "gte",
    "identifier",
    "index",
    "instance",
    "integer",
    "likesign",
    "lt",
    "lte",
    "members",
    "min_excl_max_incl",
    "min_incl_max_excl",
    "minmax_excl",
    "minmax_incl",
    "neq",
    "nestedidentifier",
    "nestedmembers",
    "numbers",
    "ofsequence",
    "onedefined",
    "oneof",
    "single",
    "size",
]

Cast = Callable[[Any], Any] | None

_KINDS: dict[Any, str] = {float: "a number", complex: "a complex number", bool: "true or false"}


def _message(name: str, expected: str, got: object, prefix: str | None) -> str:
    return f"{prefix or ''}`{name}` must be {expected}, got {describe(got)}"


def _cast(name: str, value: Any, cast: Cast, prefix: str | None) -> Any:
    if cast is None:
        return value
    if cast is int:
        return integer(name, value, prefix)
    try:
        return cast(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        error = ValueError if isinstance(value, str) else TypeError
        raise error(_message(name, _KINDS.get(cast, "convertible"), value, prefix)) from None


def _compare(
    test: Callable[[Any, Any], bool],
    relation: str,
    name: str,
    value: Any,
    limit: Any,
    cast: Cast,
    limit_name: str | None,
    prefix: str | None,
) -> Any:
    value = _cast(name, value, cast, prefix)
    if limit_name is not None:
        limit = _cast(limit_name, limit, cast, prefix)
    try:
        holds = bool(test(value, limit))
    except (TypeError, ValueError, RuntimeError):
        expected = f"a number that compares with {describe(limit)}"
        raise TypeError(_message(name, expected, value, prefix)) from None
    if not holds:
        bound = f"`{limit_name}` = {limit!r}" if limit_name is not None else repr(limit)
        raise ValueError(_message(name, f"{relation} {bound}", value, prefix))
    return value


def lt(
    name: str,
    value: Any,
    limit: Any,
    cast: Cast = None,
    limit_name: str | None = None,
    prefix: str | None = None,
) -> Any:
    """Checks ``value < limit``."""
    return _compare(operator.lt, "less than", name, value, limit, cast, limit_name, prefix)


def lte(
    name: str,
    value: Any,
    limit: Any,
    cast: Cast = None,
    limit_name: str | None = None,
    prefix: str | None = None,
) -> Any:
    """Checks ``value <= limit``."""
    return _compare(operator.le, "at most", name, value, limit, cast, limit_name, prefix)


def gt(
    name: str,
    value: Any,
    limit: Any,
    cast: Cast = None,
    limit_name: str | None = None,
    prefix: str | None = None,
) -> Any:
    """Checks ``value > limit``."""
    return _compare(operator.gt, "greater than", name, value, limit, cast, limit_name, prefix)


def gte(
    name: str,
    value: Any,
    limit: Any,
    cast: Cast = None,
    limit_name: str | None = None,
    prefix: str | None = None,
) -> Any:
    """Checks ``value >= limit``."""
    return _compare(operator.ge, "at least", name, value, limit, cast, limit_name, prefix)


def neq(
    name: str,
    value: Any,
    limit: Any,
    cast: Cast = None,
    limit_name: str | None = None,
    prefix: str | None = None,
) -> Any:
    """Checks ``value != limit``."""
    return _compare(operator.ne, "different from", name, value, limit, cast, limit_name, prefix)


def _within(
    above: Callable[[Any, Any], bool],
    below: Callable[[Any, Any], bool],
    brackets: str,
    name: str,
    value: Any,
    lower: Any,
    upper: Any,
    cast: Cast,
    prefix: str | None,
) -> Any:
    value = _cast(name, value, cast, prefix)
    if not (above(value, lower) and below(value, upper)):
        interval = f"in {brackets[0]}{lower!r}, {upper!r}{brackets[1]}"
        raise ValueError(_message(name, interval, value, prefix))
    return value


def minmax_incl(
    name: str, value: Any, lower: Any, upper: Any, cast: Cast = None, prefix: str | None = None
) -> Any:
    """Checks ``lower <= value <= upper``."""
    return _within(operator.ge, operator.le, "[]", name, value, lower, upper, cast, prefix)


def minmax_excl(
    name: str, value: Any, lower: Any, upper: Any, cast: Cast = None, prefix: str | None = None
) -> Any:
    """Checks ``lower < value < upper``."""
    return _within(operator.gt, operator.lt, "()", name, value, lower, upper, cast, prefix)


def min_excl_max_incl(
    name: str, value: Any, lower: Any, upper: Any, cast: Cast = None, prefix: str | None = None
) -> Any:
    """Checks ``lower < value <= upper``."""
    return _within(operator.gt, operator.le, "(]", name, value, lower, upper, cast, prefix)


def min_incl_max_excl(
    name: str, value: Any, lower: Any, upper: Any, cast: Cast = None, prefix: str | None = None
) -> Any:
    """Checks ``lower <= value < upper``."""
    return _within(operator.ge, operator.lt, "[)", name, value, lower, upper, cast, prefix)


def likesign(
    name: str,
    value: Any,
    signed: Any,
    cast: Cast = None,
    signed_name: str | None = None,
    prefix: str | None = None,
) -> Any:
    """Checks that two numbers have the same sign (0.0 and -0.0 differ)."""
    value = _cast(name, value, cast, prefix)
    if signed_name is not None:
        signed = _cast(signed_name, signed, cast, prefix)
    if copysign(1, value) != copysign(1, signed):
        other = f"`{signed_name}` = {signed!r}" if signed_name is not None else repr(signed)
        raise ValueError(_message(name, f"of the same sign as {other}", value, prefix))
    return value


def integer(name: str, value: Any, prefix: str | None = None) -> int:
    """Checks that a number (or numeric string) is integral.

    Raises:
        ValueError: if the value is fractional, infinite, NaN or a non-numeric string.
        TypeError: if the value has no meaning as a real number.
    """
    try:
        number = float(value) if isinstance(value, str) else value
        integral = bool(number % 1 == 0)
    except ValueError:
        integral = False
    except (TypeError, RuntimeError, NotImplementedError):
        raise TypeError(_message(name, "an integer", value, prefix)) from None
    if not integral:
        raise ValueError(_message(name, "an integer", value, prefix))
    return int(number)


def single(value: Any) -> bool:
    """Whether a value is one element, such as an array without dimensions, and no sequence."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return True
    return getattr(value, "ndim", 1) == 0


def size(name: str, value: Any, minimum: int = 1) -> int:
    """Checks one size: an integer, or a number that is integral."""
    number = value if isinstance(value, bool | str) else integer(name, value)
    return check_integer(name, number, minimum=minimum)


def dimensions(
    name: str,
    value: Any,
    lower: int | None,
    upper: int | None,
    permit_none: bool = False,
    wrap_output: bool = False,
    prefix: str | None = None,
) -> int | tuple[int, ...] | None:
    """Checks one size or dimension, or a sequence of them, against inclusive limits."""

    def check(label: str, element: Any) -> int:
        element = integer(label, element, prefix)
        low = -float("inf") if lower is None else lower
        high = 2**63 - 1 if upper is None else upper
        return minmax_incl(label, element, low, high, prefix=prefix)

    if value is None:
        if permit_none:
            return None
        raise TypeError(_message(name, "an integer or a sequence of integers", value, prefix))
    if not single(value):
        return tuple(check(f"{name}[{i}]", v) for i, v in enumerate(value))
    checked = check(name, value)
    return (checked,) if wrap_output else checked


def ofsequence(
    name: str, values: Iterable[Any], test: Callable[..., Any], *args: Any, **kwargs: Any
) -> tuple[Any, ...]:
    """Applies ``test(f"{name}[{i}]", value, *args, **kwargs)`` to every element."""
    if not isinstance(values, Iterable):
        raise TypeError(_message(name, "a sequence", values, None))
    return tuple(test(f"{name}[{i}]", v, *args, **kwargs) for i, v in enumerate(values))


def numbers(name: str, value: Any) -> tuple[float, ...]:
    """Checks one number or a sequence of them, and returns a tuple."""
    values = (value,) if single(value) else tuple(value)
    if not values:
        raise ValueError(_message(name, "a number or at least one number", value, None))
    return tuple(check_number(name, v) for v in values)


def function(name: str, value: Any, default: Callable[..., Any]) -> Callable[..., Any]:
    """Checks that a value can be called; ``None`` stands for the default."""
    return default if value is None else check_callable(name, value)


def oneof(
    name: str,
    value: Any,
    *targets: Any,
    op: Callable[[Any], Any] | None = None,
    prefix: str | None = None,
) -> Any:
    """Checks that ``op(value)`` (or the value) is one of the targets."""
    result = value if op is None else op(value)
    if result not in targets:
        choices = ", ".join(repr(t) for t in targets)
        raise ValueError(_message(name, f"one of {choices}", value, prefix))
    return result


def onedefined(*nvpairs: tuple[str, Any], prefix: str | None = None) -> tuple[Any, ...]:
    """Checks that at least one of the ``(name, value)`` pairs has a value."""
    if all(value is None for _, value in nvpairs):
        names = ", ".join(f"`{name}`" for name, _ in nvpairs)
        raise RuntimeError(f"{prefix or ''}at least one of {names} must not be None")
    return tuple(value for _, value in nvpairs)


def instance(name: str, obj: Any, typespec: Any, prefix: str | None = None) -> Any:
    """Checks that an object is an instance of a type, a union or a tuple of types."""
    if not isinstance(obj, typespec):
        types = typespec if isinstance(typespec, tuple) else (typespec,)
        expected = " or ".join(getattr(t, "__name__", str(t)) for t in types)
        raise TypeError(
            f"{prefix or ''}`{name}` must be an instance of {expected}, got {type(obj).__name__}"
        )
    return obj


def members(name: str, obj: Any, *attr: str, prefix: str | None = None) -> Any:
    """Checks that an object has the named attributes."""
    missing = [a for a in attr if not hasattr(obj, a)]
    if missing:
        raise RuntimeError(
            f"{prefix or ''}`{name}` of type {type(obj).__name__} lacks the attribute(s) "
            + ", ".join(f"'{a}'" for a in missing)
        )
    return obj


def nestedmembers(name: str, obj: Any, *attr: str, prefix: str | None = None) -> Any:
    """Checks that an object has the named attributes, given as dotted paths."""
    missing = [a for a in attr if not has_attribute(obj, a)]
    if missing:
        raise RuntimeError(
            f"{prefix or ''}`{name}` of type {type(obj).__name__} lacks the attribute(s) "
            + ", ".join(f"'{a}'" for a in missing)
        )
    return obj


def identifier(name: str, value: Any, prefix: str | None = None) -> str:
    """Checks that a value is a string that is a Python identifier."""
    if not isinstance(value, str):
        raise TypeError(_message(name, "a string", value, prefix))
    if not value.isidentifier():
        raise ValueError(_message(name, "a Python identifier", value, prefix))
    return value


def nestedidentifier(name: str, value: Any, prefix: str | None = None) -> str:
    """Checks that a value is a string of Python identifiers joined by dots."""
    if not isinstance(value, str):
        raise TypeError(_message(name, "a string", value, prefix))
    if not all(part.isidentifier() for part in value.split(".")):
        raise ValueError(_message(name, "Python identifiers joined by dots", value, prefix))
    return value


def index(
    name: str, value: Any, length: int, length_name: str | None = None, prefix: str | None = None
) -> int:
    """Checks that a value indexes a sequence of the given length, negative indices included."""
    if isinstance(value, str):
        raise TypeError(_message(name, "an integer", value, prefix))
    value = integer(name, value, prefix)
    if not -length <= value < length:
        bound = f"`{length_name}` = {length}" if length_name is not None else str(length)
        raise ValueError(_message(name, f"an index for length {bound}", value, prefix))
    return value
