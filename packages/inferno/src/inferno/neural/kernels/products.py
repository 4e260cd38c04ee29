"""Products with matrices of weights that use that spikes are rare."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from inferno.functional import bound_upper_multiplicative

from .selection import accelerated, fit

if TYPE_CHECKING:
    from inferno.neural.modeling.terms import Term

__all__ = ["clamp", "outer_update", "sparse_linear"]

# share of nonzero currents up to which skipping zeros is faster than a dense product
_SPARSE = 0.06


def sparse_linear(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor | None:
    """Multiplies mostly zero inputs with weights, as `torch.nn.functional.linear`.

    Args:
        inputs: inputs, shape ``(B, I)``.
        weight: weights, shape ``(O, I)``.
        bias: biases, shape ``(O,)``.

    Returns:
        Outputs, shape ``(B, O)``; ``None`` also if the inputs are not sparse.
    """
    loops = accelerated(weight.dtype)
    if loops is None or inputs.dtype != weight.dtype or not fit(inputs, weight):
        return None
    batch, insize = inputs.shape
    outsize = weight.shape[0]
    output = torch.empty(batch, outsize, dtype=weight.dtype)
    if not loops.sparse_linear(
        batch,
        insize,
        outsize,
        inputs.data_ptr(),
        weight.data_ptr(),
        output.data_ptr(),
        int(batch * insize * _SPARSE) + 1,
    ):
        return None
    return output if bias is None else output + bias


def outer_update(
    param: Tensor,
    pos: list[Term],
    neg: list[Term],
    upper: tuple[Any, tuple[Any, ...], dict[str, Any]] | None,
) -> Tensor | None:
    """Applies a potentiating and a depressing sum of outer products in one pass.

    Args:
        param: parameter to update, shape ``(O, ...)``.
        pos: potentiating contributions.
        neg: depressing contributions.
        upper: bound on the potentiating part, with its limits and keyword arguments.

    Returns:
        The updated parameter; ``None`` if a contribution is a tensor, or the bound is another
        than the multiplicative one.
    """
    loops = accelerated(param.dtype)
    if loops is None or len(pos) > 1 or len(neg) > 1 or not (pos or neg):
        return None
    bounded, limit = False, 0.0
    if upper is not None:
        function, (maximum,), kwargs = upper
        if function is not bound_upper_multiplicative or kwargs or not _number(maximum):
            return None
        bounded, limit = True, float(maximum)
    factors: list[Any] = []
    outsize = param.shape[0]
    for terms in (pos, neg):
        if not terms:
            factors += (0, 0.0, param.data_ptr(), param.data_ptr())
            continue
        term: Any = terms[0]
        if not hasattr(term, "post") or not term.post.dtype == param.dtype == term.pre.dtype:
            return None
        if tuple(param.shape) != term.shape or not fit(term.post, term.pre):
            return None
        factors += (term.post.shape[0], term.scale, term.post.data_ptr(), term.pre.data_ptr())
    if not fit(param):
        return None
    updated = torch.empty_like(param, requires_grad=False)
    loops.outer_update(
        outsize,
        param.numel() // outsize,
        param.data_ptr(),
        updated.data_ptr(),
        bounded,
        limit,
        *factors,
    )
    return updated


def clamp(values: Tensor, low: float | None, high: float | None) -> Tensor | None:
    """Clamps values, as `torch.clamp`; on one thread, which is faster for a few megabytes.

    Args:
        values: values to clamp.
        low: lower bound, none if ``None``.
        high: upper bound, none if ``None``.

    Returns:
        The clamped values.
    """
    loops = accelerated(values.dtype)
    if loops is None or not fit(values):
        return None
    low = -math.inf if low is None else low
    high = math.inf if high is None else high
    output = torch.empty_like(values, requires_grad=False)
    loops.clamp(values.numel(), values.data_ptr(), low, high, output.data_ptr())
    return output


def _number(value: Any) -> bool:
    return isinstance(value, int | float)
