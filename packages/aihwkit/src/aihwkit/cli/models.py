"""Models and configurations that the command line knows by name."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

from torch import nn

from aihwkit.exceptions import ArgumentError
from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogSequential
from aihwkit.simulator.configs.device_base import DeviceParameters
from aihwkit.simulator.parameters.base import RPUConfigBase
from synaptensor.validation import check_choice, suggest

__all__ = [
    "INPUT_SHAPES",
    "MODELS",
    "all_names",
    "device_named",
    "make_config",
    "make_model",
    "preset_named",
]

MODELS = ("fc", "lenet5")
INPUT_SHAPES = {"fc": (1, 28, 28), "lenet5": (1, 28, 28)}


def _places() -> tuple[Any, ...]:
    from aihwkit.simulator import configs, presets

    return presets, configs


def _classes() -> dict[str, type]:
    """Return configurations and devices by name."""
    kinds = (RPUConfigBase, DeviceParameters)
    classes = {
        name: getattr(place, name, None) for place in reversed(_places()) for name in place.__all__
    }
    return {
        name: found
        for name, found in sorted(classes.items())
        if isinstance(found, type) and issubclass(found, kinds) and is_dataclass(found)
    }


def all_names() -> dict[str, list[str]]:
    """Return the names of all configurations and devices."""
    classes = _classes()
    configs = [name for name, found in classes.items() if issubclass(found, RPUConfigBase)]
    return {
        "configurations": configs,
        "devices": [name for name in classes if name not in configs],
    }


def preset_named(name: str) -> Any:
    """Return a new object of a class in `aihwkit.simulator.presets` or `.configs`.

    Raises:
        ArgumentError: if there is no configuration or device of that name.
    """
    classes = _classes()
    if name not in classes:
        raise ArgumentError(
            f"there is no configuration or device named {name!r}{suggest(name, list(classes))} "
            "(`aihwkit list` shows all)"
        )
    return classes[name]()


def device_named(name: str) -> Any:
    """Return a new pulsed device, or that of a configuration.

    Raises:
        ArgumentError: if there is none of that name, or it has no pulses.
    """
    from aihwkit.simulator.configs.pulsed import FloatingPointDevice, IdealDevice

    found = preset_named(name)
    device = getattr(found, "device", None) if isinstance(found, RPUConfigBase) else found
    if not isinstance(device, DeviceParameters) or isinstance(
        device, FloatingPointDevice | IdealDevice
    ):
        raise ArgumentError(f"{name} is not changed by pulses; give a device that is")
    return device


def make_config(name: str) -> RPUConfigBase:
    """Return the configuration of a name.

    Raises:
        ArgumentError: if there is none.
    """
    config = preset_named(name)
    if not isinstance(config, RPUConfigBase):
        raise ArgumentError(f"{name} must be a configuration, got the device {config}")
    return config


def make_model(name: str, config: RPUConfigBase) -> AnalogSequential:
    """Return a classifier of 28 x 28 images in 10 classes.

    Args:
        name: `fc` for 784-256-128-10 with sigmoids, `lenet5` for LeNet5 with hyperbolic tangents.
        config: configuration of all layers.
    """
    check_choice("model", name, MODELS)
    if name == "fc":
        return AnalogSequential(
            nn.Flatten(),
            AnalogLinear(784, 256, rpu_config=config),
            nn.Sigmoid(),
            AnalogLinear(256, 128, rpu_config=config),
            nn.Sigmoid(),
            AnalogLinear(128, 10, rpu_config=config),
            nn.LogSoftmax(dim=1),
        )
    return AnalogSequential(
        AnalogConv2d(1, 16, kernel_size=5, rpu_config=config),
        nn.Tanh(),
        nn.MaxPool2d(kernel_size=2),
        AnalogConv2d(16, 32, kernel_size=5, rpu_config=config),
        nn.Tanh(),
        nn.MaxPool2d(kernel_size=2),
        nn.Tanh(),
        nn.Flatten(),
        AnalogLinear(512, 128, rpu_config=config),
        nn.Tanh(),
        AnalogLinear(128, 10, rpu_config=config),
        nn.LogSoftmax(dim=1),
    )
