"""Argument checks: each returns the value it was given, or says what is wrong with it.

Messages read "`name` must be <expected>, got <value>". Wrong types raise `TypeError`,
wrong values `ValueError`. Checks belong in constructors and public entry points.
"""

import difflib
import operator
from collections.abc import Callable, Collection, Iterable, Sequence
from numbers import Real
from types import EllipsisType, UnionType
from typing import Any, Literal, NoReturn, TypeVar, cast

import numpy as np
import torch

__all__ = [
    "check_callable",
    "check_choice",
    "check_finite",
    "check_flag",
    "check_in_range",
    "check_instance",
    "check_integer",
    "check_nonnegative",
    "check_number",
    "check_positive",
    "check_shape",
    "describe",
    "suggest",
]

T = TypeVar("T")
Inclusive = Literal["both", "neither", "left", "right"]
_Comparison = Callable[[Any, Any], Any]
_LONGEST_REPR = 120


def describe(value: object) -> str:
    """Show a value in an error message: tensors by shape, dtype and device, the rest by repr."""
    if isinstance(value, torch.Tensor) and value.numel() != 1:
        dtype = str(value.dtype).removeprefix("torch.")
        return f"tensor of shape {tuple(value.shape)}, {dtype}, on {value.device}"
    text = repr(value)
    return text if len(text) <= _LONGEST_REPR else f"{text[: _LONGEST_REPR - 3]}..."


def suggest(name: str, choices: Iterable[object]) -> str:
    """Return ``"; did you mean 'x'?"`` for the choice nearest to `name`, or an empty string."""
    by_lower = {str(choice).lower(): str(choice) for choice in choices}
    nearest = difflib.get_close_matches(str(name).lower(), by_lower, n=1)
    return f"; did you mean {by_lower[nearest[0]]!r}?" if nearest else ""


def check_positive(name: str, value: T) -> T:
    """Return `value`, a number or tensor, if every element is > 0."""
    _refuse_unless(name, value, "positive", (operator.gt, 0))
    return value


def check_nonnegative(name: str, value: T) -> T:
    """Return `value`, a number or tensor, if every element is >= 0."""
    _refuse_unless(name, value, "non-negative", (operator.ge, 0))
    return value


def check_in_range(
    name: str, value: T, low: float, high: float, inclusive: Inclusive = "both"
) -> T:
    """Return `value`, a number or tensor, if every element lies between `low` and `high`.

    Args:
        name: Name of the argument.
        value: Number or tensor.
        low: Lower end.
        high: Upper end.
        inclusive: Which ends belong to the range.
    """
    left, right = inclusive in ("both", "left"), inclusive in ("both", "right")
    expected = f"in {'[' if left else '('}{low}, {high}{']' if right else ')'}"
    lower = (operator.ge if left else operator.gt, low)
    upper = (operator.le if right else operator.lt, high)
    _refuse_unless(name, value, expected, lower, upper)
    return value


def check_integer(
    name: str, value: Any, minimum: int | None = None, maximum: int | None = None
) -> int:
    """Return `value` as an `int` if it is an integer within the bounds, ends included.

    Python, numpy and zero-dimensional tensor integers are accepted; booleans and floats,
    also integral ones, are not.
    """
    expected = _integer_phrase(minimum, maximum)
    if isinstance(value, bool) or (isinstance(value, torch.Tensor) and value.dtype == torch.bool):
        _refuse(TypeError, name, expected, describe(value))
    try:
        integer = operator.index(value)
    except TypeError:
        _refuse(TypeError, name, expected, describe(value))
    if not -(2**63) <= integer < 2**64:  # torch takes no others
        _refuse(ValueError, name, f"{expected} of 64 bits", describe(value))
    too_small = minimum is not None and integer < minimum
    too_large = maximum is not None and integer > maximum
    if too_small or too_large:
        _refuse(ValueError, name, expected, integer)
    return integer


def check_number(
    name: str, value: Any, check: Callable[[str, float], float] | None = None
) -> float:
    """Return `value` as a `float` if it is one real number, of Python, numpy or torch.

    Args:
        name: Name of the argument.
        value: Number, tensor of one element, or array without dimensions.
        check: What else must hold, such as `check_positive`.
    """
    one = isinstance(value, torch.Tensor) and value.numel() == 1 and not value.is_meta
    # Archives of numpy hold numbers as arrays without dimensions.
    one = one or (isinstance(value, np.ndarray) and value.ndim == 0)
    number = value.item() if one else value
    if isinstance(number, bool) or not isinstance(number, Real):
        _refuse(TypeError, name, "a number", describe(value))
    return float(number) if check is None else check(name, float(number))


def check_choice(name: str, value: T, choices: Collection[T]) -> T:
    """Return `value` if it is one of `choices`; the error names the nearest one."""
    try:
        # An array would be compared element by element.
        if getattr(value, "ndim", 0) == 0 and value in choices:
            return value
    except TypeError:  # an unhashable value against a set or mapping
        pass
    listed = ", ".join(repr(choice) for choice in choices)
    names = [choice for choice in choices if isinstance(choice, str)]
    hint = suggest(value, names) if isinstance(value, str) else ""
    _refuse(ValueError, name, f"one of {listed}", f"{describe(value)}{hint}")


def check_flag(name: str, value: Any) -> bool:
    """Return `value` as a `bool` if it is one, of Python, numpy or torch, or 0 or 1."""
    try:
        integer = value.item() if hasattr(value, "item") else operator.index(value)
    except (TypeError, ValueError, RuntimeError):
        integer = None
    if not isinstance(integer, int) or integer not in (0, 1):
        _refuse(TypeError, name, "True or False", describe(value))
    return bool(integer)


def check_instance(name: str, value: T, types: Any) -> T:
    """Return `value` if it is an instance of `types` (a type, a union or a tuple of types)."""
    if not isinstance(value, types):
        got = f"{describe(value)} of type {type(value).__name__}"
        _refuse(TypeError, name, f"an instance of {_type_names(types)}", got)
    return value


def check_callable(name: str, value: T) -> T:
    """Return `value` if it can be called."""
    if not callable(value):
        _refuse(TypeError, name, "callable", f"{describe(value)} of type {type(value).__name__}")
    return value


def check_finite(name: str, value: T) -> T:
    """Return `value`, a number or tensor, if it holds neither NaN nor infinity."""
    tensor = _as_numbers(name, value, "finite")
    bad = ~torch.isfinite(tensor)
    if bool(bad.any()):
        _refuse(ValueError, name, "finite", _first_offender(tensor, bad))
    return value


def check_shape(
    name: str, tensor: torch.Tensor, shape: Sequence[int | EllipsisType | None]
) -> torch.Tensor:
    """Return `tensor` if its shape fits the pattern.

    Args:
        name: Name of the argument.
        tensor: Tensor to check.
        shape: Sizes; `None` stands for any size, one ``...`` for any number of dimensions.
    """
    check_instance(name, tensor, torch.Tensor)
    if not _shape_fits(tuple(tensor.shape), tuple(shape)):
        _refuse(ValueError, name, f"of shape {_shape_phrase(shape)}", tuple(tensor.shape))
    return tensor


def _refuse(error: type[Exception], name: str, expected: str, got: object) -> NoReturn:
    raise error(f"`{name}` must be {expected}, got {got}")


def _refuse_unless(
    name: str, value: object, expected: str, *conditions: tuple[_Comparison, float]
) -> None:
    if isinstance(value, torch.Tensor):
        if value.is_complex() or value.is_meta or value.layout != torch.strided:
            _refuse(TypeError, name, f"dense real numbers, {expected}", describe(value))
        # NaN fails every comparison, so it is refused here too.
        bad = torch.zeros_like(value, dtype=torch.bool)
        for compare, limit in conditions:
            bad |= ~compare(value, limit)
        if bool(bad.any()):
            _refuse(ValueError, name, expected, _first_offender(value, bad))
        return
    if isinstance(value, bool) or not isinstance(value, Real):
        _refuse(TypeError, name, f"a number or tensor, {expected}", describe(value))
    if not all(compare(value, limit) for compare, limit in conditions):
        _refuse(ValueError, name, expected, describe(value))


def _as_numbers(name: str, value: object, expected: str) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        _refuse(TypeError, name, f"a number or tensor, {expected}", describe(value))
    return torch.tensor(float(value), dtype=torch.float64)


def _first_offender(tensor: torch.Tensor, bad: torch.Tensor) -> str:
    if tensor.ndim == 0:
        return str(tensor.item())
    index = tuple(int(i) for i in bad.nonzero()[0])
    more = int(bad.sum()) - 1
    place = index[0] if len(index) == 1 else index
    others = f" and {more} more" if more else ""
    return f"{tensor[index].item()} at index {place}{others}"


def _integer_phrase(minimum: int | None, maximum: int | None) -> str:
    if minimum is not None and maximum is not None:
        return f"an integer in [{minimum}, {maximum}]"
    if minimum is not None:
        return f"an integer >= {minimum}"
    if maximum is not None:
        return f"an integer <= {maximum}"
    return "an integer"


def _type_names(types: Any) -> str:
    if isinstance(types, UnionType):
        types = types.__args__
    members = types if isinstance(types, tuple) else (types,)
    names = ["None" if m is type(None) else getattr(m, "__name__", str(m)) for m in members]
    return " or ".join(names)


def _shape_fits(got: tuple[int, ...], pattern: tuple[int | EllipsisType | None, ...]) -> bool:
    if Ellipsis in pattern:
        at = pattern.index(Ellipsis)
        head, tail = pattern[:at], pattern[at + 1 :]
        if len(got) < len(head) + len(tail):
            return False
        got = got[: len(head)] + got[len(got) - len(tail) :]
        pattern = head + tail
    if len(got) != len(pattern):
        return False
    return all(want is None or want == size for size, want in zip(got, pattern, strict=True))


def _shape_phrase(shape: Sequence[int | EllipsisType | None]) -> str:
    words = {None: "any", Ellipsis: "..."}
    inner = ", ".join(words.get(cast(Any, size), str(size)) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"
