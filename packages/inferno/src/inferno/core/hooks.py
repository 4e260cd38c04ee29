"""Forward hooks that are gated by training mode and live as long as their objects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from inferno._internal import argtest
from synaptensor.hooks import ManagedHook
from synaptensor.validation import check_flag

from .module import Module

__all__ = ["ContextualHook", "Hook", "StateHook"]


class Hook(ManagedHook):
    """A forward pre-hook and posthook of a module, gated by its training mode.

    Somebody must keep the hook: the hooked module does not, and when the hook dies it no
    longer runs.

    Args:
        prehook: called before ``forward`` as torch calls forward pre-hooks.
        posthook: called after ``forward`` as torch calls forward hooks.
        prehook_kwargs: options of ``register_forward_pre_hook``.
        posthook_kwargs: options of ``register_forward_hook``.
        train_update: whether it runs while the hooked module is in training mode.
        eval_update: whether it runs while the hooked module is in evaluation mode.

    Raises:
        RuntimeError: if neither callable is given.
        TypeError: if one is neither callable nor ``None``.
    """


@dataclass(frozen=True)
class _Method:
    """Stands for the method of a name until the hook runs."""

    name: str

    def __call__(self, *args: Any) -> None:
        raise TypeError(f"method '{self.name}' is called through its hook")


class ContextualHook(Hook):
    """A hook that calls methods of itself; what they return is discarded.

    Args:
        prehook: name of the method called before ``forward``.
        posthook: name of the method called after ``forward``.
        prehook_kwargs: options of ``register_forward_pre_hook``.
        posthook_kwargs: options of ``register_forward_hook``.
        train_update: whether it runs while the hooked module is in training mode.
        eval_update: whether it runs while the hooked module is in evaluation mode.

    Raises:
        RuntimeError: if neither name is given.
    """

    def __init__(
        self,
        prehook: str | None = None,
        posthook: str | None = None,
        *,
        prehook_kwargs: Mapping[str, Any] | None = None,
        posthook_kwargs: Mapping[str, Any] | None = None,
        train_update: bool = True,
        eval_update: bool = True,
    ) -> None:
        self._prename = prehook
        self._postname = posthook
        Hook.__init__(
            self,
            None if prehook is None else _Method(prehook),
            None if posthook is None else _Method(posthook),
            prehook_kwargs=None if prehook is None else prehook_kwargs,
            posthook_kwargs=None if posthook is None else posthook_kwargs,
            train_update=train_update,
            eval_update=eval_update,
        )

    def run_prehook(self, module: nn.Module, *args: Any) -> None:
        """Calls the method for before ``forward``."""
        if self._prename is not None:
            getattr(self, self._prename)(module, *args)

    def run_posthook(self, module: nn.Module, *args: Any) -> None:
        """Calls the method for after ``forward``."""
        if self._postname is not None:
            getattr(self, self._postname)(module, *args)


class StateHook(Module, ContextualHook, ABC):
    """A hook that changes the state of the module it is on; it can also be called.

    The hooked module is kept alive but is not a submodule: mode, device and state
    dictionary of the hook are its own.

    Args:
        module: module on which the hook works.
        train_update: whether it runs while the module is in training mode.
        eval_update: whether it runs while the module is in evaluation mode.
        as_prehook: whether it runs before ``forward`` instead of after.
        prepend: whether it runs before the hooks already registered.
        always_call: whether it runs even if ``forward`` raises (not for pre-hooks).

    Raises:
        TypeError: if the module is not an ``nn.Module``.
    """

    def __init__(
        self,
        module: nn.Module,
        train_update: bool = True,
        eval_update: bool = True,
        *,
        as_prehook: bool = False,
        prepend: bool = False,
        always_call: bool = False,
    ) -> None:
        argtest.instance("module", module, nn.Module)
        as_prehook = check_flag("as_prehook", as_prehook)
        Module.__init__(self)
        # not through setattr: as a submodule it would be saved, moved and switched with us
        self.__dict__["_hooked_module"] = module
        name = "_run_on_call"
        ContextualHook.__init__(
            self,
            prehook=name if as_prehook else None,
            posthook=None if as_prehook else name,
            prehook_kwargs={"prepend": prepend},
            posthook_kwargs={"prepend": prepend, "always_call": always_call},
            train_update=train_update,
            eval_update=eval_update,
        )

    @property
    def module(self) -> nn.Module:
        """The hooked module."""
        module: nn.Module = self._hooked_module
        return module

    @abstractmethod
    def hook(self, module: nn.Module) -> None:
        """Works on the module; implemented by subclasses."""

    def _run_on_call(self, module: nn.Module, *args: Any) -> None:
        self.hook(module)

    def register(self) -> None:  # type: ignore[override]
        """Registers the hook on its module; without effect if it is registered."""
        if not self.registered:
            ContextualHook.register(self, self.module)

    def forward(self, force: bool = False, ignore_mode: bool = False) -> None:
        """Runs the hook now.

        Args:
            force: whether to run it even if it is not registered.
            ignore_mode: whether to run it in any mode of the module.
        """
        if (self.registered or force) and (ignore_mode or self.triggers(self.module)):
            self.hook(self.module)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        before = len(unexpected_keys)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )
        # the reference saved the hooked module along with the hook
        added = unexpected_keys[before:]
        start = prefix + "_hooked_module."
        unexpected_keys[before:] = [key for key in added if not key.startswith(start)]
