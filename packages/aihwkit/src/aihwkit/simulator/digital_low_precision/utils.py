"""Small helpers."""

from __future__ import annotations

from typing import Any

from torch import Tensor

__all__ = ["to_numpy"]


def to_numpy(tensor: Any) -> Any:
    """Return the values of a tensor as an array; arrays and numbers as they are."""
    return tensor.detach().cpu().numpy() if isinstance(tensor, Tensor) else tensor
