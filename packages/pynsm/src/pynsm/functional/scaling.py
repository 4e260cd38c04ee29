"""Scaling of gradients."""

from typing import Any

import torch
from torch import Tensor

__all__ = ["scale_gradient"]


class _ScaleGradient(torch.autograd.Function):
    """Identity whose derivative is a constant factor."""

    generate_vmap_rule = True

    @staticmethod
    def forward(tensor: Tensor, factor: float) -> Tensor:
        return tensor.view_as(tensor)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.factor = inputs[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None]:
        return gradients[0] * ctx.factor, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        return tangents[0] * ctx.factor


def scale_gradient(tensor: Tensor, factor: float) -> Tensor:
    """Return `tensor` unchanged, with every gradient that flows back multiplied by `factor`.

    A negative factor turns the descent of an optimizer into an ascent, and its size changes
    the learning rate of this tensor alone.

    Args:
        tensor: Any tensor.
        factor: Factor of the gradient.
    """
    scaled: Tensor = _ScaleGradient.apply(tensor, factor)
    return scaled
