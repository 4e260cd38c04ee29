"""A read-only tensor attribute computed on each access."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, MutableMapping
from types import MethodType
from typing import Any

import torch
from torch import Tensor

from synaptensor.validation import check_instance

from .handle import Handle, register_tensor, table_of

__all__ = ["VirtualTensor"]


VirtualTensorAttributes = namedtuple("VirtualTensorAttributes", ("ref",))


class VirtualTensor(Handle):
    """A read-only tensor attribute computed on each access.

    An empty reference tensor ``_{name}_ref`` on the owner carries data type and device, so
    that they follow ``Module.to``.

    Args:
        owner: object that has the attribute.
        name: attribute name.
        materializer: name of a method of the owner called as ``f(dtype, device)``, or a
            function called as ``f(owner, dtype, device)``.
        dtype: data type of the value.
        device: device of the value.
        persist: whether the reference is saved.

    Raises:
        AttributeError: if the owner has no attribute of the materializer's name.
        TypeError: if that attribute is not a method.
    """

    LinkedAttributes: type[Any] = VirtualTensorAttributes

    _transient = (*Handle._transient, "_store")
    _store: MutableMapping[str, Any]

    def __init__(
        self,
        owner: Any,
        name: str,
        materializer: str | Callable[[Any, torch.dtype, torch.device], Tensor],
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
        persist: bool = False,
    ) -> None:
        super().__init__(owner, name)
        if isinstance(materializer, str):
            if not hasattr(owner, materializer):
                raise AttributeError(
                    f"`materializer` must name a method of {type(owner).__name__}, got "
                    f"{materializer!r}"
                )
            method = getattr(owner, materializer)
            if not isinstance(method, MethodType):
                raise TypeError(
                    f"`materializer` '{materializer}' must name a method of "
                    f"{type(owner).__name__}, got {type(method).__name__}"
                )
        elif not callable(materializer):
            raise TypeError(
                "`materializer` must be a method name or a callable, got "
                f"{type(materializer).__name__}"
            )
        check_instance("dtype", dtype, torch.dtype | None)
        check_instance("device", device, torch.device | str | int | None)
        self._materializer = materializer
        self._ref_name = f"_{name}_ref"
        self._claim()
        reference = torch.empty(0, dtype=dtype, device=device)
        register_tensor(owner, self._ref_name, reference, persist)

    @property
    def attributes(self) -> Any:
        """Name of the owner's attribute with the reference tensor."""
        return self.LinkedAttributes(self._ref_name)

    def _reference(self) -> Tensor:
        try:
            reference: Tensor = self._store[self._ref_name]
        except (KeyError, AttributeError):
            self._store = table_of(self._living_owner(), self._ref_name)
            reference = self._store[self._ref_name]
        return reference

    @property
    def dtype(self) -> torch.dtype:
        """Data type of the value."""
        return self._reference().dtype

    @dtype.setter
    def dtype(self, value: torch.dtype) -> None:
        self.to(dtype=value)

    @property
    def device(self) -> torch.device:
        """Device of the value."""
        return self._reference().device

    @device.setter
    def device(self, value: torch.device | str) -> None:
        self.to(device=value)

    @property
    def value(self) -> Tensor:
        """The tensor, computed now."""
        reference = self._reference()
        dtype, device = reference.dtype, reference.device
        if isinstance(self._materializer, str):
            result = getattr(self._owner(), self._materializer)(dtype, device)
        else:
            result = self._materializer(self._owner(), dtype, device)
        if result.dtype is dtype and result.device == device:
            return result
        return result.to(dtype=dtype, device=device)

    def to(self, *args: Any, **kwargs: Any) -> None:
        """Converts the reference as ``Tensor.to`` does."""
        setattr(self._living_owner(), self._ref_name, self._reference().to(*args, **kwargs))
