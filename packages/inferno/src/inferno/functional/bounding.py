r"""Parameter dependence: bounds on updates by the value of the parameter.

Symbols: parameter $v$, bounds $v_{max}$ and $v_{min}$, update $U$ (``update``) or its
potentiating and depressing parts (``pos``, ``neg``), both non-negative. The full forms
return the bounded ``pos`` minus the bounded ``neg``; a limit of ``None`` leaves that part
unbounded.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = [
    "bound_lower_multiplicative",
    "bound_lower_power",
    "bound_lower_scaled_multiplicative",
    "bound_lower_scaled_power",
    "bound_lower_sharp",
    "bound_multiplicative",
    "bound_power",
    "bound_scaled_multiplicative",
    "bound_scaled_power",
    "bound_sharp",
    "bound_upper_multiplicative",
    "bound_upper_power",
    "bound_upper_scaled_multiplicative",
    "bound_upper_scaled_power",
    "bound_upper_sharp",
]


def _power(base: Tensor, exponent: float) -> Tensor:
    # a root of a negative distance does not exist: beyond the bound the update is blocked
    return (base if exponent == int(exponent) else base.clamp_min(0)) ** exponent


def bound_upper_power(
    param: Tensor, update: Tensor, limit: float, *, power: float, **kwargs: Any
) -> Tensor:
    r"""Upper power bound: $(v_{max} - v)^\mu U$.

    With a fractional power the update is 0 beyond the bound.
    """
    return _power(limit - param, power) * update


def bound_lower_power(
    param: Tensor, update: Tensor, limit: float, *, power: float, **kwargs: Any
) -> Tensor:
    r"""Lower power bound: $(v - v_{min})^\mu U$.

    With a fractional power the update is 0 beyond the bound.
    """
    return _power(param - limit, power) * update


def bound_upper_scaled_power(
    param: Tensor, update: Tensor, limit: float, *, power: float, range: float, **kwargs: Any
) -> Tensor:
    r"""Upper power bound relative to a range $r$: $((v_{max} - v) / r)^\mu U$."""
    return _power((limit - param) / range, power) * update


def bound_lower_scaled_power(
    param: Tensor, update: Tensor, limit: float, *, power: float, range: float, **kwargs: Any
) -> Tensor:
    r"""Lower power bound relative to a range $r$: $((v - v_{min}) / r)^\mu U$."""
    return _power((param - limit) / range, power) * update


def bound_upper_multiplicative(
    param: Tensor, update: Tensor, limit: float, **kwargs: Any
) -> Tensor:
    r"""Upper multiplicative (soft) bound: $(v_{max} - v) U$."""
    return (limit - param) * update


def bound_lower_multiplicative(
    param: Tensor, update: Tensor, limit: float, **kwargs: Any
) -> Tensor:
    r"""Lower multiplicative (soft) bound: $(v - v_{min}) U$."""
    return (param - limit) * update


def bound_upper_scaled_multiplicative(
    param: Tensor, update: Tensor, limit: float, range: float, **kwargs: Any
) -> Tensor:
    r"""Upper multiplicative bound relative to a range $r$: $((v_{max} - v) / r) U$."""
    return (limit - param) / range * update


def bound_lower_scaled_multiplicative(
    param: Tensor, update: Tensor, limit: float, range: float, **kwargs: Any
) -> Tensor:
    r"""Lower multiplicative bound relative to a range $r$: $((v - v_{min}) / r) U$."""
    return (param - limit) / range * update


def bound_upper_sharp(param: Tensor, update: Tensor, limit: float, **kwargs: Any) -> Tensor:
    """Upper sharp (hard) bound: the update below the bound, 0 at it and beyond."""
    return torch.where(param < limit, update, torch.zeros_like(update))


def bound_lower_sharp(param: Tensor, update: Tensor, limit: float, **kwargs: Any) -> Tensor:
    """Lower sharp (hard) bound: the update above the bound, 0 at it and beyond."""
    return torch.where(param > limit, update, torch.zeros_like(update))


def _range(max: float | None, min: float | None) -> tuple[float, float, float]:
    if max is None or min is None:
        missing = "max" if max is None else "min"
        raise ValueError(
            f"`{missing}` must be a number for a bound relative to the range, got None; "
            "use the unscaled bound for a range open on one side"
        )
    return max, min, max - min


def bound_power(
    param: Tensor,
    pos: Tensor,
    neg: Tensor,
    max: float | None,
    min: float | None,
    *,
    upper_power: float = 1.0,
    lower_power: float = 1.0,
    **kwargs: Any,
) -> Tensor:
    r"""Power bound: $(v_{max} - v)^{\mu_+} U_+ - (v - v_{min})^{\mu_-} U_-$."""
    if max is not None:
        pos = bound_upper_power(param, pos, max, power=upper_power)
    if min is not None:
        neg = bound_lower_power(param, neg, min, power=lower_power)
    return pos - neg


def bound_scaled_power(
    param: Tensor,
    pos: Tensor,
    neg: Tensor,
    max: float | None,
    min: float | None,
    *,
    upper_power: float = 1.0,
    lower_power: float = 1.0,
    **kwargs: Any,
) -> Tensor:
    """Power bound with distances relative to the range.

    Raises:
        ValueError: if exactly one limit is ``None``, which leaves no range.
    """
    if max is None and min is None:
        return pos - neg
    max, min, span = _range(max, min)
    upper = bound_upper_scaled_power(param, pos, max, power=upper_power, range=span)
    return upper - bound_lower_scaled_power(param, neg, min, power=lower_power, range=span)


def bound_multiplicative(
    param: Tensor,
    pos: Tensor,
    neg: Tensor,
    max: float | None,
    min: float | None,
    **kwargs: Any,
) -> Tensor:
    r"""Multiplicative (soft) bound: $(v_{max} - v) U_+ - (v - v_{min}) U_-$."""
    if max is not None:
        pos = bound_upper_multiplicative(param, pos, max)
    if min is not None:
        neg = bound_lower_multiplicative(param, neg, min)
    return pos - neg


def bound_scaled_multiplicative(
    param: Tensor,
    pos: Tensor,
    neg: Tensor,
    max: float | None,
    min: float | None,
    **kwargs: Any,
) -> Tensor:
    """Multiplicative (soft) bound with distances relative to the range.

    Raises:
        ValueError: if exactly one limit is ``None``, which leaves no range.
    """
    if max is None and min is None:
        return pos - neg
    max, min, span = _range(max, min)
    upper = bound_upper_scaled_multiplicative(param, pos, max, span)
    return upper - bound_lower_scaled_multiplicative(param, neg, min, span)


def bound_sharp(
    param: Tensor,
    pos: Tensor,
    neg: Tensor,
    max: float | None,
    min: float | None,
    **kwargs: Any,
) -> Tensor:
    """Sharp (hard) bound: each part until the parameter reaches its bound."""
    if max is not None:
        pos = bound_upper_sharp(param, pos, max)
    if min is not None:
        neg = bound_lower_sharp(param, neg, min)
    return pos - neg
