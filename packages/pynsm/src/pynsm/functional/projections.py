"""Projections that act on each element by itself."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Projection", "in_place", "is_elementwise", "is_identity", "is_relu"]

Projection = Callable[[Tensor], Tensor]

_MODULES: frozenset[type[nn.Module]] = frozenset(
    {
        nn.CELU,
        nn.ELU,
        nn.GELU,
        nn.Hardshrink,
        nn.Hardsigmoid,
        nn.Hardswish,
        nn.Hardtanh,
        nn.Identity,
        nn.LeakyReLU,
        nn.LogSigmoid,
        nn.Mish,
        nn.ReLU,
        nn.ReLU6,
        nn.SELU,
        nn.SiLU,
        nn.Sigmoid,
        nn.Softplus,
        nn.Softshrink,
        nn.Softsign,
        nn.Tanh,
        nn.Tanhshrink,
        nn.Threshold,
    }
)

_FUNCTIONS: frozenset[object] = frozenset(
    {
        F.celu,
        F.elu,
        F.gelu,
        F.hardsigmoid,
        F.hardswish,
        F.hardtanh,
        F.leaky_relu,
        F.logsigmoid,
        F.mish,
        F.relu,
        F.relu6,
        F.selu,
        F.sigmoid,
        F.silu,
        F.softplus,
        F.softsign,
        F.tanh,
        F.tanhshrink,
        torch.abs,
        torch.relu,
        torch.sigmoid,
        torch.tanh,
    }
)

_RELU: frozenset[object] = frozenset({F.relu, torch.relu})


def _is_plain(module: nn.Module) -> bool:
    """Whether a call of the module is nothing but its `forward`."""
    hooks = (module._forward_hooks, module._forward_pre_hooks)
    return type(module) in _MODULES and not any(hooks) and "forward" not in vars(module)


def is_identity(projection: Projection | None) -> bool:
    """Whether the projection changes nothing."""
    return projection is None or (type(projection) is nn.Identity and _is_plain(projection))


def is_elementwise(projection: Projection | None) -> bool:
    """Whether the projection is known to treat every element by itself.

    Such a projection gives the same result on a part of a tensor as on the whole, in any
    layout. True for `None`, the element-wise activations of `torch.nn` (exact types without
    forward hooks) and their functions; false for everything that is not known.
    """
    if projection is None:
        return True
    if isinstance(projection, nn.Module):
        return _is_plain(projection)
    return _is_one_of(projection, _FUNCTIONS)


def is_relu(projection: Projection | None) -> bool:
    """Whether the projection is the rectification, `torch.nn.ReLU` or one of its functions."""
    if isinstance(projection, nn.ReLU):
        return _is_plain(projection)
    return projection is not None and _is_one_of(projection, _RELU)


def in_place(projection: Projection | None) -> Projection:
    """Return a function with the result of the projection that may overwrite its argument.

    Args:
        projection: Projection, or `None` for the identity.
    """
    if projection is None:
        return _unchanged
    if is_relu(projection):
        return torch.relu_
    return projection


def _is_one_of(projection: Projection, functions: frozenset[object]) -> bool:
    try:
        return projection in functions
    except TypeError:  # an object that cannot be hashed is none of them
        return False


def _unchanged(values: Tensor) -> Tensor:
    return values
