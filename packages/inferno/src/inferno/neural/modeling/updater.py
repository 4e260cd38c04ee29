"""Accumulation and application of updates to the parameters of a module."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn

from inferno import Module
from inferno._internal.weak import WeakReference
from inferno.core.module import unhooked
from synaptensor.validation import check_instance

from .accumulator import Accumulator
from .terms import OuterSum

__all__ = ["Updatable", "Updater"]


class Updater(Module):
    """Holds one accumulator for each updatable parameter of a module.

    Every parameter is a property of the updater: reading gives its
    `Accumulator`, assigning a pair appends a potentiating and a depressing
    part, assigning a tensor appends a potentiating part, deleting clears both.

    Args:
        module: module whose parameters are updated, held weakly.
        *params: names of attributes of ``module``.
        reduction: how contributions are reduced; a sum if ``None``.
        **kwargs: ignored.

    Raises:
        RuntimeError: if ``module`` lacks one of ``params``.
    """

    def __init__(
        self,
        module: Updatable,
        *params: str,
        reduction: Callable[[Tensor, int], Tensor] | None = None,
        **kwargs: Any,
    ) -> None:
        for name in params:
            if not hasattr(module, name):
                raise RuntimeError(
                    f"`params` must name attributes of {type(module).__name__}, got {name!r}"
                )
        Module.__init__(self)
        self._parent = WeakReference(module)
        self.updates_ = nn.ModuleDict({name: Accumulator() for name in params})
        if reduction is not None:
            for accumulator in self._accumulators().values():
                accumulator.reduction(reduction)
        self.__class__ = _updater_class(type(module).__name__, tuple(self.updates_))

    @staticmethod
    def _getacc_(self: Updater, attr: str) -> Accumulator:
        return self.updates_[attr]  # type: ignore[return-value]

    @staticmethod
    def _setacc_(
        self: Updater, value: Tensor | OuterSum | tuple[Any, Any] | None, attr: str
    ) -> None:
        accumulator = self.updates_[attr]
        if isinstance(value, tuple):
            accumulator.pos, accumulator.neg = value
        else:
            accumulator.pos = value  # type: ignore[assignment]

    @staticmethod
    def _delacc_(self: Updater, attr: str) -> None:
        self.updates_[attr].clear()  # type: ignore[operator]

    @property
    def parent(self) -> Updatable | None:
        """Module whose parameters are updated, ``None`` if it no longer exists."""
        return self._parent()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the updated parameters."""
        return tuple(self.updates_)

    def clear(self, **kwargs: Any) -> None:
        """Removes all pending updates."""
        for accumulator in self._accumulators().values():
            accumulator.clear(**kwargs)

    def forward(self, *params: str, **kwargs: Any) -> None:
        """Applies pending updates without removing them.

        Args:
            *params: names of the parameters to update; all if none is given.
            **kwargs: passed to the accumulators.

        Raises:
            RuntimeError: if the updated module no longer exists.
        """
        parent = self.parent
        if parent is None:
            raise RuntimeError("the module that this updater belongs to no longer exists")
        accumulators = self._accumulators()
        for name in params or accumulators:
            value, accumulator = getattr(parent, name), accumulators[name]
            if not kwargs and unhooked(accumulator) and accumulator.update_(value):
                # setters may do more than set, such as mask
                setattr(parent, name, value)
                continue
            updated = accumulator(value, **kwargs)
            if updated is not value:
                setattr(parent, name, updated)

    def _accumulators(self) -> dict[str, Any]:
        return self._modules["updates_"]._modules  # type: ignore[union-attr]

    def __reduce__(self) -> tuple[Any, ...]:
        name = type(self).__name__.removesuffix("Updater")
        return _blank_updater, (name, self.names), self.__dict__


class Updatable(ABC):
    """Mixin for modules whose parameters can be updated through an `Updater`."""

    def __init__(self) -> None:
        self.updater_: Updater | None = None

    @property
    def updater(self) -> Updater | None:
        """Updater of the module, if it has one; deleting removes it."""
        return self.updater_

    @updater.setter
    def updater(self, value: Updater) -> None:
        self.updater_ = check_instance("updater", value, Updater)

    @updater.deleter
    def updater(self) -> None:
        self.updater_ = None

    @property
    def updatable(self) -> bool:
        """Whether the module has an updater."""
        return self.updater_ is not None

    @abstractmethod
    def defaultupdater(self, *includes: str, **kwargs: Any) -> Updater:
        """Builds an updater for the trainable parameters, without attaching it."""
        raise NotImplementedError(f"{type(self).__name__} must define `defaultupdater`")

    def clear(self, **kwargs: Any) -> None:
        """Removes pending updates."""
        if self.updater_ is not None:
            self.updater_.clear(**kwargs)

    def update(self, clear: bool = True, **kwargs: Any) -> None:
        """Applies pending updates; does nothing without an updater.

        Args:
            clear: remove the updates afterwards.
            **kwargs: passed to the updater.
        """
        updater = self.updater_
        if updater is not None:
            updater(**kwargs)
            if clear:
                updater.clear(**kwargs)

    def updatesome(self, *params: str, clear: bool = True, **kwargs: Any) -> None:
        """Applies pending updates of some parameters.

        Args:
            *params: names of the parameters to update.
            clear: remove their updates afterwards.
            **kwargs: passed to the updater.

        Raises:
            TypeError: if the module has no updater.
        """
        updater = self.updater_
        if updater is None:
            raise TypeError(f"`updater` of {type(self).__name__} must be set, got None")
        for name in params:
            updater(name, **kwargs)
            if clear:
                delattr(updater, name)


@functools.cache
def _updater_class(parent_name: str, params: tuple[str, ...]) -> type[Updater]:
    accessors = {
        name: property(
            partial(Updater._getacc_, attr=name),
            partial(Updater._setacc_, attr=name),
            partial(Updater._delacc_, attr=name),
            f"Accumulator of the updates to ``{name}``.",
        )
        for name in params
    }
    return type(f"{parent_name}Updater", (Updater,), {"__module__": __name__} | accessors)


def _blank_updater(parent_name: str, params: tuple[str, ...]) -> Updater:
    cls = _updater_class(parent_name, params)
    return cls.__new__(cls)
