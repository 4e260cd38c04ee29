"""Which configuration a tile gets from what a program passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aihwkit.exceptions import ArgumentError, ConfigError
from aihwkit.simulator.parameters.base import RPUConfigBase

__all__ = ["as_rpu_config", "default_layer_config", "device_of", "is_resistive_device"]


def is_resistive_device(value: Any) -> bool:
    """Tell whether a value is a device of the first interface, which knows its configuration."""
    return hasattr(value, "as_rpu_config")


def as_rpu_config(
    rpu_config: Any, resistive_device: Any, default: Callable[[], RPUConfigBase]
) -> RPUConfigBase:
    """Return the configuration meant by a configuration, a device of the first interface, or none.

    Raises:
        ArgumentError: if both are given.
        TypeError: if the value is neither.
    """
    if rpu_config is not None and resistive_device is not None:
        raise ArgumentError(
            "rpu_config and resistive_device mean the same thing; give one of them, got both"
        )
    value = rpu_config if resistive_device is None else resistive_device
    if value is None:
        return default()
    if is_resistive_device(value):
        return value.as_rpu_config()
    if not isinstance(value, RPUConfigBase):
        raise TypeError(
            f"rpu_config must be a configuration or a resistive device, got {type(value).__name__}"
        )
    return value


def default_layer_config() -> RPUConfigBase:
    """Return the configuration of a layer that is built without one.

    Exact floating-point tile with the bias in the tile, not split: the layer learns as its digital
    counterpart does with stochastic gradient descent.
    """
    from aihwkit.simulator.configs.configs import FloatingPointRPUConfig
    from aihwkit.simulator.parameters.mapping import MappingParameter

    mapping = MappingParameter(digital_bias=False, max_input_size=0, max_output_size=0)
    return FloatingPointRPUConfig(mapping=mapping)


def device_of(rpu_config: Any) -> Any:
    """Return the resistive device of a configuration.

    Raises:
        ConfigError: if the configuration is not one for tiles with devices.
    """
    if not hasattr(rpu_config, "device"):
        raise ConfigError(
            "rpu_config must have a device, as SingleRPUConfig has, got a "
            f"{type(rpu_config).__name__}"
        )
    return rpu_config.device
