"""Arithmetic of shape constraints: dictionaries from dimension to size.

Negative dimensions count from the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from inferno._internal import argtest

__all__ = ["compatible", "consistent", "dimensionality", "ignored"]

Constraints = Mapping[int, int]


def dimensionality(constraints: Constraints, strict: bool) -> int:
    """Fewest dimensions a tensor needs to satisfy the constraints.

    Args:
        constraints: sizes by dimension.
        strict: whether positive and negative dimensions must be different dimensions of
            the tensor.
    """
    if not constraints:
        return 0
    highest, lowest = max(constraints), min(constraints)
    if strict:
        return max(highest + 1, 0) - min(lowest, 0)
    return max(highest + 1, abs(lowest))


def compatible(tensor: Tensor, constraints: Constraints, strict: bool) -> bool:
    """Whether a tensor satisfies the constraints."""
    if tensor.ndim < dimensionality(constraints, strict):
        return False
    return all(tensor.shape[dim] == size for dim, size in constraints.items())


def consistent(constraints: Constraints, ndims: int) -> bool:
    """Whether some tensor with ``ndims`` dimensions satisfies the constraints."""
    sizes: dict[int, int] = {}
    for dim, size in constraints.items():
        if not -ndims <= dim < ndims or sizes.setdefault(dim % ndims, size) != size:
            return False
    return True


def ignored(value: Any) -> bool:
    """Whether a value stands for data that do not exist yet."""
    if type(value) is Tensor:
        return value.ndim <= 1 and value.numel() == 0
    if value is None:
        return True
    if isinstance(value, nn.UninitializedBuffer | nn.UninitializedParameter):
        return True
    argtest.instance("value", value, Tensor)
    return value.numel() == 0 and value.ndim <= 1
