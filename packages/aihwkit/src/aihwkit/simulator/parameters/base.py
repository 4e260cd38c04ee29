"""Base class of the RPU configurations."""

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self, Union

from .checked import CheckedParameters
from .runtime import RuntimeParameter

if TYPE_CHECKING:
    from aihwkit.simulator.configs.configs import (
        DigitalRankUpdateRPUConfig,
        InferenceRPUConfig,
        QuantizedTorchInferenceRPUConfig,
        SingleRPUConfig,
        TorchInferenceRPUConfig,
        UnitCellRPUConfig,
    )

__all__ = ["RPUConfigBase", "RPUConfigGeneric"]

RPUConfigGeneric = Union[
    "InferenceRPUConfig",
    "SingleRPUConfig",
    "UnitCellRPUConfig",
    "TorchInferenceRPUConfig",
    "DigitalRankUpdateRPUConfig",
    "QuantizedTorchInferenceRPUConfig",
]
"""Any of the concrete configurations."""


@dataclass
class RPUConfigBase(CheckedParameters):
    """A resistive processing unit: which tile class is built, and with which options."""

    _unknown_attribute_is_error: ClassVar[bool] = False

    tile_class: type
    """Class of the tile module."""

    runtime: RuntimeParameter = field(default_factory=RuntimeParameter, compare=False)
    """Options of the computation; two configurations that differ only here are equal."""

    def as_bindings(self) -> Any:
        """Return what the simulator core needs to build a tile (here: the configuration itself)."""
        return self

    def compatible_with(self, tile_class_name: str) -> bool:
        """Return whether the state of a tile class of this name fits the configuration."""
        return tile_class_name == self.tile_class.__name__

    def get_default_tile_module_class(self, out_size: int = 0, in_size: int = 0) -> type:
        """Return the class of the tile module for a weight matrix of the given size."""
        return self.tile_class

    def create_tile(self, *args: Any, **kwargs: Any) -> Any:
        """Build a tile with this configuration."""
        return self.tile_class(*args, rpu_config=self, **kwargs)

    def copy(self) -> Self:
        """Return an independent copy."""
        return copy.deepcopy(self)
