"""Monitors of the attributes of modules."""

from __future__ import annotations

from typing import Any

from torch import nn

from inferno._internal import argtest, rgetattr
from inferno.core import Module
from inferno.observe.reducers.base import Reducer
from synaptensor.validation import check_flag

from .base import (
    Filter,
    Map,
    Monitor,
    MonitorConstructor,
    ReducerSource,
    astuple,
    identity,
    isdefined,
    make_reducer,
)

__all__ = ["MultiStateMonitor", "StateMonitor"]


def _anydefined(values: tuple[Any, ...]) -> bool:
    return any(value is not None for value in values)


class StateMonitor(Monitor):
    """Records an attribute of a module at each call.

    Args:
        reducer: reducer to which observations are given.
        attr: dotted path of the attribute.
        module: module to observe, may be registered later.
        as_prehook: whether it records before ``forward`` instead of after.
        train_update: whether it records while the module is in training mode.
        eval_update: whether it records while the module is in evaluation mode.
        prepend: whether it runs before the hooks already registered.
        filter_: tells from the value if it is recorded, by default if not ``None``.
        map_: makes of the value the tuple of arguments of the reducer, by default itself or
            the tuple of it.
    """

    def __init__(
        self,
        reducer: Reducer,
        attr: str,
        module: nn.Module | None = None,
        as_prehook: bool = False,
        train_update: bool = True,
        eval_update: bool = True,
        prepend: bool = False,
        filter_: Filter | None = None,
        map_: Map | None = None,
    ) -> None:
        argtest.nestedidentifier("attr", attr)
        as_prehook = check_flag("as_prehook", as_prehook)
        filter_ = argtest.function("filter_", filter_, isdefined)
        map_ = argtest.function("map_", map_, astuple)
        Monitor.__init__(
            self,
            reducer,
            module,
            prehook="_observe" if as_prehook else None,
            posthook=None if as_prehook else "_observe",
            prehook_kwargs={"prepend": prepend},
            posthook_kwargs={"prepend": prepend},
            train_update=train_update,
            eval_update=eval_update,
        )
        self._path = tuple(attr.split("."))
        self.filter_ = filter_
        self.map_ = map_

    def _observe(self, module: nn.Module, *args: Any) -> None:
        value: Any = module
        try:
            # most paths lead over submodules, which are found here without a search
            for name in self._path[:-1]:
                value = value._modules[name]
        except (AttributeError, KeyError):
            value = module
            for name in self._path[:-1]:
                value = getattr(value, name)
        self._record(getattr(value, self._path[-1]))

    @classmethod
    def partialconstructor(
        cls,
        reducer: ReducerSource,
        as_prehook: bool = False,
        train_update: bool = True,
        eval_update: bool = True,
        prepend: bool = False,
        filter_: Filter | None = None,
        map_: Map | None = None,
    ) -> MonitorConstructor:
        """Returns a function that makes a monitor of the attribute ``attr`` of a module.

        Args:
            reducer: reducer, or a function that makes one for each monitor.
            as_prehook: whether it records before ``forward`` instead of after.
            train_update: whether it records while the module is in training mode.
            eval_update: whether it records while the module is in evaluation mode.
            prepend: whether it runs before the hooks already registered.
            filter_: see the constructor.
            map_: see the constructor.
        """

        def constructor(attr: str, module: Module) -> Monitor:
            return cls(
                make_reducer(reducer),
                attr,
                module,
                as_prehook,
                train_update,
                eval_update,
                prepend,
                filter_,
                map_,
            )

        return constructor


class MultiStateMonitor(Monitor):
    """Records several attributes of a module, or of an attribute of it, at each call.

    Args:
        reducer: reducer to which observations are given.
        attr: dotted path of the object with the attributes, empty for the module.
        subattrs: dotted paths of the attributes from there.
        module: module to observe, may be registered later.
        as_prehook: whether it records before ``forward`` instead of after.
        train_update: whether it records while the module is in training mode.
        eval_update: whether it records while the module is in evaluation mode.
        prepend: whether it runs before the hooks already registered.
        filter_: tells from the tuple of values if it is recorded, by default unless all are
            ``None``.
        map_: makes of the tuple of values the tuple of arguments of the reducer, identity
            by default.
    """

    def __init__(
        self,
        reducer: Reducer,
        attr: str,
        subattrs: tuple[str, ...],
        module: nn.Module | None = None,
        as_prehook: bool = False,
        train_update: bool = True,
        eval_update: bool = True,
        prepend: bool = False,
        filter_: Filter | None = None,
        map_: Map | None = None,
    ) -> None:
        if argtest.instance("attr", attr, str):
            argtest.nestedidentifier("attr", attr)
        as_prehook = check_flag("as_prehook", as_prehook)
        names = argtest.ofsequence("subattrs", subattrs, argtest.nestedidentifier)
        filter_ = argtest.function("filter_", filter_, _anydefined)
        map_ = argtest.function("map_", map_, identity)
        Monitor.__init__(
            self,
            reducer,
            module,
            prehook="_observe" if as_prehook else None,
            posthook=None if as_prehook else "_observe",
            prehook_kwargs={"prepend": prepend},
            posthook_kwargs={"prepend": prepend},
            train_update=train_update,
            eval_update=eval_update,
        )
        self._paths = tuple(f"{attr}.{name}" if attr else name for name in names)
        self.filter_ = filter_
        self.map_ = map_

    def _observe(self, module: nn.Module, *args: Any) -> None:
        self._record(tuple(rgetattr(module, path) for path in self._paths))

    @classmethod
    def partialconstructor(
        cls,
        reducer: ReducerSource,
        subattrs: tuple[str, ...],
        as_prehook: bool = False,
        train_update: bool = True,
        eval_update: bool = True,
        prepend: bool = False,
        filter_: Filter | None = None,
        map_: Map | None = None,
    ) -> MonitorConstructor:
        """Returns a function that makes a monitor of attributes below ``attr`` of a module.

        Args:
            reducer: reducer, or a function that makes one for each monitor.
            subattrs: dotted paths of the attributes from ``attr``.
            as_prehook: whether it records before ``forward`` instead of after.
            train_update: whether it records while the module is in training mode.
            eval_update: whether it records while the module is in evaluation mode.
            prepend: whether it runs before the hooks already registered.
            filter_: see the constructor.
            map_: see the constructor.
        """

        def constructor(attr: str, module: Module) -> Monitor:
            return cls(
                make_reducer(reducer),
                attr,
                subattrs,
                module,
                as_prehook,
                train_update,
                eval_update,
                prepend,
                filter_,
                map_,
            )

        return constructor
