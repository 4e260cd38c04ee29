"""Look at everything an object holds: tensors, generators and plain data, registered or not."""

import functools
import types
import weakref
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = [
    "assert_independent",
    "assert_same_module",
    "assert_same_tree",
    "assert_state_unchanged",
    "capture_state",
    "find_tensors",
]

_MODULE_TABLES = ("_parameters", "_buffers", "_modules")
_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic, torch.dtype, torch.device)
_OPAQUE = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    functools.partial,
    weakref.ReferenceType,
    weakref.finalize,
)


def find_tensors(obj: Any) -> dict[str, Tensor]:
    """Return every tensor reachable from `obj` by attributes and containers, by path."""
    return {path: leaf for path, leaf in _walk(obj) if isinstance(leaf, Tensor)}


def capture_state(obj: Any) -> dict[str, Any]:
    """Return a copy of everything `obj` holds, by path.

    Tensors (gradients included), arrays and generator states are copied; numbers, strings
    and the like are taken as they are. Functions, hooks and weak references are left out.
    """
    state: dict[str, Any] = {}
    for path, leaf in _walk(obj):
        if isinstance(leaf, Tensor):
            state[path] = leaf.detach().clone()
            if leaf.is_leaf and leaf.grad is not None:
                state[f"{path}.grad"] = leaf.grad.detach().clone()
        elif isinstance(leaf, torch.Generator):
            state[path] = leaf.get_state().clone()
        else:
            state[path] = np.array(leaf) if isinstance(leaf, np.ndarray) else leaf
    return state


@contextmanager
def assert_state_unchanged(obj: Any, ignore: Collection[str] = ()) -> Iterator[None]:
    """Assert that the block leaves everything `obj` holds as it was.

    The check is made also when the block raises, so ``pytest.raises`` belongs inside it.

    Args:
        obj: Object to watch.
        ignore: Paths, or beginnings of paths, that may change.
    """
    before = capture_state(obj)
    yield
    _compare(before, capture_state(obj), f"the {type(obj).__name__} changed", ignore)


def assert_same_module(
    actual: nn.Module,
    expected: nn.Module,
    *,
    rtol: float = 0.0,
    atol: float = 0.0,
    ignore: Collection[str] = (),
) -> None:
    """Assert that two modules are of one type and hold the same state, bit for bit by default.

    Args:
        actual: Module under test.
        expected: Module to compare with.
        rtol: Relative tolerance of tensors.
        atol: Absolute tolerance of tensors.
        ignore: Paths, or beginnings of paths, that may differ.
    """
    if type(actual) is not type(expected):
        raise AssertionError(f"got a {type(actual).__name__}, expected {type(expected).__name__}")
    states = capture_state(expected), capture_state(actual)
    _compare(*states, "the modules differ", ignore, rtol, atol)


def assert_independent(a: Any, b: Any) -> None:
    """Assert that no tensor of `a` shares memory with a tensor of `b`."""
    owners = {_storage(tensor): path for path, tensor in find_tensors(a).items() if tensor.numel()}
    shared = [
        f"{owners[_storage(tensor)]} and {path}"
        for path, tensor in find_tensors(b).items()
        if tensor.numel() and _storage(tensor) in owners
    ]
    if shared:
        raise AssertionError(f"memory is shared: {', '.join(shared)}")


def assert_same_tree(
    actual: Any, expected: Any, what: str, rtol: float = 0.0, atol: float = 0.0
) -> None:
    """Assert that nested containers hold equal tensors and equal plain data."""
    _compare(capture_state(expected), capture_state(actual), what, (), rtol, atol)


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _walk(obj: Any, path: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    seen = set() if seen is None else seen
    if isinstance(obj, _PLAIN):
        yield path or "value", obj
        return
    if id(obj) in seen or isinstance(obj, _OPAQUE):
        return
    seen.add(id(obj))
    if isinstance(obj, Tensor | torch.Generator | np.ndarray):
        yield path or "value", obj
        if isinstance(obj, Tensor):
            return
    for name, child in _children(obj):
        yield from _walk(child, f"{path}.{name}" if path else name, seen)


def _children(obj: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(obj, Mapping):
        yield from ((_name(key, i), obj[key]) for i, key in enumerate(obj))
    elif isinstance(obj, set | frozenset):
        yield from ((str(item), item) for item in obj if isinstance(item, _PLAIN))
    elif isinstance(obj, list | tuple | deque):
        yield from ((str(index), item) for index, item in enumerate(obj))
    attributes = dict(getattr(obj, "__dict__", {}))
    for cls in type(obj).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if slot not in ("__dict__", "__weakref__") and hasattr(obj, slot):
                attributes.setdefault(slot, getattr(obj, slot))
    for name, value in attributes.items():
        if isinstance(obj, nn.Module) and name in _MODULE_TABLES:
            yield from ((str(key), item) for key, item in value.items())
        elif not (isinstance(obj, nn.Module) and name.endswith("_hooks")):
            yield name, value


def _name(key: Any, index: int) -> str:
    # Anything else may print its address, which is another one in a copy.
    return str(key) if isinstance(key, (*_PLAIN, tuple)) else f"#{index}"


def _compare(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    title: str,
    ignore: Collection[str] = (),
    rtol: float = 0.0,
    atol: float = 0.0,
) -> None:
    prefixes = tuple(ignore)
    lines = []
    for path in sorted(before.keys() | after.keys()):
        if prefixes and path.startswith(prefixes):
            continue
        if path not in after or path not in before:
            lines.append(f"{path}: {'gone' if path in before else 'new'}")
            continue
        difference = _difference(before[path], after[path], rtol, atol)
        if difference:
            lines.append(f"{path}: {difference}")
    if lines:
        raise AssertionError("\n  ".join([f"{title}:", *lines]))


def _difference(a: Any, b: Any, rtol: float, atol: float) -> str | None:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        try:
            torch.testing.assert_close(b, a, rtol=rtol, atol=atol, equal_nan=True)
        except AssertionError as error:
            return " ".join(str(error).split())
        return None
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return None if np.array_equal(a, b) else "arrays differ"
    same = type(a) is type(b) and (a == b or (a != a and b != b))
    return None if same else f"{a!r} became {b!r}"
