"""The similarity-matching objective, whose gradients are the learning rules."""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["correlation", "inner", "overlap", "similarity_terms"]


def inner(a: Tensor, b: Tensor) -> Tensor:
    """Return ``sum(a * b)`` of two tensors of the same shape without a temporary of that shape."""
    flat = a.flatten()
    return torch.dot(flat, flat if a is b else b.flatten())


def correlation(y: Tensor) -> Tensor:
    """Return ``sum over samples and positions of y y^T``, shape ``[C, C]``.

    Args:
        y: Output, shape ``[B, C, ...]``.
    """
    if y.dim() == 2:
        return y.t() @ y
    planes = y.flatten(2)
    return torch.bmm(planes, planes.mT).sum(0)


def overlap(y: Tensor, encoding: Tensor) -> Tensor:
    """Return ``sum(y * Wx)``.

    Dimensions along which the encoding was expanded are summed over in `y` first, so an
    expanded encoding costs no more than the original.

    Args:
        y: Output, shape ``[B, C, ...]``.
        encoding: Encoded input, same shape.
    """
    expanded = [
        dim
        for dim in range(encoding.dim())
        if encoding.stride(dim) == 0 and encoding.shape[dim] > 1
    ]
    if expanded:
        y = y.sum(expanded, keepdim=True)
        for dim in expanded:
            encoding = encoding.narrow(dim, 0, 1)
    if y.shape != encoding.shape:
        return (y * encoding).sum()
    return inner(y, encoding.to(y.dtype))


def similarity_terms(y: Tensor, encodings: Sequence[Tensor], M: Tensor) -> Tensor:
    """Return the part of the objective that depends on the output, summed over the batch.

    Equation:
        ``2 sum(y * M y) - 4 sum(y * sum_k Wx_k)``. The output is a constant: the gradient is
        ``2 sum(y y^T)`` for `M` and ``-4 y`` for every encoding.

    Args:
        y: Output, shape ``[B, C, ...]``.
        encodings: Encoded inputs of that shape; none is allowed.
        M: Lateral weights, shape ``[C, C]``.

    Reference:
        Pehlevan, Sengupta & Chklovskii, "Why do similarity matching objectives lead to
        Hebbian/anti-Hebbian networks?", Neural Computation 30 (2018).
    """
    # In the finer of the two types: in low precision the sums would lose most digits.
    y = y.detach().to(torch.promote_types(y.dtype, M.dtype))
    with torch.autocast(y.device.type, enabled=False):
        total = 2 * inner(correlation(y), M.to(y.dtype))
        for encoding in encodings:
            total = torch.sub(total, overlap(y, encoding), alpha=4)
    return total
