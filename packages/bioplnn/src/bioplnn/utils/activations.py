"""Activations by name, and initial tensors by name."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from bioplnn.typing import TensorInitFnType

_MODULES_BY_LOWER_NAME = {
    name.lower(): value
    for name, value in vars(nn).items()
    if inspect.isclass(value) and issubclass(value, nn.Module)
}
_TENSOR_INITS: dict[str, TensorInitFnType] = {
    "zeros": torch.zeros,
    "ones": torch.ones,
    "randn": torch.randn,
    "rand": torch.rand,
}


def get_activation_class(
    activation: str | None,
) -> type[nn.Module] | list[type[nn.Module]]:
    """Find a class of ``torch.nn`` by its name, in any case.

    Args:
        activation: A name, several names joined by commas, or ``None`` for the identity.

    Returns:
        The class, or the list of classes for several names.

    Raises:
        ValueError: There is no such class.
    """
    if activation is None:
        return nn.Identity
    if "," in activation:
        return [_one_class(part.strip()) for part in activation.split(",")]
    return _one_class(activation)


def _one_class(name: str) -> type[nn.Module]:
    try:
        return _MODULES_BY_LOWER_NAME[name.lower()]
    except KeyError:
        raise ValueError(
            f"activation must be the name of a class in torch.nn, got {str(name)!r}"
        ) from None


def get_activation(activation: str | nn.Module | None) -> nn.Module:
    """Build an activation.

    Args:
        activation: A module (returned as it is), a name, several names joined by commas
            (a sequence), or ``None`` (the identity).

    Returns:
        The module.

    Raises:
        ValueError: The name is unknown.
        TypeError: ``activation`` is none of these.
    """
    if isinstance(activation, nn.Module):
        return activation
    if activation is not None and not isinstance(activation, str):
        raise TypeError(f"activation must be a name, a module or None, got {activation!r}")
    found = get_activation_class(activation)
    if isinstance(found, list):
        return nn.Sequential(*(part() for part in found))
    return found()


def init_tensor(init_fn: str | TensorInitFnType, *args: int, **kwargs: Any) -> torch.Tensor:
    """Make a tensor by the name of its filling or by a callable.

    Args:
        init_fn: ``"zeros"``, ``"ones"``, ``"randn"``, ``"rand"``, or a callable that gets the
            shape as positional integers. Callables that do not know ``device`` or ``dtype`` are
            called without them and their result is moved.
        *args: The shape.
        **kwargs: Passed on, usually ``device`` and ``dtype``.

    Raises:
        ValueError: The name is unknown.
        TypeError: ``init_fn`` is neither a name nor callable.
    """
    if isinstance(init_fn, str):
        if init_fn not in _TENSOR_INITS:
            raise ValueError(f"init_fn must be one of {list(_TENSOR_INITS)}, got {init_fn!r}")
        return _TENSOR_INITS[init_fn](*args, **kwargs)
    if not callable(init_fn):
        raise TypeError(f"init_fn must be a name or a callable, got {init_fn!r}")
    accepted, moved = _split_keywords(init_fn, kwargs)
    return init_fn(*args, **accepted).to(**moved)


def _split_keywords(
    fn: Callable[..., Any], kwargs: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split into what ``fn`` accepts and what has to be applied to its result."""
    try:
        parameters = inspect.signature(fn).parameters
    except (TypeError, ValueError):  # torch's built-in factories have no signature
        return kwargs, {}
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return kwargs, {}
    accepted = {k: v for k, v in kwargs.items() if k in parameters or k not in ("device", "dtype")}
    return accepted, {k: v for k, v in kwargs.items() if k not in accepted and v is not None}
