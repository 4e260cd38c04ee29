"""States of single tiles as older versions stored them."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aihwkit.simulator.parameters.mapping import MappableRPU
from aihwkit.simulator.parameters.plain import config_to_plain

__all__ = ["convert_first_release_state", "convert_tile_state", "is_first_release_state"]

_DROPPED = (
    "noise_model",
    "drift_compensation",
    "drift_baseline",
    "drift_readout_tensor",
    "reference_combined_weights",
    "programmed_weights",
    "nu_drift_list",
    "shared_weights",
    "image_sizes",
)
_FIRST_RELEASE_NAMES = [
    "max_bound",
    "min_bound",
    "dwmin_up",
    "dwmin_down",
    "decay_scales",
    "diffusion_rates",
    "reset_bias",
]


def _as_tensor(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.array(value))
    return value


def _mapping_scales(state: dict[str, Any], out_size: int) -> Tensor:
    scales = torch.ones(out_size)
    for name in ("mapping_scales", "analog_alpha_scale"):
        factor = state.pop(name, None)
        if factor is not None:
            scales = scales * torch.as_tensor(factor, dtype=scales.dtype).flatten()
    return scales


def convert_tile_state(
    state: Mapping[str, Any],
    config: MappableRPU,
    prefix: str,
    new_keys: frozenset[str] | None,
) -> "OrderedDict[str, Any]":
    """Return the entries that replace the state of one tile of releases 0.2 to 0.7.

    Args:
        state: The stored state.
        config: Its configuration, already repaired.
        prefix: Prefix of the tile in the new checkpoint.
        new_keys: Keys of the model, if it is known. Scales of 1 are left out if it has none.
    """
    values = {name: _as_tensor(value) for name, value in state.items() if name not in _DROPPED}
    values["rpu_config"] = config_to_plain(config)
    if "bias" in values:
        values["use_bias"] = bool(values.pop("bias"))
    if "analog_tile_class" in values:
        values["analog_tile_class"] = values["analog_tile_class"].removeprefix("Cuda")
    result: OrderedDict[str, Any] = OrderedDict()
    scales = _mapping_scales(values, values["analog_tile_weights"].shape[0])
    name = f"{prefix}mapping_scales"
    expected = config.mapping.weight_scaling_omega > 0 if new_keys is None else name in new_keys
    if expected or bool((scales != 1).any()):
        result[name] = scales
    alpha = values.pop("alpha", None)
    if isinstance(alpha, Tensor):
        result[f"{prefix}alpha"] = alpha
    result[f"{prefix}analog_tile_state"] = values
    return result


def is_first_release_state(state: Any) -> bool:
    """Return whether a tile state is one of release 0.1, with a resistive device in it."""
    return isinstance(state, Mapping) and "resistive_device" in state


def convert_first_release_state(state: Mapping[str, Any]) -> tuple[dict[str, Any], MappableRPU]:
    """Return a tile state of release 0.1 in the present form, and its configuration.

    The reset value of that release had no part in the decay, and so is not taken over.
    """
    config = state["resistive_device"].as_rpu_config()
    weights = _as_tensor(state["analog_tile_weights"]).float()
    result: dict[str, Any] = {
        "rpu_config": config_to_plain(config),
        "analog_tile_class": config.tile_class.__name__,
        "analog_tile_weights": weights,
        "analog_tile_hidden_parameters": torch.empty(0),
        "analog_tile_hidden_parameter_names": [],
        "use_bias": bool(state.get("bias", False)),
    }
    stored = _as_tensor(state.get("analog_tile_hidden_parameters"))
    if stored is not None and stored.numel() > 0:
        hidden = stored.float().reshape(len(_FIRST_RELEASE_NAMES), *weights.shape).clone()
        hidden[_FIRST_RELEASE_NAMES.index("reset_bias")] = 0.0
        drift = torch.zeros_like(hidden[:1])
        result["analog_tile_hidden_parameters"] = torch.cat([hidden, drift])
        result["analog_tile_hidden_parameter_names"] = [*_FIRST_RELEASE_NAMES, "drift_nu"]
    return result, config
