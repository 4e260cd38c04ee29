"""Gradients that are formulas of their own and cannot be differentiated again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch import Tensor

Gradients = tuple[Tensor | None, ...]
Backward = Callable[..., Gradients]


def differentiable_once(advice: str) -> Callable[[Backward], Backward]:
    """Mark the ``backward`` of an autograd function: a second derivative raises an error.

    ``torch.autograd.function.once_differentiable`` returns plain numbers where the incoming
    gradient needs no gradient itself, as for a sum of states, so that a second derivative would
    silently lack a part.

    Args:
        advice: What to do instead, the end of the message.
    """

    def mark(backward: Backward) -> Backward:
        @wraps(backward)
        def marked(ctx: Any, *grads: Tensor) -> Gradients:
            with torch.no_grad():
                found = backward(ctx, *grads)
            if not torch.is_grad_enabled():
                return found
            sources = [t for t in (*ctx.saved_tensors, *grads) if t is not None and t.requires_grad]
            return tuple(
                None if grad is None else _Refusal.apply(advice, grad, *sources) for grad in found
            )

        return marked

    return mark


class _Refusal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, advice: str, grad: Tensor, *sources: Tensor) -> Tensor:
        ctx.advice = advice
        return grad.view_as(grad)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Gradients:
        raise RuntimeError(f"this gradient cannot be differentiated again; {ctx.advice}")
