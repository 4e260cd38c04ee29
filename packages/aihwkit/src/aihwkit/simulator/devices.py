"""Resistive devices of release 0.1, accepted as `resistive_device` by layers and tiles.

A device object joins what is now an RPU configuration: the device, the analog products and the
update. `as_rpu_config` converts it; layers and tiles do so once, when they are built.
"""

from dataclasses import dataclass
from typing import Any

from aihwkit.simulator.configs.pulsed import FloatingPointDevice
from aihwkit.simulator.configs.step_devices import ConstantStepDevice
from aihwkit.simulator.configs.training_configs import FloatingPointRPUConfig, SingleRPUConfig
from aihwkit.simulator.parameters.enums import RPUDataType
from aihwkit.simulator.parameters.helpers import parameters_to_bindings
from aihwkit.simulator.parameters.legacy import (
    AnalogTileBackwardInputOutputParameters,
    AnalogTileInputOutputParameters,
    AnalogTileParameters,
    AnalogTileUpdateParameters,
    ConstantStepResistiveDeviceParameters,
    FloatingPointTileParameters,
    PulsedResistiveDeviceParameters,
    same_fields,
)
from aihwkit.simulator.parameters.mapping import MappableRPU, MappingParameter

__all__ = [
    "BaseResistiveDevice",
    "ConstantStepResistiveDevice",
    "FloatingPointResistiveDevice",
]


@dataclass
class _UnattendedFloatingPointDevice(FloatingPointDevice):
    """Floating-point device that optimizers leave alone."""

    def requires_diffusion(self) -> bool:
        return False

    def requires_decay(self) -> bool:
        return False


@dataclass
class _UnattendedConstantStepDevice(ConstantStepDevice):
    """Constant-step device that optimizers leave alone."""

    def requires_diffusion(self) -> bool:
        return False

    def requires_decay(self) -> bool:
        return False


def _analog_bias_without_split() -> MappingParameter:
    return MappingParameter(digital_bias=False, max_input_size=0, max_output_size=0)


class _AllParameters:
    """Products and update of a device; every other attribute is one of the device parameters."""

    def __init__(self, tile: AnalogTileParameters, device: FloatingPointTileParameters) -> None:
        self.__dict__.update(_tile=tile, _device=device)

    def _owner(self, name: str) -> AnalogTileParameters | FloatingPointTileParameters:
        return self._tile if name in ("forward_io", "backward_io", "update") else self._device

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._owner(name), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._owner(name), name, value)

    def __repr__(self) -> str:
        return f"{self._tile!r}, {self._device!r}"


class BaseResistiveDevice:
    """Base of the resistive devices.

    Attributes:
        params_devices: parameters of the device itself.
    """

    params_devices: FloatingPointTileParameters

    @property
    def params(self) -> Any:
        """All parameters: `params.w_max` reads and writes `params_devices.w_max`."""
        raise NotImplementedError

    def as_rpu_config(self) -> MappableRPU:
        """Return the RPU configuration that the device stands for.

        The bias is an analog column and nothing is split, as it was with these devices.
        """
        raise NotImplementedError

    @staticmethod
    def _parameters_to_bindings(params: Any) -> Any:
        """Return the core's counterpart of one of the parameter objects."""
        return parameters_to_bindings(params, RPUDataType.FLOAT)

    def create_tile(self, x_size: int, d_size: int) -> Any:
        """Return a tile of the simulator core with random weights.

        Args:
            x_size: Number of columns (inputs).
            d_size: Number of rows (outputs).
        """
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]


class FloatingPointResistiveDevice(BaseResistiveDevice):
    """Exact weights.

    Args:
        params_basic: Diffusion and decay.
    """

    def __init__(self, params_basic: FloatingPointTileParameters | None = None) -> None:
        self.params_devices = params_basic or FloatingPointTileParameters()

    @property
    def params(self) -> FloatingPointTileParameters:
        """The same object as `params_devices`."""
        return self.params_devices

    def as_rpu_config(self) -> FloatingPointRPUConfig:
        """Return the RPU configuration that the device stands for."""
        device = same_fields(self.params_devices, _UnattendedFloatingPointDevice)
        return FloatingPointRPUConfig(device=device, mapping=_analog_bias_without_split())

    def create_tile(self, x_size: int, d_size: int) -> Any:
        """Return a floating-point tile with weights uniform in [-0.1, 0.1]."""
        return self.as_rpu_config().device.as_bindings().create_array(x_size, d_size)


class ConstantStepResistiveDevice(BaseResistiveDevice):
    """Device with a constant step.

    Example:
        >>> parameters = PulsedResistiveDeviceParameters(w_min=-0.4)
        >>> device = ConstantStepResistiveDevice(parameters)

    Args:
        params_devices: The device.
        params_forward: The forward product.
        params_backward: The backward product.
        params_update: The update.
    """

    def __init__(
        self,
        params_devices: PulsedResistiveDeviceParameters | None = None,
        params_forward: AnalogTileInputOutputParameters | None = None,
        params_backward: AnalogTileInputOutputParameters | None = None,
        params_update: AnalogTileUpdateParameters | None = None,
    ) -> None:
        self.params_devices: PulsedResistiveDeviceParameters = (
            params_devices or ConstantStepResistiveDeviceParameters()
        )
        self._params_tile = AnalogTileParameters(
            params_forward or AnalogTileInputOutputParameters(),
            params_backward or AnalogTileBackwardInputOutputParameters(),
            params_update or AnalogTileUpdateParameters(),
        )

    @property
    def params(self) -> _AllParameters:
        """`forward_io`, `backward_io` and `update`, and all attributes of `params_devices`."""
        return _AllParameters(self._params_tile, self.params_devices)

    def as_rpu_config(self) -> SingleRPUConfig:
        """Return the RPU configuration that the device stands for."""
        tile = self._params_tile
        device = same_fields(
            self.params_devices, _UnattendedConstantStepDevice, reset=0.0, reset_dtod=0.0
        )
        return SingleRPUConfig(
            device=device,
            forward=tile.forward_io.to_io_parameters(),
            backward=tile.backward_io.to_io_parameters(),
            update=tile.update.to_update_parameters(),
            mapping=_analog_bias_without_split(),
        )

    def create_tile(self, x_size: int, d_size: int) -> Any:
        """Return an analog tile with weights uniform between the mean bounds."""
        config = self.as_rpu_config()
        tile = config.as_bindings().create_array(x_size, d_size, config.device.as_bindings())
        tile.set_weights_uniform_random(self.params_devices.w_min, self.params_devices.w_max)
        return tile
