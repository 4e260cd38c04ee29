"""Monitor of the changes of an attribute of a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
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
    make_reducer,
)

__all__ = ["DifferenceMonitor"]


def _difference_filter(final: Any, initial: Any) -> bool:
    return final is not None or initial is not None


class _Difference:
    """Applies an operation to the values after and before, element by element of tuples."""

    def __init__(self, op: Callable[[Any, Any], Any]) -> None:
        self.op = op

    def __call__(self, final: Any, initial: Any) -> tuple[Any, ...]:
        after, before = astuple(final), astuple(initial)
        if final is None:
            after = (None,) * len(before)
        if initial is None:
            before = (None,) * len(after)
        return tuple(self._apply(a, b) for a, b in zip(after, before, strict=True))

    def _apply(self, final: Any, initial: Any) -> Any:
        # a value that does not exist on one side counts as zero
        final = torch.zeros_like(initial) if final is None else final
        initial = torch.zeros_like(final) if initial is None else initial
        return self.op(final, initial)


def _subtract(final: Any, initial: Any) -> Any:
    return final - initial


def _cloned(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.clone()
    return tuple(_cloned(v) for v in value) if isinstance(value, tuple) else value


class DifferenceMonitor(Monitor):
    """Records how an attribute of a module changes in each call.

    Args:
        reducer: reducer to which observations are given.
        attr: dotted path of the attribute.
        module: module to observe, may be registered later.
        train_update: whether it records while the module is in training mode.
        eval_update: whether it records while the module is in evaluation mode.
        prepend: whether it runs before the hooks already registered.
        filter_: tells from the values after and before if they are recorded, by default
            unless both are ``None``.
        map_: makes of the values after and before the tuple of arguments of the reducer, by
            default ``op_`` of each element.
        op_: operation on the values after and before, subtraction by default.
        clone: whether the value before is copied, for modules that change it in place.
    """

    def __init__(
        self,
        reducer: Reducer,
        attr: str,
        module: nn.Module | None = None,
        train_update: bool = True,
        eval_update: bool = True,
        prepend: bool = False,
        filter_: Filter | None = None,
        map_: Map | None = None,
        op_: Callable[[Any, Any], Any] | None = None,
        *,
        clone: bool = True,
    ) -> None:
        argtest.nestedidentifier("attr", attr)
        filter_ = argtest.function("filter_", filter_, _difference_filter)
        map_ = argtest.function("map_", map_, _Difference(argtest.function("op_", op_, _subtract)))
        Monitor.__init__(
            self,
            reducer,
            module,
            prehook="_before",
            posthook="_after",
            prehook_kwargs={"prepend": prepend},
            posthook_kwargs={"prepend": prepend},
            train_update=train_update,
            eval_update=eval_update,
        )
        self._attr = attr
        self._clone = bool(clone)
        self.data: Any = None
        self.filter_ = filter_
        self.map_ = map_

    def clear(self, **kwargs: Any) -> None:
        """Clears the reducer and forgets the value before."""
        self.__dict__["data"] = None
        super().clear(**kwargs)

    def _before(self, module: nn.Module, *args: Any) -> None:
        value = rgetattr(module, self._attr)
        if self._clone:
            value = _cloned(value)
        self.__dict__["data"] = value

    def _after(self, module: nn.Module, *args: Any) -> None:
        final, initial = rgetattr(module, self._attr), self.data
        if self.filter_(final, initial):
            self.reducer_(*self.map_(final, initial))
        self.__dict__["data"] = None

    @classmethod
    def partialconstructor(
        cls,
        reducer: ReducerSource,
        train_update: bool = True,
        eval_update: bool = True,
        prepend: bool = False,
        filter_: Filter | None = None,
        map_: Map | None = None,
        op_: Callable[[Any, Any], Any] | None = None,
        *,
        clone: bool = True,
    ) -> MonitorConstructor:
        """Returns a function that makes a monitor of changes of the attribute ``attr``.

        Args:
            reducer: reducer, or a function that makes one for each monitor.
            train_update: whether it records while the module is in training mode.
            eval_update: whether it records while the module is in evaluation mode.
            prepend: whether it runs before the hooks already registered.
            filter_: see the constructor.
            map_: see the constructor.
            op_: see the constructor.
            clone: see the constructor.
        """

        def constructor(attr: str, module: Module) -> Monitor:
            return cls(
                make_reducer(reducer),
                attr,
                module,
                train_update,
                eval_update,
                prepend,
                filter_,
                map_,
                op_,
                clone=clone,
            )

        return constructor
