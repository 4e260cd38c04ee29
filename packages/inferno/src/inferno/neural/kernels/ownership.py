"""Whether a tensor may be written in place without anybody noticing."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

__all__ = ["sole_user"]


def sole_user(tensor: Tensor) -> bool:
    """Whether no other tensor uses the storage of a tensor.

    Others may hold the tensor itself, and expect to see its changes; what they took from it with
    ``detach()``, ``data``, ``numpy()`` or by a view counts as another user.

    Args:
        tensor: the tensor.

    Returns:
        False also where that cannot be known.
    """
    return _counted() and _users(tensor) == 2


def _users(tensor: Tensor) -> int:
    """Number of tensors on a storage, and one for asking."""
    return torch._C._storage_Use_Count(tensor.untyped_storage()._cdata)


@cache
def _counted() -> bool:
    """Whether this torch counts the tensors that use a storage as we expect."""
    if not hasattr(torch._C, "_storage_Use_Count"):
        return False
    tensor = torch.nn.Parameter(torch.zeros(2))
    alone = _users(tensor)
    view = tensor.detach()
    together = _users(tensor)
    del view
    return (alone, together, _users(tensor)) == (2, 3, 2)
