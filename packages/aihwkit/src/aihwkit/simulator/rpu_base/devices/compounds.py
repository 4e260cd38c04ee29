"""Parameter classes of compounds of several devices."""

from typing import Any

from aihwkit.simulator.rpu_base.devices.parameters import (
    PulsedBaseResistiveDeviceParameter,
    PulsedResistiveDeviceParameter,
)

__all__ = [
    "BufferedTransferResistiveDeviceParameter",
    "ChoppedTransferResistiveDeviceParameter",
    "DynamicTransferResistiveDeviceParameter",
    "MixedPrecResistiveDeviceParameter",
    "OneSidedResistiveDeviceParameter",
    "TransferResistiveDeviceParameter",
    "VectorResistiveDeviceParameter",
]


def _name(parameter: Any) -> str:
    return getattr(parameter, "short_name", type(parameter).__name__)


class VectorResistiveDeviceParameter(PulsedBaseResistiveDeviceParameter):
    """Several devices whose weights are added."""

    config = ("configs.compounds", "VectorUnitCell")
    kind = "Vector"

    def __init__(self) -> None:
        super().__init__()
        self.devices: list[PulsedBaseResistiveDeviceParameter] = []

    def append_parameter(self, parameter: Any) -> bool:
        """Add a device; False if it cannot be part of the cell."""
        if not isinstance(parameter, PulsedBaseResistiveDeviceParameter):
            return False
        self.devices.append(parameter)
        return True

    @property
    def short_name(self) -> str:
        """Kind, number of devices and kind of the first of them."""
        names = [_name(device) for device in self.devices[:1]]
        return ":".join([f"{self.kind}({len(self.devices)})", *names])


class OneSidedResistiveDeviceParameter(VectorResistiveDeviceParameter):
    """Two devices that receive up pulses only, subtracted."""

    config = ("configs.compounds", "OneSidedUnitCell")
    kind = "OneSided"

    def append_parameter(self, parameter: Any) -> bool:
        """Add a device; False unless it is a single pulsed device."""
        if not isinstance(parameter, PulsedResistiveDeviceParameter):
            return False
        return super().append_parameter(parameter)


class TransferResistiveDeviceParameter(VectorResistiveDeviceParameter):
    """A fast device whose weights are transferred to slower ones."""

    config = ("configs.compounds", "TransferCompound")
    kind = "Transfer"

    @property
    def short_name(self) -> str:
        """Kind, number of devices, and kinds of the fast and of the slow ones."""
        names = " -> ".join(_name(device) for device in self.devices[:2])
        return f"{self.kind}({len(self.devices)}): {names}"


class BufferedTransferResistiveDeviceParameter(TransferResistiveDeviceParameter):
    """Transfer through a digital buffer."""

    config = ("configs.compounds", "BufferedTransferCompound")
    kind = "BufferedTransfer"


class ChoppedTransferResistiveDeviceParameter(TransferResistiveDeviceParameter):
    """Buffered transfer with choppers."""

    config = ("configs.compounds", "ChoppedTransferCompound")
    kind = "ChoppedTransfer"


class DynamicTransferResistiveDeviceParameter(ChoppedTransferResistiveDeviceParameter):
    """Chopped transfer with a dynamic reference."""

    config = ("configs.compounds", "DynamicTransferCompound")
    kind = "DynamicTransfer"


class MixedPrecResistiveDeviceParameter(PulsedBaseResistiveDeviceParameter):
    """Outer products accumulated digitally, whole steps written to the device."""

    config = ("configs.compounds", "MixedPrecisionCompound")
    kind = "MixedPrecision"

    def set_device_parameter(self, parameter: Any) -> bool:
        """Set the device; False if it is not updated by pulses."""
        if not isinstance(parameter, PulsedBaseResistiveDeviceParameter):
            return False
        self.device = parameter
        return True

    @property
    def short_name(self) -> str:
        """Kind of the device in brackets."""
        return f"MixedPrec[{_name(self.device)}]"
