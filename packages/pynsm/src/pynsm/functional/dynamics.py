"""One step of the fast dynamics, as written and as an affine map."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pynsm.functional.projections import Projection

__all__ = ["affine_step", "lateral_map", "relaxation_gradient", "relaxation_step", "spectral_norm"]


def relaxation_gradient(y: Tensor, drive: Tensor, M: Tensor) -> Tensor:
    """Return the gradient that the fast dynamics descends, ``M y - Wx``.

    It is the gradient of ``0.5 y^T M y - y^T Wx`` when `M` is symmetric.

    Args:
        y: State, shape ``[B, C, ...]``.
        drive: Encoded input ``Wx``, same shape.
        M: Lateral weights, shape ``[C, C]``.

    Returns:
        Gradient, same shape as `y`.
    """
    if y.dim() == 2:
        return F.linear(y, M).sub_(drive)
    planes = y.flatten(2)
    lateral = torch.bmm(M.expand(planes.shape[0], -1, -1), planes)
    return lateral.view(y.shape).sub_(drive)


def relaxation_step(
    y: Tensor, drive: Tensor, M: Tensor, step: float, projection: Projection | None = None
) -> Tensor:
    """Return the state after one step of projected gradient descent.

    Equation:
        ``y <- f(y - step * (M y - Wx))``

    Args:
        y: State, shape ``[B, C, ...]``.
        drive: Encoded input ``Wx``, same shape.
        M: Lateral weights, shape ``[C, C]``.
        step: Step size.
        projection: The function ``f``; `None` is the identity.
    """
    moved = y - step * relaxation_gradient(y, drive, M)
    return moved if projection is None else projection(moved)


def lateral_map(M: Tensor, step: float) -> Tensor:
    """Return the matrix ``A = I - step * M``, with which a step is ``y <- f(A y + step * Wx)``."""
    identity = torch.eye(M.shape[0], dtype=M.dtype, device=M.device)
    return torch.sub(identity, M, alpha=step)


def affine_step(
    y: Tensor, scaled_drive: Tensor, A: Tensor, projection: Projection | None = None
) -> Tensor:
    """Return ``f(A y + scaled_drive)``: `relaxation_step` in one matrix product.

    Args:
        y: State, shape ``[B, C, N]``.
        scaled_drive: ``step * Wx``, same shape.
        A: `lateral_map`, shape ``[C, C]``.
        projection: The function ``f``; `None` is the identity.
    """
    moved = torch.baddbmm(scaled_drive, A.expand(y.shape[0], -1, -1), y)
    return moved if projection is None else projection(moved)


def spectral_norm(M: Tensor) -> Tensor:
    """Return the largest singular value of `M`.

    It equals the largest eigenvalue for the symmetric positive `M` that learning leads to,
    and bounds the size of every eigenvalue otherwise. Steps below 2 divided by it converge
    for symmetric positive `M`.
    """
    wide = M.detach().double() if M.device.type != "mps" else M.detach().float()
    return torch.linalg.matrix_norm(wide, ord=2)
