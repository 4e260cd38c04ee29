"""What all compounds of devices share."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.parameters.enums import RPUDataType
from aihwkit.simulator.parameters.helpers import parameters_to_bindings

from .device_base import DeviceParameters
from .pulsed import PulsedDevice

__all__ = ["AbstractDeviceError", "UnitCell", "check_inner_device", "warn_of_inner_seeds"]


class AbstractDeviceError(ConfigError, NotImplementedError):
    """A base class was used where a concrete compound is needed."""


def check_inner_device(owner: str, name: str, device: Any) -> None:
    """Refuse anything but a pulsed device or a unit cell as part of a compound.

    Raises:
        ConfigError: If `device` is something else.
    """
    if not isinstance(device, PulsedDevice | UnitCell):
        shown = device.__name__ if isinstance(device, type) else type(device).__name__
        raise ConfigError(
            f"{owner}.{name} must be a pulsed device or a unit cell, got {shown}"
            f"{' (a class; write ' + shown + '())' if isinstance(device, type) else ''}"
        )


def warn_of_inner_seeds(owner: str, devices: Iterable[Any]) -> None:
    """Warn that the construction seed of a device inside a compound has no effect."""
    for device in devices:
        if device.construction_seed != 0:
            warnings.warn(
                f"construction_seed={device.construction_seed} of the {type(device).__name__} "
                f"inside a {owner} has no effect; set it on the {owner}",
                stacklevel=4,
            )
            return


@dataclass
class UnitCell(DeviceParameters):
    """Base of the compounds that keep several devices per cross-point."""

    bindings_ignore: ClassVar[list[str]] = ["diffusion", "lifetime"]

    unit_cell_devices: list = field(default_factory=list)
    """Descriptions of the devices."""

    construction_seed: int = 0
    """Seed of the draws at construction; 0: different every time."""

    def requires_diffusion(self) -> bool:
        """Return whether the weights of any device diffuse after each mini-batch."""
        return any(device.requires_diffusion() for device in self.unit_cell_devices)

    def requires_decay(self) -> bool:
        """Return whether the weights of any device decay after each mini-batch."""
        return any(device.requires_decay() for device in self.unit_cell_devices)

    def as_bindings(self, data_type: RPUDataType = RPUDataType.FLOAT) -> Any:
        """Return the parameter object of the simulator core, with those of the devices in it.

        Raises:
            ConfigError: If the description is wrong; the message names the field.
            NotImplementedError: For the base class itself.
        """
        if self.bindings_class is None:
            raise AbstractDeviceError(
                f"{type(self).__name__} describes no device by itself; use one of VectorUnitCell, "
                "ReferenceUnitCell, OneSidedUnitCell, TransferCompound or their relatives"
            )
        self.check_devices()
        warn_of_inner_seeds(type(self).__name__, self.unit_cell_devices)
        result = parameters_to_bindings(self, data_type)
        for device in self.effective_devices():
            if not result.append_parameter(device.as_bindings(data_type)):
                raise ConfigError(
                    f"a {type(self).__name__} cannot contain a {type(device).__name__}"
                )
        return result

    def check_devices(self) -> None:
        """Check the kind of every device.

        Raises:
            ConfigError: If there is none, or one that cannot be part of a compound.
        """
        owner = type(self).__name__
        if not isinstance(self.unit_cell_devices, list):
            given = type(self.unit_cell_devices).__name__
            raise ConfigError(f"{owner}.unit_cell_devices must be a list, got {given}")
        if not self.unit_cell_devices:
            raise ConfigError(f"{owner}.unit_cell_devices must hold at least one device, got []")
        for index, device in enumerate(self.unit_cell_devices):
            check_inner_device(owner, f"unit_cell_devices[{index}]", device)

    def effective_devices(self) -> list[Any]:
        """Return the descriptions that the simulated cross-point is built from."""
        return list(self.unit_cell_devices)
