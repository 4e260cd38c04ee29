"""The base class of monitors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from torch import nn

from inferno._internal import argtest
from inferno._internal.weak import WeakReference
from inferno.core import ContextualHook, Module
from inferno.core.module import unhooked
from inferno.observe.reducers.base import Reducer

__all__ = ["Filter", "Map", "Monitor", "MonitorConstructor", "ReducerSource"]

Filter = Callable[..., bool]
Map = Callable[..., tuple[Any, ...]]
ReducerSource = Reducer | Callable[[], Reducer]


def identity(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Returns the values."""
    return values


def astuple(value: Any) -> tuple[Any, ...]:
    """Returns a value that is no tuple in one."""
    return value if isinstance(value, tuple) else (value,)


def isdefined(value: Any) -> bool:
    """Whether a value is not ``None``."""
    return value is not None


def make_reducer(source: ReducerSource) -> Reducer:
    """Returns the reducer, or a new one if a function that makes them is given."""
    return source if isinstance(source, Reducer) else source()


class MonitorConstructor(Protocol):
    """Makes a registered monitor of an attribute of a module."""

    def __call__(self, attr: str, module: Module) -> Monitor:
        """Returns the monitor."""
        ...


class Monitor(Module, ContextualHook):
    """Records what happens in calls of a module, as a forward hook with a reducer.

    Somebody must keep the monitor: the observed module does not. It records when the
    observed module is called in a mode it is meant for; its own mode does not matter.

    Args:
        reducer: reducer to which observations are given.
        module: module to observe, may be registered later.
        prehook: name of the method called before ``forward`` of the module.
        posthook: name of the method called after it.
        prehook_kwargs: options of ``register_forward_pre_hook``.
        posthook_kwargs: options of ``register_forward_hook``.
        train_update: whether it records while the module is in training mode.
        eval_update: whether it records while the module is in evaluation mode.

    Raises:
        RuntimeError: if neither method name is given.
        TypeError: if ``reducer`` is no module.
    """

    def __init__(
        self,
        reducer: Reducer,
        module: nn.Module | None = None,
        prehook: str | None = None,
        posthook: str | None = None,
        prehook_kwargs: dict[str, Any] | None = None,
        posthook_kwargs: dict[str, Any] | None = None,
        train_update: bool = True,
        eval_update: bool = True,
    ) -> None:
        argtest.instance("reducer", reducer, nn.Module)
        Module.__init__(self)
        ContextualHook.__init__(
            self,
            prehook=prehook,
            posthook=posthook,
            prehook_kwargs=prehook_kwargs,
            posthook_kwargs=posthook_kwargs,
            train_update=train_update,
            eval_update=eval_update,
        )
        self._observed: WeakReference | None = None
        if module is not None:
            self.register(module)
        self.reducer_ = reducer

    @classmethod
    def partialconstructor(cls, *args: Any, **kwargs: Any) -> MonitorConstructor:
        """Returns a function of attribute and module that makes a registered monitor."""
        raise NotImplementedError(f"{cls.__name__} must implement `partialconstructor`")

    @property
    def reducer(self) -> Reducer:
        """The reducer to which observations are given."""
        reducer: Reducer = self.reducer_
        return reducer

    @property
    def latest(self) -> Any:
        """The newest state of the reducer."""
        return self.reducer_.latest

    def peek(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the newest state of the reducer."""
        return self.reducer_.peek(*args, **kwargs)

    def view(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the state of the reducer at a time before the present."""
        return self.reducer_.view(*args, **kwargs)

    def dump(self, *args: Any, **kwargs: Any) -> Any:
        """Returns all states of the reducer."""
        return self.reducer_.dump(*args, **kwargs)

    def clear(self, **kwargs: Any) -> None:
        """Clears the reducer."""
        self.reducer_.clear(**kwargs)

    def register(self, module: nn.Module | None = None) -> None:
        """Registers the monitor on a module, by default the one it was on last.

        Args:
            module: module to observe.

        Raises:
            TypeError: if the module is not an ``nn.Module``.
            RuntimeError: if the monitor is registered already and a module is given, or is
                not registered and there is no module to return to.
        """
        if module is None:
            if self.registered:
                return
            module = None if self._observed is None else self._observed()
            if module is None:
                raise RuntimeError(
                    f"{type(self).__name__}(Monitor) has no module to register to; give one"
                )
        argtest.instance("module", module, nn.Module)
        if self.registered:
            raise RuntimeError(
                f"{type(self).__name__}(Monitor) is already registered to a module so "
                "register() was ignored"
            )
        ContextualHook.register(self, module)
        self._observed = WeakReference(module)

    def _record(self, value: Any) -> None:
        if value is not None if self.filter_ is isdefined else self.filter_(value):
            reducer: Any = self._modules["reducer_"]
            fold = reducer.forward if unhooked(reducer) else reducer
            fold(*self.map_(value))
