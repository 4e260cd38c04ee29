"""Tensor views that guard the weights of an analog tile.

A tile's weights live in its simulator. A view hands them to ordinary torch code without letting
that code write past the tile (`ReadOnlyWeightView`), or hands out their metadata without letting
the code read values that are not there (`PlaceholderDataView`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import torch
from torch import Tensor

__all__ = [
    "PlaceholderDataView",
    "ReadOnlyWeightView",
    "is_inplace_operation",
    "raise_if_readonly_write_target",
    "raise_readonly_error",
]

_PLACEHOLDER_METADATA_FUNCTIONS = frozenset(
    {
        "__get__",
        "__len__",
        "__reduce__",
        "__reduce_ex__",
        "detach",
        "dim",
        "element_size",
        "is_contiguous",
        "nelement",
        "numel",
        "size",
        "storage_offset",
        "stride",
        "type",
        "requires_grad_",
        "ndimension",
        "get_device",
        "data_ptr",
        "dense_dim",
        "sparse_dim",
        "has_names",
        "is_floating_point",
        "is_complex",
        "is_signed",
        "is_conj",
        "is_neg",
        "is_pinned",
        "is_shared",
        "is_inference",
        "is_distributed",
        "_is_view",
        "_is_zerotensor",
        # Factories take shape, dtype and device from their argument and never read its values.
        "empty_like",
        "zeros_like",
        "ones_like",
        "full_like",
        "rand_like",
        "randn_like",
        "new_empty",
        "new_zeros",
        "new_ones",
        "new_full",
        "new_tensor",
    }
)

_VALUE_PROPERTIES = frozenset({"T", "mT", "H", "mH", "real", "imag"})
_INPLACE_DUNDERS = frozenset(
    {
        "__iadd__",
        "__isub__",
        "__imul__",
        "__idiv__",
        "__itruediv__",
        "__ifloordiv__",
        "__imod__",
        "__ipow__",
        "__iand__",
        "__ior__",
        "__ixor__",
        "__ilshift__",
        "__irshift__",
    }
)


def is_inplace_operation(name: str) -> bool:
    """Tell whether a torch function of this name writes into its first argument."""
    return (name.endswith("_") and not name.endswith("__")) or name in _INPLACE_DUNDERS


def raise_readonly_error(name: str) -> NoReturn:
    """Refuse a write to analog weights.

    Raises:
        RuntimeError: always; the message names the two ways to change analog weights.
    """
    raise RuntimeError(
        f"'{name}' would write to read-only analog weights; use analog_tile.set_weights to set "
        "them or analog_tile.update to train them"
    )


def raise_if_readonly_write_target(
    func_name: str,
    args: Iterable[Any],
    kwargs: Mapping[str, Any],
    is_readonly: Callable[[Any], bool],
) -> None:
    """Raise if a torch call writes into a read-only tensor.

    Args:
        func_name: name of the torch function.
        args: its positional arguments; the first is the target of an in-place function.
        kwargs: its keyword arguments; `out` may be a tensor or a nest of sequences of tensors.
        is_readonly: predicate that recognises read-only tensors.

    Raises:
        RuntimeError: if the target of the write is read-only.
    """
    positional = tuple(args)
    if is_inplace_operation(func_name) and positional and is_readonly(positional[0]):
        raise_readonly_error(func_name)
    if any(is_readonly(item) for item in _flatten(kwargs.get("out"))):
        raise_readonly_error(f"{func_name}(out=...)")


def _flatten(value: Any) -> Iterable[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _flatten(item)
    else:
        yield value


def attribute_name(func: Callable[..., Any]) -> str:
    """Return the attribute that a `__get__` or `__set__` call of a tensor refers to."""
    return getattr(getattr(func, "__self__", None), "__name__", "")


def _raise_placeholder_read_error(name: str) -> NoReturn:
    raise RuntimeError(
        f"'{name}' needs values, but the analog context is in placeholder mode and holds none; "
        "call enable_data_view() to read the logical weights or enable_buffer() to use it as a "
        "digital buffer"
    )


class ReadOnlyWeightView(Tensor):
    """View of a tensor that can be read by any torch function and written by none.

    Args:
        data: tensor to look at; the view shares its storage. A view is returned as it is.
    """

    @staticmethod
    def __new__(cls: type[ReadOnlyWeightView], data: Tensor) -> ReadOnlyWeightView:
        """Share the storage of `data`."""
        if isinstance(data, cls):
            return data
        return torch.Tensor._make_subclass(cls, data.detach())

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Refuse writes; run everything else on the plain tensor."""
        kwargs = kwargs or {}
        name = getattr(func, "__name__", str(func))
        raise_if_readonly_write_target(name, args, kwargs, lambda t: isinstance(t, cls))
        if name == "__setitem__" and isinstance(args[0], cls):
            raise_readonly_error("item assignment")
        with torch._C.DisableTorchFunctionSubclass():
            return _as_plain(func(*args, **kwargs))


class PlaceholderDataView(Tensor):
    """Tensor with the shape, dtype and device of analog weights but without readable values.

    Args:
        data: tensor whose metadata to show. Its values are never read.
    """

    @staticmethod
    def __new__(cls: type[PlaceholderDataView], data: Tensor) -> PlaceholderDataView:
        """Take over the metadata of `data`."""
        with torch._C.DisableTorchFunctionSubclass():
            return torch.Tensor._make_subclass(cls, data.detach())

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        """Show the metadata."""
        return (
            f"PlaceholderDataView(shape={tuple(self.shape)}, dtype={self.dtype}, "
            f"device={self.device})"
        )

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Answer questions about metadata; refuse everything that needs values."""
        kwargs = kwargs or {}
        name = getattr(func, "__name__", str(func))
        if name not in _PLACEHOLDER_METADATA_FUNCTIONS:
            _raise_placeholder_read_error("item assignment" if name == "__setitem__" else name)
        if name == "__get__" and attribute_name(func) in _VALUE_PROPERTIES:
            _raise_placeholder_read_error(attribute_name(func))
        with torch._C.DisableTorchFunctionSubclass():
            result = func(*args, **kwargs)
        return cls(result) if name == "detach" else _as_plain(result)


def _as_plain(value: Any) -> Any:
    """Return a tensor without its guarding subclass; leave other values alone."""
    guarded = isinstance(value, (ReadOnlyWeightView, PlaceholderDataView))
    return value.as_subclass(Tensor) if guarded else value
