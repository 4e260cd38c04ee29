"""What all device descriptions have in common."""

from typing import Any, ClassVar

from aihwkit.simulator.parameters.checked import CheckedParameters
from aihwkit.simulator.parameters.enums import RPUDataType
from aihwkit.simulator.parameters.helpers import parameters_to_bindings

__all__ = ["DeviceParameters"]


class DeviceParameters(CheckedParameters):
    """Description of what sits at a cross-point: a single device or a compound of several."""

    bindings_class: ClassVar[str | None] = None
    bindings_module: ClassVar[str] = "devices"

    def as_bindings(self, data_type: RPUDataType = RPUDataType.FLOAT) -> Any:
        """Return the parameter object of the simulator core.

        Raises:
            ConfigError: If the description is wrong; the message names the field.
        """
        return parameters_to_bindings(self, data_type)

    def requires_diffusion(self) -> bool:
        """Return whether weights diffuse after each mini-batch."""
        return bool(getattr(self, "diffusion", 0.0) > 0.0)

    def requires_decay(self) -> bool:
        """Return whether weights decay after each mini-batch."""
        return bool(getattr(self, "lifetime", 0.0) > 0.0)
