"""Predicates: elementwise on tensors, a bool for scalars, ``None`` for ``None``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = [
    "conjunction",
    "disjunction",
    "finite",
    "gaussinteger",
    "greater",
    "gtneginf",
    "integer",
    "lesser",
    "ltposinf",
    "negate",
    "negative",
    "neginteger",
    "negreal",
    "nonfractional",
    "nonnan",
    "nonnegative",
    "nonneginteger",
    "nonnegreal",
    "nonposinteger",
    "nonpositive",
    "nonposreal",
    "permissive",
    "posinteger",
    "positive",
    "posreal",
    "real",
    "splitcomplexand",
    "splitcomplexor",
    "validate",
    "zvimag",
]

Value = complex | Tensor | None
Truth = bool | Tensor | None
Test = Callable[[Tensor], Tensor]
Constraint = Callable[[Any], Truth]


def validate(var: Value, test: Test) -> Truth:
    """Applies a test of tensors to a scalar, a tensor or ``None``."""
    if var is None:
        return None
    if not isinstance(var, Tensor):
        dtype = torch.complex128 if isinstance(var, complex) else None
        dtype = torch.float64 if isinstance(var, float) else dtype
        var = torch.tensor(var, dtype=dtype)
    result = test(var)
    return bool(result) if result.ndim == 0 else result


def _merge(results: list[Truth], op: Callable[[Any, Any], Any]) -> Truth:
    merged: Any = results[0]
    for result in results[1:]:
        merged = None if merged is None or result is None else op(merged, result)
    return merged


def conjunction(var: Value, *constraints: Constraint) -> Truth:
    """Whether all constraints hold."""
    return _merge([c(var) for c in constraints], lambda a, b: a & b)


def disjunction(var: Value, *constraints: Constraint) -> Truth:
    """Whether any constraint holds."""
    return _merge([c(var) for c in constraints], lambda a, b: a | b)


def negate(var: Truth) -> Truth:
    """Logical negation."""
    if var is None:
        return None
    return ~var if isinstance(var, Tensor) else not var


def splitcomplexand(var: Tensor, proc: Test) -> Tensor:
    """Whether a test holds, for complex values for both parts."""
    return proc(var.real) & proc(var.imag) if var.is_complex() else proc(var)


def splitcomplexor(var: Tensor, proc: Test) -> Tensor:
    """Whether a test holds, for complex values for either part."""
    return proc(var.real) | proc(var.imag) if var.is_complex() else proc(var)


def permissive(var: Value, constraint: Constraint) -> Truth:
    """Whether a constraint holds or the value is NaN."""
    return disjunction(var, constraint, lambda v: negate(nonnan(v)))


def greater(var: Value, comparator: float) -> Truth:
    """Whether a value is greater than a number, for complex values both parts."""
    return validate(var, lambda v: splitcomplexand(v, lambda x: x > comparator))


def lesser(var: Value, comparator: float) -> Truth:
    """Whether a value is less than a number, for complex values both parts."""
    return validate(var, lambda v: splitcomplexand(v, lambda x: x < comparator))


def ltposinf(var: Value) -> Truth:
    """Whether a value is less than infinity."""
    return lesser(var, float("inf"))


def gtneginf(var: Value) -> Truth:
    """Whether a value is greater than negative infinity."""
    return greater(var, -float("inf"))


def nonnan(var: Value) -> Truth:
    """Whether a value is not NaN."""
    return validate(var, lambda v: ~torch.isnan(v))


def finite(var: Value) -> Truth:
    """Whether a value is finite."""
    return validate(var, torch.isfinite)


def _on_axis(var: Tensor, test: Test) -> Tensor:
    # complex numbers have a sign only on the real axis
    return test(var.real) & (var.imag == 0) if var.is_complex() else test(var)


def positive(var: Value) -> Truth:
    """Whether a value is positive; complex values must lie on the real axis."""
    return validate(var, lambda v: _on_axis(v, lambda x: x > 0))


def negative(var: Value) -> Truth:
    """Whether a value is negative; complex values must lie on the real axis."""
    return validate(var, lambda v: _on_axis(v, lambda x: x < 0))


def nonnegative(var: Value) -> Truth:
    """Whether a value is not negative, NaN included."""
    return negate(negative(var))


def nonpositive(var: Value) -> Truth:
    """Whether a value is not positive, NaN included."""
    return negate(positive(var))


def zvimag(var: Value) -> Truth:
    """Whether the imaginary part of a value is zero."""
    return validate(
        var,
        lambda v: v.imag == 0 if v.is_complex() else torch.ones_like(v, dtype=torch.bool),
    )


def nonfractional(var: Value) -> Truth:
    """Whether a value has no fractional part, for complex values neither part."""
    return validate(var, lambda v: splitcomplexand(v, lambda x: x % 1 == 0))


def real(var: Value) -> Truth:
    """Whether a value is a real number."""
    return conjunction(var, finite, zvimag)


def posreal(var: Value) -> Truth:
    """Whether a value is a positive real number."""
    return conjunction(var, real, positive)


def negreal(var: Value) -> Truth:
    """Whether a value is a negative real number."""
    return conjunction(var, real, negative)


def nonposreal(var: Value) -> Truth:
    """Whether a value is a real number that is not positive."""
    return conjunction(var, real, nonpositive)


def nonnegreal(var: Value) -> Truth:
    """Whether a value is a real number that is not negative."""
    return conjunction(var, real, nonnegative)


def gaussinteger(var: Value) -> Truth:
    """Whether a value is a Gaussian integer."""
    return conjunction(var, finite, nonfractional)


def integer(var: Value) -> Truth:
    """Whether a value is an integer."""
    return conjunction(var, real, nonfractional)


def posinteger(var: Value) -> Truth:
    """Whether a value is a positive integer."""
    return conjunction(var, integer, positive)


def neginteger(var: Value) -> Truth:
    """Whether a value is a negative integer."""
    return conjunction(var, integer, negative)


def nonposinteger(var: Value) -> Truth:
    """Whether a value is an integer that is not positive."""
    return conjunction(var, integer, nonpositive)


def nonneginteger(var: Value) -> Truth:
    """Whether a value is an integer that is not negative."""
    return conjunction(var, integer, nonnegative)
