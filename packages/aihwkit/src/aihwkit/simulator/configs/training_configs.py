"""Configurations of tiles that are trained in analog, and of the floating-point tile."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from aihwkit.simulator.parameters.helpers import runtime_of, tile_parameters_to_bindings
from aihwkit.simulator.parameters.io import IOParameters
from aihwkit.simulator.parameters.mapping import MappableRPU
from aihwkit.simulator.parameters.pre_post import PrePostProcessingRPU
from aihwkit.simulator.parameters.training import UpdateParameters

from .compound_base import UnitCell
from .device_base import DeviceParameters
from .digital_update import DigitalRankUpdateCell
from .lazy_class import HIDDEN_DEFAULT, class_from
from .pulsed import FloatingPointDevice
from .step_devices import ConstantStepDevice

__all__ = [
    "DigitalRankUpdateRPUConfig",
    "FloatingPointRPUConfig",
    "IOManagedRPUConfig",
    "SingleRPUConfig",
    "UnitCellRPUConfig",
]

_TILES = "aihwkit.simulator.tiles"
_TRANSFERRED = {"bindings_include": True}


@dataclass
class FloatingPointRPUConfig(MappableRPU, PrePostProcessingRPU):
    """Exact weights and exact products."""

    tile_class: type = field(
        default_factory=class_from(f"{_TILES}.floating_point", "FloatingPointTile"),
        metadata=HIDDEN_DEFAULT,
    )
    """Class of the tile module."""

    tile_array_class: type | None = field(
        default_factory=class_from(f"{_TILES}.array", "TileModuleArray"), metadata=HIDDEN_DEFAULT
    )
    """Class of the array of tiles."""

    device: FloatingPointDevice = field(default_factory=FloatingPointDevice)
    """Decay, diffusion and drift of the weights."""


@dataclass
class IOManagedRPUConfig(MappableRPU, PrePostProcessingRPU):
    """Base of the configurations with analog products."""

    bindings_class: ClassVar[str | None] = "AnalogTileParameter"
    bindings_module: ClassVar[str] = "devices"

    forward: IOParameters = field(default_factory=IOParameters, metadata=_TRANSFERRED)
    """The analog forward product."""

    backward: IOParameters = field(default_factory=IOParameters, metadata=_TRANSFERRED)
    """The analog backward product."""

    update: UpdateParameters = field(default_factory=UpdateParameters, metadata=_TRANSFERRED)
    """The analog update."""

    def as_bindings(self) -> Any:
        """Return the parameter object of the simulator core.

        Raises:
            ConfigError: If a setting is wrong; the message names it.
        """
        return tile_parameters_to_bindings(self, runtime_of(self).data_type)


@dataclass
class SingleRPUConfig(IOManagedRPUConfig):
    """One device per cross-point."""

    tile_class: type = field(
        default_factory=class_from(f"{_TILES}.analog", "AnalogTile"), metadata=HIDDEN_DEFAULT
    )
    """Class of the tile module."""

    tile_array_class: type | None = field(
        default_factory=class_from(f"{_TILES}.array", "TileModuleArray"), metadata=HIDDEN_DEFAULT
    )
    """Class of the array of tiles."""

    device: DeviceParameters = field(default_factory=ConstantStepDevice)
    """The device."""


@dataclass
class UnitCellRPUConfig(IOManagedRPUConfig):
    """Several devices per cross-point."""

    tile_class: type = field(
        default_factory=class_from(f"{_TILES}.analog", "AnalogTile"), metadata=HIDDEN_DEFAULT
    )
    """Class of the tile module."""

    tile_array_class: type | None = field(
        default_factory=class_from(f"{_TILES}.array", "TileModuleArray"), metadata=HIDDEN_DEFAULT
    )
    """Class of the array of tiles."""

    device: DeviceParameters = field(default_factory=UnitCell)
    """The unit cell; the default describes none and must be replaced."""


@dataclass
class DigitalRankUpdateRPUConfig(IOManagedRPUConfig):
    """Outer products accumulated in digital memory."""

    tile_class: type = field(
        default_factory=class_from(f"{_TILES}.analog", "AnalogTile"), metadata=HIDDEN_DEFAULT
    )
    """Class of the tile module."""

    tile_array_class: type | None = field(
        default_factory=class_from(f"{_TILES}.array", "TileModuleArray"), metadata=HIDDEN_DEFAULT
    )
    """Class of the array of tiles."""

    device: DeviceParameters = field(default_factory=DigitalRankUpdateCell)
    """The compound; the default describes none and must be replaced."""
