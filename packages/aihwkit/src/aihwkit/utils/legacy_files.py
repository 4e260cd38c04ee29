"""Files of older versions, which hold pickled configuration objects."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from os import PathLike
from typing import IO, Any

import numpy as np
import torch

__all__ = ["load_legacy_checkpoint"]

_MODULES = (
    "aihwkit.simulator.configs.compounds",
    "aihwkit.simulator.configs.configs",
    "aihwkit.simulator.configs.devices",
    "aihwkit.simulator.configs.utils",
    "aihwkit.simulator.devices",
    "aihwkit.simulator.digital_low_precision.config_utils",
    "aihwkit.simulator.digital_low_precision.range_estimators",
    "aihwkit.simulator.parameters",
    "aihwkit.simulator.parameters.enums",
    "aihwkit.simulator.parameters.inference",
    "aihwkit.simulator.parameters.io",
    "aihwkit.simulator.parameters.mapping",
    "aihwkit.simulator.parameters.pre_post",
    "aihwkit.simulator.parameters.quantization",
    "aihwkit.simulator.parameters.runtime",
    "aihwkit.simulator.parameters.training",
    "aihwkit.simulator.presets.compounds",
    "aihwkit.simulator.presets.configs",
    "aihwkit.simulator.presets.devices",
    "aihwkit.simulator.presets.inference",
    "aihwkit.simulator.presets.utils",
    "aihwkit.simulator.presets.web",
    "aihwkit.simulator.tiles",
    "aihwkit.simulator.tiles.array",
    "aihwkit.simulator.tiles.analog",
    "aihwkit.simulator.tiles.floating_point",
    "aihwkit.simulator.tiles.custom",
    "aihwkit.simulator.tiles.inference",
    "aihwkit.simulator.tiles.inference_torch",
    "aihwkit.simulator.tiles.quantized_inference_torch",
    "aihwkit.simulator.tiles.torch_tile",
    "aihwkit.simulator.tiles.torch_tile_irdrop_t",
    "aihwkit.simulator.tiles.transfer",
    "aihwkit.inference.noise.custom",
    "aihwkit.inference.noise.hermes",
    "aihwkit.inference.noise.pcm",
    "aihwkit.inference.noise.reram",
    "aihwkit.inference.converter.conductance",
    "aihwkit.inference.converter.fusion",
    "aihwkit.inference.compensation.drift",
)


def _numpy_globals() -> list[Any]:
    reconstruct = np.array(0.0).__reduce__()[0]
    types = {type(np.dtype(name)) for name in ("float32", "float64", "int32", "int64", "bool")}
    return [reconstruct, np.ndarray, np.dtype, *types]


def _own_classes() -> Iterator[Any]:
    """Yield each class of this package under every name that an old file may use for it."""
    for module_name in _MODULES:
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as error:
            if not str(error.name).startswith("aihwkit"):
                raise
            continue
        for name, value in vars(module).items():
            if inspect.isclass(value) and value.__module__.startswith("aihwkit."):
                yield value
                yield (value, f"{module_name}.{name}")


def load_legacy_checkpoint(file: str | PathLike[str] | IO[bytes], map_location: Any = "cpu") -> Any:
    """Read a checkpoint of an older version without running code from it.

    Only configuration classes of this package, its tiles and noise models by name, numpy arrays and
    what torch itself allows are built.

    Args:
        file: Name of the file, or an open file.
        map_location: Where tensors go, as in `torch.load`.

    Raises:
        pickle.UnpicklingError: If the file needs another class.
    """
    allowed = [*_own_classes(), *_numpy_globals()]
    with torch.serialization.safe_globals(allowed):
        return torch.load(file, map_location=map_location, weights_only=True)
