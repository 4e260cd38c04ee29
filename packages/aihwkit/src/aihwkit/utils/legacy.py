"""Checkpoints of older versions.

`load_legacy_checkpoint` reads a file without running code from it, `convert_legacy_checkpoint`
renames and completes what is in it, and `model.load_state_dict` takes the result.
"""

import copy
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch.nn import Module

from aihwkit.exceptions import ArgumentError
from aihwkit.simulator.parameters.mapping import MappableRPU
from aihwkit.simulator.parameters.plain import config_from_plain, config_to_plain

from .legacy_configs import repair_config
from .legacy_files import load_legacy_checkpoint
from .legacy_states import convert_first_release_state, convert_tile_state, is_first_release_state

__all__ = ["convert_legacy_checkpoint", "load_legacy_checkpoint"]

_STATE = "analog_tile_state"
_NEW_KEY = re.compile(r"(^|\.)(analog_module|array\.\d+\.\d+)\.")
_OLD_KEY = re.compile(
    r"^(?P<prefix>(?:.*\.)?)"
    r"(?P<name>analog_tile_state|analog_out_scaling_alpha|analog_ctx|analog_shared_weights)"
    r"(?P<index>(?:_\d+)*)$"
)
_NEW_NAMES = {"analog_out_scaling_alpha": "out_scaling_alpha"}


@dataclass(frozen=True)
class _Layout:
    """Where the tiles of a layer are stored: in one module, an array, or in the layer itself."""

    new_keys: frozenset[str] | None
    mapped_layers: bool

    def place(self, prefix: str, index: str) -> str:
        """Return the new prefix of the tile with an old index such as "_0" or "_1_0"."""
        position = index.replace("_", ".").lstrip(".")
        candidates = [f"{prefix}analog_module."]
        if position not in ("", "0"):
            array = position if "." in position else f"{position}.0"
            candidates = [f"{prefix}analog_module.array.{array}.", f"{prefix}array.{array}."]
        elif self.new_keys is not None:
            candidates.append(f"{prefix}array.0.0.")
        if self.new_keys is not None:
            fitting = [name for name in candidates if name + _STATE in self.new_keys]
            if not fitting:
                raise ArgumentError(
                    f"the checkpoint has a tile {prefix}{_STATE}{index}, the model has none of "
                    f"{[name + _STATE for name in candidates]}"
                )
            return fitting[0]
        if len(candidates) > 1:
            raise ArgumentError(
                f"the checkpoint has mapped layers ({prefix}{_STATE}{index}); give the model, too, "
                "so that their kind is known"
            )
        return candidates[0]


def _layout(model: Module | None) -> _Layout:
    if model is None:
        return _Layout(None, False)
    mapped = any("Mapped" in type(module).__name__ for module in model.modules())
    return _Layout(frozenset(model.state_dict()), mapped)


def convert_legacy_checkpoint(
    legacy_chkpt: Mapping[str, Any], model: Module | None = None
) -> tuple["OrderedDict[str, Any]", MappableRPU | None]:
    """Return a checkpoint of an older version in the present form, and its configuration.

    Understands state dictionaries of releases 0.1 to 0.7 with the configuration objects in them,
    and returns newer ones unchanged except that configuration objects become plain data. Without
    mapped layers in the model, matrices are not split, as it was then.

    Args:
        legacy_chkpt: What `load_legacy_checkpoint` (or `torch.load`) returned; it is not changed.
        model: Model for which it is meant; needed only for mapped layers, and for checkpoints of
            release 0.1 with several layers of one shape.

    Returns:
        The checkpoint, and the configuration of its last tile (None if it has no tile).

    Raises:
        ArgumentError: If the tiles cannot be assigned to layers.
    """
    checkpoint = copy.deepcopy(OrderedDict(legacy_chkpt))
    layout = _layout(model)
    if _STATE in checkpoint and is_first_release_state(checkpoint[_STATE]):
        return _convert_first_release(checkpoint, layout)
    result: OrderedDict[str, Any] = OrderedDict()
    config: MappableRPU | None = None
    analog_layers = {
        match["prefix"] for match in map(_OLD_KEY.match, checkpoint) if match is not None
    }
    for key, value in checkpoint.items():
        match = _OLD_KEY.match(key)
        if match is None or _NEW_KEY.search(key):
            if key.endswith(_STATE):
                value, config = _plain_state(value)
            result[_bias_key(key, analog_layers, layout)] = value
        elif match["name"] == _STATE:
            place = layout.place(match["prefix"], match["index"])
            repaired = repair_config(value["rpu_config"], keep_limits=layout.mapped_layers)
            config = repaired
            result.update(convert_tile_state(value, repaired, place, layout.new_keys))
        elif match["name"] != "analog_shared_weights":
            name = _NEW_NAMES.get(match["name"], match["name"])
            result[layout.place(match["prefix"], match["index"]) + name] = value
    return result, config


def _plain_state(state: Any) -> tuple[Any, MappableRPU | None]:
    config = state.get("rpu_config")
    if isinstance(config, MappableRPU):
        return {**state, "rpu_config": config_to_plain(config)}, config
    return state, config_from_plain(config)


def _bias_key(key: str, analog_layers: set[str], layout: _Layout) -> str:
    """Return the new key of the digital bias of an analog layer, and other keys unchanged."""
    prefix, _, name = key.rpartition(".")
    prefix = f"{prefix}." if prefix else ""
    if name != "bias" or prefix not in analog_layers:
        return key
    moved = f"{prefix}analog_module.bias"
    stays = layout.new_keys is not None and moved not in layout.new_keys
    return key if stays else moved


def _convert_first_release(
    checkpoint: "OrderedDict[str, Any]", layout: _Layout
) -> tuple["OrderedDict[str, Any]", MappableRPU]:
    """Convert a checkpoint of release 0.1, which holds the state of one tile only."""
    state = checkpoint.pop(_STATE)
    shape = (state["out_size"], state["in_size"])
    layers = _layers_of_shape(checkpoint, shape, layout.new_keys)
    if len(layers) != 1:
        raise ArgumentError(
            "a checkpoint of release 0.1 holds the analog state of one layer; it must fit exactly "
            f"one layer of shape {shape}, got {[layer.rstrip('.') for layer in layers]}"
        )
    prefix = layers[0]
    converted, config = convert_first_release_state(state)
    own = {f"{prefix}weight", f"{prefix}bias"}
    result = OrderedDict((key, value) for key, value in checkpoint.items() if key not in own)
    result[f"{prefix}analog_module.{_STATE}"] = converted
    return result, config


def _layers_of_shape(
    checkpoint: Mapping[str, Any], shape: tuple[int, int], new_keys: frozenset[str] | None
) -> list[str]:
    def is_analog(prefix: str) -> bool:
        return new_keys is None or f"{prefix}analog_module.{_STATE}" in new_keys

    prefixes = [
        key.removesuffix("weight")
        for key, value in checkpoint.items()
        if (key == "weight" or key.endswith(".weight")) and value.ndim > 1
    ]
    sizes = {prefix: checkpoint[f"{prefix}weight"].flatten(1).shape for prefix in prefixes}
    return [prefix for prefix, size in sizes.items() if tuple(size) == shape and is_analog(prefix)]
