"""Monitors: forward hooks that feed what they observe to a reducer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import nn

from inferno._internal import argtest, rgetattr
from inferno._internal.weak import WeakReference
from inferno.core import ContextualHook, Module

from .reducers.base import Reducer

__all__ = [
    "DifferenceMonitor",
    "InputMonitor",
    "Monitor",
    "MonitorConstructor",
    "MultiStateMonitor",
    "OutputMonitor",
    "StateMonitor",
]

Filter = Callable[..., bool]
Map = Callable[..., tuple[Any, ...]]
ReducerSource = Reducer | Callable[[], Reducer]


def _identity(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return values


def _astuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _isdefined(value: Any) -> bool:
    return value is not None


def _anydefined(values: tuple[Any, ...]) -> bool:
    return any(value is not None for value in values)


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
        if self.filter_(value):
            self.reducer_(*self.map_(value))


def _callable_attributes(monitor: Monitor, **functions: Callable[..., Any]) -> None:
    """Sets functions as attributes; those that are modules become submodules."""
    for name, function in functions.items():
        setattr(monitor, name, function)


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
        Monitor.__init__(
            self,
            reducer,
            module,
            prehook="_observe",
            prehook_kwargs={"prepend": prepend},
            train_update=train_update,
            eval_update=eval_update,
        )
        _callable_attributes(self, filter_=filter_ or bool, map_=map_ or _identity)

    def _observe(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._record(inputs)

    @classmethod
    def partialconstructor(  # type: ignore[override]
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
                _reducer(reducer),
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
        Monitor.__init__(
            self,
            reducer,
            module,
            posthook="_observe",
            posthook_kwargs={"prepend": prepend},
            train_update=train_update,
            eval_update=eval_update,
        )
        _callable_attributes(self, filter_=filter_ or _isdefined, map_=map_ or _astuple)

    def _observe(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        self._record(output)

    @classmethod
    def partialconstructor(  # type: ignore[override]
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
                _reducer(reducer),
                rgetattr(module, attr),
                train_update,
                eval_update,
                prepend,
                filter_,
                map_,
            )

        return constructor


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
        _callable_attributes(self, filter_=filter_ or _isdefined, map_=map_ or _astuple)

    def _observe(self, module: nn.Module, *args: Any) -> None:
        value: Any = module
        for name in self._path:
            value = getattr(value, name)
        self._record(value)

    @classmethod
    def partialconstructor(  # type: ignore[override]
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
                _reducer(reducer),
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
        if attr:
            argtest.nestedidentifier("attr", attr)
        names = argtest.ofsequence("subattrs", subattrs, argtest.nestedidentifier)
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
        _callable_attributes(self, filter_=filter_ or _anydefined, map_=map_ or _identity)

    def _observe(self, module: nn.Module, *args: Any) -> None:
        self._record(tuple(rgetattr(module, path) for path in self._paths))

    @classmethod
    def partialconstructor(  # type: ignore[override]
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
                _reducer(reducer),
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


def _difference_filter(final: Any, initial: Any) -> bool:
    return final is not None or initial is not None


class _Difference:
    """Applies an operation to the values after and before, element by element of tuples."""

    def __init__(self, op: Callable[[Any, Any], Any]) -> None:
        self.op = op

    def __call__(self, final: Any, initial: Any) -> tuple[Any, ...]:
        after, before = _astuple(final), _astuple(initial)
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
        _callable_attributes(
            self,
            filter_=filter_ or _difference_filter,
            map_=map_ or _Difference(op_ or _subtract),
        )

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
    def partialconstructor(  # type: ignore[override]
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
                _reducer(reducer),
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


def _cloned(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.clone()
    return tuple(_cloned(v) for v in value) if isinstance(value, tuple) else value


def _reducer(source: ReducerSource) -> Reducer:
    return source if isinstance(source, nn.Module) else source()
