"""Parameter classes of devices, compounds and analog tiles."""

from typing import Any, ClassVar

from aihwkit.engine.tiles import AnalogTile, FloatingPointTile
from aihwkit.simulator.rpu_base.core_parameter import CoreParameter
from aihwkit.simulator.rpu_base.enums import BoundManagementType

__all__ = [
    "AbstractResistiveDeviceParameter",
    "AnalogTileInputOutputParameter",
    "AnalogTileParameter",
    "AnalogTileUpdateParameter",
    "DriftParameter",
    "FloatingPointTileParameter",
    "IdealResistiveDeviceParameter",
    "PulsedBaseResistiveDeviceParameter",
    "PulsedResistiveDeviceParameter",
]


class AnalogTileInputOutputParameter(CoreParameter):
    """Parameters of one analog product.

    Three defaults differ from those of `IOParameters`.
    """

    config = ("parameters.io", "IOParameters")

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        own = {
            "bound_management": BoundManagementType["None"],
            "v_offset_w_min": 0.0,
            "slope_calibration": 0.5,
        }
        return super()._defaults() | own


class AnalogTileUpdateParameter(CoreParameter):
    """Parameters of the pulsed update."""

    config = ("parameters.training", "UpdateParameters")


class DriftParameter(CoreParameter):
    """Parameters of the drift."""

    config = ("parameters.inference", "DriftParameter")


class FloatingPointTileParameter(CoreParameter):
    """Parameters of a floating-point tile."""

    config = ("configs.devices", "FloatingPointDevice")

    def create_array(self, x_size: int, d_size: int) -> FloatingPointTile:
        """Make a tile of `x_size` columns and `d_size` rows."""
        return FloatingPointTile(x_size, d_size, self, dtype=self.dtype)


class AnalogTileParameter(CoreParameter):
    """Parameters of an analog tile."""

    def __init__(self) -> None:
        super().__init__()
        self.forward_io = AnalogTileInputOutputParameter()
        self.backward_io = AnalogTileInputOutputParameter()
        self.update = AnalogTileUpdateParameter()

    def create_array(self, n_cols: int, n_rows: int, device_parameter: Any = None) -> AnalogTile:
        """Make a tile of `n_cols` inputs and `n_rows` outputs with the given devices."""
        return AnalogTile(n_cols, n_rows, self, device_parameter, dtype=self.dtype)


class AbstractResistiveDeviceParameter(CoreParameter):
    """What stands at the cross points of an analog tile."""

    kind: ClassVar[str] = ""
    """Name under which the engine knows the device."""

    @property
    def short_name(self) -> str:
        """Name in descriptions of tiles."""
        return self.kind


class IdealResistiveDeviceParameter(AbstractResistiveDeviceParameter):
    """Exact updates."""

    config = ("configs.devices", "IdealDevice")
    kind = "Ideal"

    @property
    def short_name(self) -> str:
        """Name in descriptions of tiles: there is no device to speak of."""
        return "SimpleRPUDevice"


class PulsedBaseResistiveDeviceParameter(AbstractResistiveDeviceParameter):
    """Anything that is updated by pulses."""

    def calc_weight_granularity(self) -> float:
        """Return the mean weight change of one pulse."""
        from aihwkit.engine.granularity import weight_granularity

        return weight_granularity(self)


class PulsedResistiveDeviceParameter(PulsedBaseResistiveDeviceParameter):
    """Base of the single pulsed devices."""

    config = ("configs.devices", "PulsedDevice")
