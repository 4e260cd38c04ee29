"""Conversion of digital models to analog ones, and back."""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from torch.nn import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    Linear,
    Module,
    Sequential,
)

from aihwkit.exceptions import ArgumentError
from aihwkit.nn.modules.base import AnalogLayerBase
from aihwkit.nn.modules.container import AnalogSequential, AnalogWrapper
from aihwkit.nn.modules.conv import AnalogConv1d, AnalogConv2d, AnalogConv3d
from aihwkit.nn.modules.conv_mapped import (
    AnalogConv1dMapped,
    AnalogConv2dMapped,
    AnalogConv3dMapped,
)
from aihwkit.nn.modules.conv_transpose import (
    AnalogConvTranspose1d,
    AnalogConvTranspose2d,
    AnalogConvTranspose3d,
)
from aihwkit.nn.modules.linear import AnalogLinear
from aihwkit.nn.modules.linear_mapped import AnalogLinearMapped
from aihwkit.simulator.parameters.base import RPUConfigBase

__all__ = ["convert_to_analog", "convert_to_digital", "specific_rpu_config_id"]

_DEFAULT_CONVERSION_MAP: dict[type, type] = {
    Linear: AnalogLinear,
    Conv1d: AnalogConv1d,
    Conv2d: AnalogConv2d,
    Conv3d: AnalogConv3d,
    ConvTranspose1d: AnalogConvTranspose1d,
    ConvTranspose2d: AnalogConvTranspose2d,
    ConvTranspose3d: AnalogConvTranspose3d,
    Sequential: AnalogSequential,
}

_DEFAULT_MAPPED_CONVERSION_MAP: dict[type, type] = {
    Linear: AnalogLinearMapped,
    Conv1d: AnalogConv1dMapped,
    Conv2d: AnalogConv2dMapped,
    Conv3d: AnalogConv3dMapped,
    Sequential: AnalogSequential,
}

_DEFAULT_DIGITAL_CONVERSION_SET: set[type] = {
    *_DEFAULT_CONVERSION_MAP.values(),
    *_DEFAULT_MAPPED_CONVERSION_MAP.values(),
}

RPUConfigChoice = Callable[[str, Module, Any], Any]


def specific_rpu_config_id(module_name: str, module: Module, rpu_config: Any) -> Any:
    """Return the configuration as it is, for every module."""
    return rpu_config


def convert_to_analog(
    module: Module,
    rpu_config: RPUConfigBase,
    tile_module_class: type | None = None,
    conversion_map: dict[type, type] | None = None,
    specific_rpu_config_fun: RPUConfigChoice | None = None,
    module_name: str = "",
    ensure_analog_root: bool = True,
    exclude_modules: Collection[str] | None = None,
    inplace: bool = False,
    verbose: bool = False,
) -> Any:
    """Convert a model to its analog counterpart, with the same weights.

    Modules are converted if their class, not a base class, is in the conversion map. A module that
    is used in several places is converted once and stays shared.

    Args:
        module: digital model.
        rpu_config: configuration of all tiles.
        tile_module_class: class of the tile modules; None takes the configuration's choice.
        conversion_map: analog class for each digital class, with a method `from_digital(module,
            rpu_config, tile_module_class)`; None takes linear layers, convolutions and sequences.
        specific_rpu_config_fun: called with name, module and a copy of the configuration; returns
            the configuration of that module.
        module_name: name of the module within a larger model.
        ensure_analog_root: wrap the result so that it has the methods of analog containers.
        exclude_modules: full names of modules to leave digital, with all they contain.
        inplace: change the model instead of a copy of it.
        verbose: print what is converted, and what is not because it is of a derived class.

    Returns:
        The analog model.

    Raises:
        ArgumentError: if the conversion map is no dictionary, or an excluded name does not exist.
    """
    if conversion_map is not None and not isinstance(conversion_map, dict):
        raise ArgumentError(
            f"Conversion map should be a dictionary, got {type(conversion_map).__name__}"
        )
    excluded = frozenset(exclude_modules or ())
    _check_excluded(module, module_name, excluded)
    converter = _ToAnalog(
        rpu_config,
        tile_module_class,
        _DEFAULT_CONVERSION_MAP if conversion_map is None else conversion_map,
        specific_rpu_config_fun or specific_rpu_config_id,
        excluded,
        verbose,
    )
    result = converter.convert(module if inplace else deepcopy(module), module_name)
    if ensure_analog_root and not module_name and not isinstance(result, AnalogLayerBase):
        return AnalogWrapper(result)
    return result


def _check_excluded(module: Module, module_name: str, excluded: frozenset[str]) -> None:
    known = {_join(module_name, name) for name, _ in module.named_modules()}
    unknown = sorted(excluded - known) if not module_name else []
    if unknown:
        raise ArgumentError(f"exclude_modules must name modules of the model, got {unknown}")


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix and name else prefix or name


@dataclass
class _ToAnalog:
    """One run of the conversion; converted modules are remembered by identity."""

    rpu_config: RPUConfigBase
    tile_module_class: type | None
    conversion_map: dict[type, type]
    choose_config: RPUConfigChoice
    excluded: frozenset[str]
    verbose: bool
    # Weak, so that the memory of a digital layer is free once nothing else needs it.
    done: WeakKeyDictionary[Module, Module] = field(default_factory=WeakKeyDictionary)

    def convert(self, module: Module, name: str) -> Module:
        """Return the analog counterpart of a module and all it contains."""
        if name in self.excluded or _is_analog_layer(module):
            return module
        if module not in self.done:
            for child_name in list(module._modules):
                child = module._modules[child_name]
                if child is not None:
                    module._modules[child_name] = self.convert(child, _join(name, child_name))
            self.done[module] = self._convert_itself(module, name)
        return self.done[module]

    def _convert_itself(self, module: Module, name: str) -> Module:
        analog_class: Any = self.conversion_map.get(type(module))
        if analog_class is None:
            self._report_derived(module, name)
            return module
        config = self.choose_config(name, module, deepcopy(self.rpu_config))
        analog: Module = analog_class.from_digital(module, config, self.tile_module_class)
        self._report(f"Converted '{name}' to '{type(analog).__name__}'.")
        return analog

    def _report_derived(self, module: Module, name: str) -> None:
        bases = [cls.__name__ for cls in self.conversion_map if isinstance(module, cls)]
        if bases and not isinstance(module, AnalogLayerBase):
            self._report(
                f"Kept '{name}': {type(module).__name__} derives from {bases[0]}, but only exact "
                "classes of the conversion map are converted."
            )

    def _report(self, text: str) -> None:
        if self.verbose:
            print(text)


def _is_analog_layer(module: Module) -> bool:
    return isinstance(module, AnalogLayerBase) and not module.IS_CONTAINER


def convert_to_digital(
    module: Module,
    conversion_set: set[type] | None = None,
    module_name: str = "",
    inplace: bool = False,
) -> Any:
    """Convert an analog model to its digital counterpart, with the same weights.

    Args:
        module: analog model.
        conversion_set: analog classes to convert, with a method `to_digital(module)`; None takes
            all layers that `convert_to_analog` makes.
        module_name: name of the module within a larger model.
        inplace: change the model instead of a copy of it.

    Returns:
        The digital model.

    Raises:
        ArgumentError: if the conversion set is no set, or a class has no `to_digital`.
    """
    if conversion_set is None:
        conversion_set = _DEFAULT_DIGITAL_CONVERSION_SET
    if not isinstance(conversion_set, (set, frozenset)):
        raise ArgumentError(f"Conversion set should be a set, got {type(conversion_set).__name__}")
    for cls in conversion_set:
        if not hasattr(cls, "to_digital"):
            raise ArgumentError(
                "The conversion set should only contain analog layers that support `to_digital` "
                f"conversion, got {cls.__name__}"
            )
    done: WeakKeyDictionary[Module, Module] = WeakKeyDictionary()
    return _to_digital(module if inplace else deepcopy(module), conversion_set, done)


def _to_digital(
    module: Any, conversion_set: Collection[type], done: WeakKeyDictionary[Module, Module]
) -> Module:
    if module in done:
        return done[module]
    convertible = type(module) in conversion_set or isinstance(module, AnalogWrapper)
    if not _is_analog_layer(module):
        for name in list(module._modules):
            child = module._modules[name]
            if child is not None:
                module._modules[name] = _to_digital(child, conversion_set, done)
    digital = type(module).to_digital(module) if convertible else module
    done[module] = digital
    return digital
