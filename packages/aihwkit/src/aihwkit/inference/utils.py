"""Programming and drift of all tiles of any model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch.nn import Module

from aihwkit.exceptions import ModuleError
from aihwkit.inference.noise.base import BaseNoiseModel
from aihwkit.simulator.tiles.inference import InferenceTileWithPeriphery

__all__ = ["drift_analog_weights", "program_analog_weights", "restore_analog_weights"]


def drift_analog_weights(model: Module, t_inference: float = 0.0) -> None:
    """Let the weights of all inference tiles drift from the programming to a time.

    Tiles that are not programmed yet are programmed first. Calls do not add up: each starts from
    the programmed weights, so times may come in any order.

    Args:
        model: any module, in evaluation mode.
        t_inference: seconds since the programming.

    Raises:
        ModuleError: in training mode.
        ValueError: if the time is negative; nothing changes then.
    """
    _require_evaluation(model, "drift_analog_weights")
    for tile in _inference_tiles(model):
        tile.drift_weights(t_inference)


def program_analog_weights(model: Module, noise_model: BaseNoiseModel | None = None) -> None:
    """Program the weights of all inference tiles; other tiles are left alone.

    Args:
        model: any module, in evaluation mode.
        noise_model: replaces the noise model of the configurations; None keeps them.

    Raises:
        ModuleError: in training mode.
    """
    _require_evaluation(model, "program_analog_weights")
    for tile in _inference_tiles(model):
        tile.program_weights(noise_model=noise_model)


def restore_analog_weights(model: Module) -> None:
    """Give all inference tiles the weights that they had before they were programmed.

    Args:
        model: any module; training goes on from the trained weights afterwards.
    """
    for tile in _inference_tiles(model):
        tile.restore_weights()


def _inference_tiles(model: Module) -> Iterator[Any]:
    return (tile for tile in model.modules() if isinstance(tile, InferenceTileWithPeriphery))


def _require_evaluation(model: Module, function: str) -> None:
    if model.training:
        raise ModuleError(
            f"{function} needs a model in evaluation mode, got training mode; call eval() first"
        )
