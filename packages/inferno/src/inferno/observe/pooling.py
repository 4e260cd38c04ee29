"""Observables and the pool that owns their monitors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from inferno._internal import MapAccessor, argtest, unique
from inferno._internal.weak import WeakReference, WeakValues
from inferno.core import Module

from .monitors import Monitor, MonitorConstructor

__all__ = ["MonitorPool", "Observable"]

Pool = Iterator[tuple["Observable", dict[str, Monitor]]]


class Observable:
    """Mix-in for what is monitored through another module, its basis.

    A cell, for example, is monitored through the layer it belongs to: the monitors hook the
    layer, and attribute names of the cell are translated to paths from the layer.

    Args:
        basis: module on which monitors are registered.
        realign: name of the basis' method that gives the path of an attribute.
        realign_args: first positional arguments of that method.
        realign_kwargs: keyword arguments of that method.

    Raises:
        AttributeError: if the basis has no such method.
    """

    def __init__(
        self,
        basis: Module,
        realign: str,
        realign_args: tuple[Any, ...] | None = None,
        realign_kwargs: dict[str, Any] | None = None,
    ) -> None:
        if not hasattr(basis, argtest.identifier("realign", realign)):
            raise AttributeError(f"`realign` must name a method of `basis`, got {realign!r}")
        self._basis = WeakReference(basis)
        self._realign = realign
        self._realign_args = tuple(realign_args or ())
        self._realign_kwargs = dict(realign_kwargs or {})
        self._observing = WeakValues()

    @property
    def basis(self) -> Any:
        """Module on which monitors are registered, ``None`` if it is gone."""
        return self._basis()

    @property
    def monitors(self) -> MapAccessor:
        """The living monitors by name, as items or attributes."""
        return MapAccessor(self._observing)

    def local_remap(self, attr: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Returns the further arguments of the realigning method for an attribute."""
        raise NotImplementedError(f"{type(self).__name__} must implement `local_remap`")

    def realign_attribute(self, attr: str) -> str:
        """Returns the path of an attribute from the basis.

        Raises:
            RuntimeError: if the basis is gone.
        """
        basis = self.basis
        if basis is None:
            raise RuntimeError(f"the basis of this {type(self).__name__} is gone")
        args, kwargs = self.local_remap(attr)
        path: str = getattr(basis, self._realign)(
            *self._realign_args, *args, **self._realign_kwargs, **kwargs
        )
        return path

    def add_monitor(
        self,
        name: str,
        attr: str,
        constructor: MonitorConstructor,
        pool: Pool | None,
        /,
        **tags: Any,
    ) -> Monitor:
        """Makes a monitor of an attribute, or finds one that records the same.

        Args:
            name: name of the monitor.
            attr: monitored attribute.
            constructor: makes the monitor.
            pool: pairs of observables and their monitors among which one with the same
                basis, name, attribute and tags is looked for; ``None`` for none.
            **tags: what else distinguishes monitors.

        Returns:
            The monitor.
        """
        attr = self.realign_attribute(attr)
        if pool is None:
            monitor = constructor(attr, self.basis)
        else:
            tags = {**tags, "_attr": attr}
            monitor = self._alias(name, pool, tags) or constructor(attr, self.basis)
            monitor.__dict__["_tags"] = tags
        self._observing[name] = monitor
        return monitor

    def _alias(self, name: str, pool: Pool, tags: dict[str, Any]) -> Monitor | None:
        found = None
        for observable, monitors in pool:
            if observable.basis is not self.basis or name not in monitors:
                continue
            if monitors[name].__dict__.get("_tags") == tags:
                found = monitors[name]
                if observable is self:
                    break
        return found


class _ModuleTable(nn.Module):
    """Submodules by name, any name that can be part of a state dictionary's keys."""

    def __getitem__(self, name: str) -> Any:
        return self._modules[name]

    def __setitem__(self, name: str, module: nn.Module) -> None:
        if not name or "." in name:
            raise KeyError(f"name must be a non-empty string without '.', got {name!r}")
        self._modules[name] = module

    def __delitem__(self, name: str) -> None:
        del self._modules[name]

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def keys(self) -> Any:
        """The names."""
        return self._modules.keys()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def items(self) -> Any:
        """Pairs of name and module."""
        return self._modules.items()


class MonitorPool(Module):
    """Owns the monitors of observables and lets those that record the same share one."""

    def __init__(self) -> None:
        Module.__init__(self)
        self.monitors_ = _ModuleTable()
        self.observed_ = WeakValues()

    @property
    def monitors(self) -> Iterator[Monitor]:
        """The monitors, each once."""
        return unique(m for group in self.monitors_.values() for m in group.values())

    @property
    def named_monitors(self) -> Iterator[tuple[tuple[str, str], Monitor]]:
        """Pairs of ``(observed, name)`` and monitor; shared ones under each name."""
        for observed, group in self.monitors_.items():
            for name, monitor in group.items():
                yield (observed, name), monitor

    def named_monitors_of(self, observed: str) -> Iterator[tuple[str, Monitor]]:
        """Pairs of name and monitor of one observable."""
        if observed in self.monitors_:
            yield from self.monitors_[observed].items()

    @property
    def pool(self) -> Pool:
        """Pairs of observable and its monitors by name, for living ones with monitors."""
        for name, group in self.monitors_.items():
            observable = self.observed_.get(name)
            if observable is not None:
                yield observable, dict(group.items())

    def add_observed(self, name: str, value: Observable) -> Observable:
        """Adds an observable under a name.

        Raises:
            TypeError: if the value is not an ``Observable``.
            RuntimeError: if the name is in use.
        """
        argtest.instance("value", value, Observable)
        if name in self.observed_:
            raise RuntimeError(f"`name` '{name}' is already in use by an observable")
        if name in self.monitors_:
            raise RuntimeError(
                f"`name` '{name}' is in use by the monitors of an observable that is gone; "
                "remove them with `del_observed`"
            )
        self.observed_[name] = value
        return value

    def get_observed(self, name: str) -> Observable:
        """Returns the observable of a name.

        Raises:
            KeyError: if there is none.
        """
        observable: Observable = self.observed_[name]
        return observable

    def del_observed(self, name: str) -> None:
        """Removes an observable and its monitors."""
        if name in self.monitors_:
            for monitor in tuple(self.monitors_[name]):
                self.del_monitor(name, monitor)
        if name in self.observed_:
            del self.observed_[name]

    def add_monitor(
        self,
        observed: str,
        name: str,
        attr: str,
        constructor: MonitorConstructor,
        unique: bool = False,
        /,
        **tags: Any,
    ) -> Monitor:
        """Adds a monitor of an attribute of an observable.

        The observable's monitor of that name is returned if it has the same attribute and
        tags, or was made as unique; otherwise it is replaced.

        Args:
            observed: name of the observable.
            name: name of the monitor.
            attr: monitored attribute.
            constructor: makes the monitor.
            unique: whether to make a new monitor in any case, and never to share it.
            **tags: what else distinguishes monitors.

        Returns:
            The monitor.

        Raises:
            AttributeError: if there is no observable of that name.
        """
        if observed not in self.observed_:
            raise AttributeError(f"`observed` '{observed}' is not the name of an observable")
        observable = self.observed_[observed]
        existing = self.get_monitor(observed, name)
        if existing is not None:
            known = existing.__dict__.get("_tags")
            same = {**tags, "_attr": observable.realign_attribute(attr)}
            if not unique and (known is None or known == same):
                return existing
        monitor = observable.add_monitor(
            name, attr, constructor, None if unique else self.pool, **tags
        )
        if existing is not None and existing is not monitor:
            self.del_monitor(observed, name)
            observable._observing[name] = monitor
        if observed not in self.monitors_:
            self.monitors_[observed] = _ModuleTable()
        self.monitors_[observed][name] = monitor
        if self.training:
            monitor.register()
        else:
            monitor.deregister()
        return monitor

    def get_monitor(self, observed: str, monitor: str) -> Monitor | None:
        """Returns a monitor of an observable, ``None`` if there is none."""
        if observed not in self.monitors_ or monitor not in self.monitors_[observed]:
            return None
        found: Monitor = self.monitors_[observed][monitor]
        return found

    def del_monitor(self, observed: str, monitor: str) -> None:
        """Removes a monitor; it stops recording unless it is shared.

        Raises:
            AttributeError: if there is none.
        """
        removed = self.get_monitor(observed, monitor)
        if removed is None:
            raise AttributeError(f"'{observed}' has no monitor '{monitor}'")
        group = self.monitors_[observed]
        del group[monitor]
        if not len(group):
            del self.monitors_[observed]
        if all(other is not removed for other in self.monitors):
            removed.deregister()
        observable = self.observed_.get(observed)
        if observable is not None:
            observable._observing.pop(monitor, None)
