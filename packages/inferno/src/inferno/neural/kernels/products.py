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

__all__ = ["SPARSE", "clamp", "clamp_", "outer_update_", "sparse_linear", "spike_linear"]

# share of nonzero inputs up to which skipping zeros is faster than a dense product
SPARSE = 0.06


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
    if not _multiply(inputs, weight, bias):
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
        int(batch * insize * SPARSE) + 1,
    ):
        return None
    return output if bias is None else output + bias


def spike_linear(
    spikes: Tensor, scale: float, weight: Tensor, bias: Tensor | None
) -> Tensor | None:
    """Multiplies spikes, each worth a number, with weights.

    Args:
        spikes: boolean spikes, shape ``(B, I)``.
        scale: value of a spike.
        weight: weights, shape ``(O, I)``.
        bias: biases, shape ``(O,)``.

    Returns:
        Outputs, shape ``(B, O)``; ``None`` also if there are too many spikes.
    """
    loops = accelerated(weight.dtype)
    if loops is None or spikes.dtype != torch.bool or not fit(spikes, weight):
        return None
    if not _multiply(spikes, weight, bias):
        return None
    batch, insize = spikes.shape
    outsize = weight.shape[0]
    output = torch.empty(batch, outsize, dtype=weight.dtype)
    if not loops.spike_linear(
        batch,
        insize,
        outsize,
        spikes.data_ptr(),
        scale,
        weight.data_ptr(),
        output.data_ptr(),
        int(batch * insize * SPARSE) + 1,
    ):
        return None
    return output if bias is None else output + bias


def outer_update_(
    param: Tensor,
    pos: list[Term],
    neg: list[Term],
    upper: tuple[Any, tuple[Any, ...], dict[str, Any]] | None,
) -> bool:
    """Applies a potentiating and a depressing sum of outer products in one pass, in place.

    Args:
        param: parameter to update, shape ``(O, ...)``.
        pos: potentiating contributions.
        neg: depressing contributions.
        upper: bound on the potentiating part, with its limits and keyword arguments.

    Returns:
        Whether it was done; not if a contribution is a tensor, or the bound is another than the
        multiplicative one.
    """
    loops = accelerated(param.dtype)
    if loops is None or len(pos) > 1 or len(neg) > 1 or not (pos or neg) or not fit(param):
        return False
    bounded, limit = False, 0.0
    if upper is not None:
        function, (maximum,), kwargs = upper
        if function is not bound_upper_multiplicative or kwargs or not _number(maximum):
            return False
        bounded, limit = True, float(maximum)
    factors: list[Any] = []
    for terms in (pos, neg):
        if not terms:
            factors += (0, 0.0, param.data_ptr(), param.data_ptr())
            continue
        term: Any = terms[0]
        if not hasattr(term, "post") or not term.post.dtype == param.dtype == term.pre.dtype:
            return False
        if tuple(param.shape) != term.shape or not fit(term.post, term.pre):
            return False
        factors += (term.post.shape[0], term.scale, term.post.data_ptr(), term.pre.data_ptr())
    outsize = param.shape[0]
    loops.outer_update(
        outsize, param.numel() // outsize, param.data_ptr(), bounded, limit, *factors
    )
    return True


def clamp(values: Tensor, low: float | None, high: float | None) -> Tensor | None:
    """Clamps values, as `torch.clamp`; on one thread, which is faster for a few megabytes.

    Args:
        values: values to clamp.
        low: lower bound, none if ``None``.
        high: upper bound, none if ``None``.

    Returns:
        The clamped values.
    """
    if accelerated(values.dtype) is None or not fit(values):
        return None
    output = values.detach().clone()
    return output if clamp_(output, low, high) else None


def clamp_(values: Tensor, low: float | None, high: float | None) -> bool:
    """Clamps values in place; see `clamp`.

    Args:
        values: values to clamp.
        low: lower bound, none if ``None``.
        high: upper bound, none if ``None``.

    Returns:
        Whether it was done.
    """
    loops = accelerated(values.dtype)
    if loops is None or not fit(values):
        return False
    low = -math.inf if low is None else low
    high = math.inf if high is None else high
    loops.clamp(values.numel(), values.data_ptr(), low, high)
    return True


def _multiply(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    """Whether the shapes are those of a product; loops trust them."""
    if inputs.ndim != 2 or weight.ndim != 2 or inputs.shape[1] != weight.shape[1]:
        return False
    return bias is None or bias.shape == weight.shape[:1]


def _number(value: Any) -> bool:
    return isinstance(value, int | float)
