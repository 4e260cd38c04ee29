"""Small tensor utilities that more than one package uses."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

__all__ = ["broadcastable", "move_to", "tensor_tree_map"]

T = TypeVar("T")


def broadcastable(*shapes: Sequence[int]) -> bool:
    """Whether tensors of these shapes broadcast against each other."""
    try:
        torch.broadcast_shapes(*(tuple(shape) for shape in shapes))
    except RuntimeError:
        return False
    return True


def tensor_tree_map(fn: Callable[[Tensor], Any], tree: T) -> T:
    """Apply `fn` to every tensor in nested lists, tuples, named tuples and mappings.

    Containers are rebuilt with their own type, everything else is returned as it is.
    """
    return _map_leaves(fn, tree, Tensor)


def move_to(tree: T, *args: Any, **kwargs: Any) -> T:
    """Call ``.to(*args, **kwargs)`` on every tensor and packed sequence of a nested batch.

    Example:
        >>> batch = move_to((torch.ones(2), {"label": torch.zeros(2)}), "cpu")
    """
    return _map_leaves(lambda leaf: leaf.to(*args, **kwargs), tree, (Tensor, PackedSequence))


def _map_leaves(fn: Callable[[Any], Any], tree: Any, leaves: Any) -> Any:
    if isinstance(tree, leaves):
        return fn(tree)
    if isinstance(tree, Mapping):
        return _rebuilt(tree, {key: _map_leaves(fn, tree[key], leaves) for key in tree})
    if isinstance(tree, tuple | list):
        items = [_map_leaves(fn, item, leaves) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return tree


def _rebuilt(template: Mapping[Any, Any], items: dict[Any, Any]) -> Mapping[Any, Any]:
    if type(template) is dict:
        return items
    # A shallow copy keeps what the constructor cannot be asked for, such as a default factory.
    new: Any = copy.copy(template)
    new.update(items)
    return new
