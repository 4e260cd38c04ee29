"""Containers of analog layers."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import Module, Sequential

from aihwkit.exceptions import ModuleError
from aihwkit.nn.modules.base import AnalogLayerBase
from synaptensor.validation import check_instance

__all__ = ["AnalogContainerBase", "AnalogSequential", "AnalogWrapper"]


class AnalogContainerBase(AnalogLayerBase):
    """Base of modules that hold analog layers and have no tile of their own."""

    IS_CONTAINER: bool = True

    def get_weights(self, **kwargs: Any) -> OrderedDict[str, tuple[Tensor, Tensor | None]]:  # type: ignore[override]
        """Return weight and bias of every tile by the tile's name, such as `0.analog_module`."""
        return OrderedDict(
            (name, tile.get_weights(**kwargs))  # type: ignore[operator]
            for name, tile in self.named_analog_tiles()
        )

    def set_weights(  # type: ignore[override]
        self, weights_dic: dict[str, tuple[Tensor, Tensor | None]], **kwargs: Any
    ) -> None:
        """Write weight and bias of every tile.

        Args:
            weights_dic: what `get_weights` returns.
            **kwargs: keywords of the tiles' `set_weights`.

        Raises:
            ModuleError: if a tile is missing; nothing is written then.
        """
        tiles = list(self.named_analog_tiles())
        for name, _ in tiles:
            if name not in weights_dic:
                raise ModuleError(f"Cannot find tile weight {name!r} in given dictionary.")
        for name, tile in tiles:
            tile.set_weights(*weights_dic[name], **kwargs)  # type: ignore[operator]


class AnalogSequential(AnalogContainerBase, Sequential):  # type: ignore[misc]
    """`torch.nn.Sequential` with the methods of analog containers."""

    @classmethod
    def from_digital(cls, module: Sequential, *args: Any, **kwargs: Any) -> AnalogSequential:
        """Return an analog container over the same children, hooks and attributes."""
        return _with_class(module, cls)

    @classmethod
    def to_digital(cls, module: AnalogSequential, *args: Any, **kwargs: Any) -> Sequential:
        """Return a plain container over the same children, hooks and attributes."""
        return _with_class(module, Sequential)


class AnalogWrapper(AnalogContainerBase):
    """Any module with the methods of analog containers.

    `AnalogWrapper(module)` is an object of a class `AnalogWrapper<ModuleClass>` that derives from
    the class of the module. It shares everything with the module, which should not be used any
    longer.

    Args:
        module: module to wrap.
    """

    SUBCLASSES: ClassVar[dict[type, type]] = {}

    def __new__(cls, module: Module | None = None, **__: Any) -> Any:
        """Make an object of the class that combines the wrapper with the module's class."""
        if cls is not AnalogWrapper or module is None:
            return super().__new__(cls)
        check_instance("module", module, Module)
        return super().__new__(_wrapper_class(type(module)))

    def __init__(self, module: Module) -> None:
        check_instance("module", module, Module)
        self.__dict__.update(module.__dict__)

    def __reduce__(self) -> Any:
        """Pickle by the class of the module, from which the combined class is made again."""
        state = self.__getstate__() if hasattr(self, "__getstate__") else self.__dict__
        return _rebuild_wrapper, (_wrapped_class(type(self)),), state

    @classmethod
    def from_digital(cls, module: Module, *args: Any, **kwargs: Any) -> Any:
        """Return the wrapped module."""
        return AnalogWrapper(module)

    @classmethod
    def to_digital(cls, module: Any, *args: Any, **kwargs: Any) -> Module:
        """Return the module without the wrapper."""
        return _with_class(module, _wrapped_class(type(module)))


def _with_class(module: Module, cls: type) -> Any:
    """Return an object of another class with its own registries over the same parts."""
    new = cls.__new__(cls)  # type: ignore[call-overload]
    registries = {
        key: value.copy() if isinstance(value, (dict, set)) else value
        for key, value in module.__dict__.items()
    }
    new.__dict__.update(registries)
    return new


def _wrapper_class(module_class: type) -> type:
    if issubclass(module_class, AnalogWrapper):
        return module_class
    if module_class not in AnalogWrapper.SUBCLASSES:
        name = f"AnalogWrapper{module_class.__name__}"
        namespace = {"__module__": __name__, "__doc__": module_class.__doc__}
        wrapper = type(name, (AnalogWrapper, module_class), namespace)
        AnalogWrapper.SUBCLASSES[module_class] = wrapper
    return AnalogWrapper.SUBCLASSES[module_class]


def _wrapped_class(wrapper_class: type) -> type:
    return wrapper_class.__mro__[wrapper_class.__mro__.index(AnalogLayerBase) + 1]


def _rebuild_wrapper(module_class: type) -> Any:
    return object.__new__(_wrapper_class(module_class))
