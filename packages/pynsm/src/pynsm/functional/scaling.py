"""Scaling of gradients."""

import torch
from torch import Tensor

__all__ = ["scale_gradient"]


def scale_gradient(tensor: Tensor, factor: float) -> Tensor:
    """Return `tensor` unchanged, with every gradient that flows back multiplied by `factor`.

    A negative factor turns the descent of an optimizer into an ascent, and its size changes
    the learning rate of this tensor alone.

    Equation:
        ``c + factor * (tensor - c)`` with the constant ``c = tensor``. The difference is exactly
        zero, so the value is exact for finite tensors; being an ordinary operation, it holds
        in copies, compiled graphs, function transforms and forward-mode derivatives.

    Args:
        tensor: Any tensor.
        factor: Factor of the gradient.
    """
    return torch.lerp(tensor.detach(), tensor, factor)
