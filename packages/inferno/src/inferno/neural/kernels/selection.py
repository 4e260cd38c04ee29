"""The choice between fused loops and chains of tensor operations."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from synaptensor import kernels

__all__ = ["accelerated", "fit", "registry"]

registry = kernels.KernelRegistry("inferno.step")


def _no_loops(dtype: torch.dtype) -> None:
    """Stands for the definitions in tensor operations."""


registry.register("torch", _no_loops)
registry.register(
    "numba",
    "inferno.neural.kernels.compiled:loops",
    devices=("cpu",),
    requires=("numba",),
    priority=1,
)

# automatic choices: making one anew costs as much as a whole loop
_automatic: dict[torch.dtype, Any] = {}
_TYPES = (torch.float32, torch.float64)


def accelerated(dtype: torch.dtype) -> Any:
    """Returns the fused loops for a data type on the CPU, ``None`` if none are to be used.

    Args:
        dtype: data type of the tensors.

    Raises:
        RuntimeError: if a kernel is forced that cannot run.
    """
    if torch.compiler.is_compiling() or dtype not in _TYPES:
        return None
    if kernels.is_forcing():
        return registry.select("cpu")(dtype)
    if dtype not in _automatic:
        _automatic[dtype] = registry.select("cpu")(dtype)
    return _automatic[dtype]


def fit(*tensors: Tensor) -> bool:
    """Whether tensors are contiguous, on the CPU and free of gradients."""
    grad = torch.is_grad_enabled()
    for tensor in tensors:
        if not tensor.is_cpu or not tensor.is_contiguous() or (grad and tensor.requires_grad):
            return False
    return True
