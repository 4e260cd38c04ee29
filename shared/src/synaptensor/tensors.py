"""Small tensor utilities that more than one package uses."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from synaptensor.validation import check_integer

__all__ = [
    "as_tuple",
    "batched",
    "broadcastable",
    "flush_denormal",
    "frozen",
    "move_to",
    "restore",
    "snapshot",
    "tensor_tree_map",
    "unbatched",
]

T = TypeVar("T")


def as_tuple(value: T | Sequence[T], n: int, name: str = "value") -> tuple[T, ...]:
    """Return a sequence of length `n` as a tuple; repeat anything else `n` times.

    Strings and tensors count as single values.

    Raises:
        ValueError: If a sequence is of another length.

    Example:
        >>> as_tuple(3, 2)
        (3, 3)
    """
    check_integer("n", n, minimum=0)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        if len(value) != n:
            raise ValueError(f"`{name}` must be one value or {n} values, got {len(value)} values")
        return tuple(value)
    return (value,) * n


def broadcastable(*shapes: Sequence[int]) -> bool:
    """Whether tensors of these shapes broadcast against each other."""
    try:
        torch.broadcast_shapes(*(tuple(shape) for shape in shapes))
    except RuntimeError:
        return False
    return True


def batched(tensor: Tensor, ndim: int, name: str = "input") -> tuple[Tensor, bool]:
    """Return `tensor` with a batch dimension in front, and whether it was added.

    Args:
        tensor: Tensor with `ndim` dimensions, or with ``ndim - 1`` for a single sample.
        ndim: Number of dimensions with the batch dimension.
        name: Name of the argument, for the message.

    Raises:
        ValueError: If the number of dimensions fits neither.
    """
    if tensor.ndim == ndim:
        return tensor, False
    if tensor.ndim == ndim - 1:
        return tensor.unsqueeze(0), True
    raise ValueError(
        f"`{name}` must have {ndim} dimensions, or {ndim - 1} for a single sample, "
        f"got shape {tuple(tensor.shape)}"
    )


def unbatched(tree: T, added: bool) -> T:
    """Undo `batched`: drop the first dimension of every tensor in `tree` if it was added."""
    return tensor_tree_map(lambda tensor: tensor.squeeze(0), tree) if added else tree


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


@contextmanager
def frozen(parameters: Iterable[Tensor]) -> Iterator[None]:
    """Set ``requires_grad = False`` inside the block and restore each tensor's flag after it."""
    flags = [(parameter, parameter.requires_grad) for parameter in parameters]
    try:
        for parameter, _ in flags:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter, flag in flags:
            parameter.requires_grad_(flag)


def snapshot(module: nn.Module) -> dict[str, Tensor]:
    """Return copies of all parameters and buffers, non-persistent ones included."""
    named = [*module.named_parameters(), *module.named_buffers()]
    return {name: tensor.detach().clone() for name, tensor in named}


@torch.no_grad()
def restore(module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Give the parameters and buffers of a module the values, and shapes, of a `snapshot`.

    They stay the same objects with new memory, so that an optimizer still finds them.

    Raises:
        KeyError: If names differ; nothing is changed then.
    """
    named = dict([*module.named_parameters(), *module.named_buffers()])
    if named.keys() != state.keys():
        differ = sorted(named.keys() ^ state.keys())
        raise KeyError(f"`state` must name the tensors of the module, these differ: {differ}")
    for name, tensor in named.items():
        tensor.data = state[name].detach().clone()


@contextmanager
def flush_denormal(mode: bool = True) -> Iterator[bool]:
    """Treat denormal numbers as zero on the calling thread, and restore the mode after it.

    Decaying states (traces, relaxations) run into denormals, which cost many times the time
    of normal numbers on most CPUs. Yields whether the processor supports the mode.
    """
    before = _flushes_denormal()
    supported = torch.set_flush_denormal(mode)
    try:
        yield supported
    finally:
        torch.set_flush_denormal(before)


def _flushes_denormal() -> bool:
    return bool(torch.tensor(1e-310, dtype=torch.float64) * 1.0 == 0)
