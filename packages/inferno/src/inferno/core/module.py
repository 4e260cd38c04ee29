"""The module base class: torch's, with saved plain values and settable properties."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_module

from .handle import Handle, snapshot

__all__ = ["Module", "unhooked"]

_ABSENT = object()


class _Snapshots(threading.local):
    """Copies made during the running ``state_dict`` call, so that shared tensors stay shared."""

    copies: dict[int, Tensor] | None = None


_snapshots = _Snapshots()


def unhooked(*modules: nn.Module) -> bool:
    """Whether calling modules comes to calling their ``forward``, as nothing else listens."""
    for module in modules:
        if (
            module._forward_hooks
            or module._forward_pre_hooks
            or module._backward_hooks
            or module._backward_pre_hooks
            or module._compiled_call_impl
        ):
            return False
    return not (
        torch_module._global_forward_hooks
        or torch_module._global_forward_pre_hooks
        or torch_module._global_backward_hooks
        or torch_module._global_backward_pre_hooks
    )


class Module(nn.Module):
    """Base class of everything with state: an ``nn.Module`` with *extras*.

    An extra is a named plain value (number, string, dictionary, ...) that is saved in the
    state dictionary, all of them under the key ``_extra_state``. Assignment to a name for
    which the class has a property calls the property's setter, also for parameters,
    tensors and modules.

    A state dictionary is a snapshot: extras and buffers in it are copies, which later
    steps of the simulation do not change. Parameters are shared, as in torch.

    Example:
        >>> module = Module()
        >>> module.register_extra("steps", 0)
        >>> module.steps += 1
        >>> module.get_extra("steps")
        1
    """

    _extras: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.__dict__["_extras"] = OrderedDict()

    def register_extra(self, name: str, value: Any) -> None:
        """Adds a plain value that is saved with the module.

        Args:
            name: attribute under which the value is available.
            value: any value but a tensor or module.

        Raises:
            TypeError: if the name is not a string, or the value is a tensor or module.
            KeyError: if the name is empty, contains a dot, or is an attribute already.
        """
        if not isinstance(name, str):
            raise TypeError(f"`name` must be a string, got {type(name).__name__}")
        if "." in name:
            raise KeyError(f'extra name must not contain ".", got {name!r}')
        if not name:
            raise KeyError('extra name must not be the empty string ""')
        if name not in self._extras and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")
        self._set_extra(name, value)

    def _set_extra(self, name: str, value: Any) -> None:
        if isinstance(value, Tensor | nn.Module):
            raise TypeError(
                f"cannot assign '{torch.typename(value)}' object to '{name}': an extra is "
                "neither a tensor nor a module"
            )
        self._extras[name] = value

    def get_extra(self, target: str) -> Any:
        """Returns the extra at a dotted path.

        Raises:
            AttributeError: if the path leads to no module, to a module without extras, or
                to something that is not an extra.
        """
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not isinstance(module, Module):
            raise AttributeError(f"`{path}` is not an inferno Module, it has no extras")
        if name not in module._extras:
            kind = "is not an extra" if hasattr(module, name) else "does not exist"
            raise AttributeError(f"{type(module).__name__} attribute `{name}` {kind}")
        return module._extras[name]

    def get_extra_state(self) -> OrderedDict[str, Any]:
        """Returns a copy of the extras, containers included."""
        return OrderedDict((name, snapshot(value)) for name, value in self._extras.items())

    def set_extra_state(self, state: Mapping[str, Any]) -> None:
        """Updates the extras from a saved copy; unknown names are added.

        A name that is a plain attribute here (saved from a module that kept it as an
        extra) updates the attribute, so that one name never has two values.
        """
        for name, value in state.items():
            target = self.__dict__ if name in self.__dict__ else self._extras
            target[name] = snapshot(value)

    def __getattr__(self, name: str) -> Any:
        namespace = self.__dict__
        # every table exists after construction; before it, torch reports what is missing
        try:
            extras = namespace["_extras"]
            if name in extras:
                return extras[name]
            table = namespace["_modules"]
            if name in table:
                return table[name]
            table = namespace["_parameters"]
            if name in table:
                return table[name]
            table = namespace["_buffers"]
            if name in table:
                return table[name]
        except KeyError:
            pass
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        attribute = getattr(type(self), name, None)
        if attribute is not None and hasattr(type(attribute), "__set__"):
            attribute.__set__(self, value)
            return
        namespace = self.__dict__
        extras = namespace.get("_extras")
        if extras is not None and name in extras:
            self._set_extra(name, value)
        elif name in namespace and not isinstance(value, Tensor | nn.Module):
            # torch would come to the same after looking through its own tables
            namespace[name] = value
        elif type(value) is Tensor and name in namespace.get("_buffers", ()):
            namespace["_buffers"][name] = value
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        extras = self.__dict__.get("_extras", ())
        if name in extras:
            del self._extras[name]
        else:
            super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = {*super().__dir__(), *self.__dict__.get("_extras", ())}
        return sorted(name for name in names if name.isidentifier())

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__.setdefault("_extras", OrderedDict())
        super().__setstate__(self.__dict__)

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Returns a snapshot of parameters, buffers and extras; see ``nn.Module``."""
        if _snapshots.copies is not None:
            return super().state_dict(*args, **kwargs)
        _snapshots.copies = {}
        try:
            return super().state_dict(*args, **kwargs)
        finally:
            _snapshots.copies = None

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if keep_vars:
            return
        copies = _snapshots.copies if _snapshots.copies is not None else {}
        for name, buffer in self._buffers.items():
            if buffer is None or prefix + name not in destination:
                continue
            if id(buffer) not in copies:
                copies[id(buffer)] = buffer.detach().clone()
            destination[prefix + name] = copies[id(buffer)]

    def _apply(self, fn: Any, recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        for handle in self.__dict__.values():
            if isinstance(handle, Handle):
                handle._release()
        return self

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        for handle in tuple(self.__dict__.values()):
            if isinstance(handle, Handle):
                handle._prepare_load(state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
