"""Models and configurations that the command line knows by name."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

from torch import nn

from aihwkit.exceptions import ArgumentError
from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogSequential
from aihwkit.simulator.parameters.base import RPUConfigBase
from synaptensor.validation import check_choice, suggest

__all__ = ["INPUT_SHAPES", "MODELS", "make_config", "make_model", "preset_named"]

MODELS = ("fc", "lenet5")
INPUT_SHAPES = {"fc": (1, 28, 28), "lenet5": (1, 28, 28)}


def preset_named(name: str) -> Any:
    """Return a new object of a class in `aihwkit.simulator.presets` or `.configs`.

    Raises:
        ArgumentError: if there is no class of that name.
    """
    from aihwkit.simulator import configs, presets

    places = (presets, configs)
    names = [key for place in places for key in place.__all__]
    for place in places:
        found = getattr(place, name, None)
        if name in place.__all__ and isinstance(found, type) and is_dataclass(found):
            return found()
    raise ArgumentError(f"there is no preset or configuration named {name!r}{suggest(name, names)}")


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
