"""Monitors of the inputs and outputs of modules."""

from __future__ import annotations

from typing import Any

from torch import nn

from inferno._internal import argtest, rgetattr
from inferno.core import Module
from inferno.observe.reducers.base import Reducer

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

__all__ = ["InputMonitor", "OutputMonitor"]


class InputMonitor(Monitor):
    """Records the positional inputs of a module.

    Args:
        reducer: reducer to which observations are given.
        module: module to observe, may be registered later.
        train_update: whether it records while the module is in training mode.
        eval_update: whether it records while the module is in evaluation mode.
        prepend: whether it runs before the hooks already registered.
        filter_: tells from the tuple of inputs if it is recorded, by default if not empty.
        map_: makes of the tuple of inputs the tuple of arguments of the reducer, identity by
            default.
    """

    def __init__(
        self,
        reducer: Reducer,
        module: nn.Module | None = None,
        train_update: bool = True,
        eval_update: bool = True,
        prepend: bool = False,
        filter_: Filter | None = None,
        map_: Map | None = None,
    ) -> None:
        filter_ = argtest.function("filter_", filter_, bool)
        map_ = argtest.function("map_", map_, identity)
        Monitor.__init__(
            self,
            reducer,
            module,
            prehook="_observe",
            prehook_kwargs={"prepend": prepend},
            train_update=train_update,
            eval_update=eval_update,
        )
        self.filter_ = filter_
        self.map_ = map_

    def _observe(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._record(inputs)

    @classmethod
    def partialconstructor(
        cls,
        reducer: ReducerSource,
        train_update: bool = True,
        eval_update: bool = True,
        prepend: bool = False,
        filter_: Filter | None = None,
        map_: Map | None = None,
    ) -> MonitorConstructor:
        """Returns a function that makes a monitor of the inputs of the module at ``attr``.

        Args:
            reducer: reducer, or a function that makes one for each monitor.
            train_update: whether it records while the module is in training mode.
            eval_update: whether it records while the module is in evaluation mode.
            prepend: whether it runs before the hooks already registered.
            filter_: see the constructor.
            map_: see the constructor.
        """

        def constructor(attr: str, module: Module) -> Monitor:
            return cls(
                make_reducer(reducer),
                rgetattr(module, attr),
                train_update,
                eval_update,
                prepend,
                filter_,
                map_,
            )

        return constructor


class OutputMonitor(Monitor):
    """Records the output of a module.

    Args:
        reducer: reducer to which observations are given.
        module: module to observe, may be registered later.
        train_update: whether it records while the module is in training mode.
        eval_update: whether it records while the module is in evaluation mode.
        prepend: whether it runs before the hooks already registered.
        filter_: tells from the output if it is recorded, by default if not ``None``.
        map_: makes of the output the tuple of arguments of the reducer, by default itself
            or the tuple of it.
    """

    def __init__(
        self,
        reducer: Reducer,
        module: nn.Module | None = None,
        train_update: bool = True,
        eval_update: bool = True,
        prepend: bool = False,
        filter_: Filter | None = None,
        map_: Map | None = None,
    ) -> None:
        filter_ = argtest.function("filter_", filter_, isdefined)
        map_ = argtest.function("map_", map_, astuple)
        Monitor.__init__(
            self,
            reducer,
            module,
            posthook="_observe",
            posthook_kwargs={"prepend": prepend},
            train_update=train_update,
            eval_update=eval_update,
        )
        self.filter_ = filter_
        self.map_ = map_

    def _observe(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        self._record(output)

    @classmethod
    def partialconstructor(
        cls,
        reducer: ReducerSource,
        train_update: bool = True,
        eval_update: bool = True,
        prepend: bool = False,
        filter_: Filter | None = None,
        map_: Map | None = None,
    ) -> MonitorConstructor:
        """Returns a function that makes a monitor of the output of the module at ``attr``.

        Args:
            reducer: reducer, or a function that makes one for each monitor.
            train_update: whether it records while the module is in training mode.
            eval_update: whether it records while the module is in evaluation mode.
            prepend: whether it runs before the hooks already registered.
            filter_: see the constructor.
            map_: see the constructor.
        """

        def constructor(attr: str, module: Module) -> Monitor:
            return cls(
                make_reducer(reducer),
                rgetattr(module, attr),
                train_update,
                eval_update,
                prepend,
                filter_,
                map_,
            )

        return constructor
