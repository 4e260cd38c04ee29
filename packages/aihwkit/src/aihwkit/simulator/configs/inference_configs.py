"""Configurations of tiles that are trained digitally and used for analog inference."""

from dataclasses import dataclass, field
from typing import Any

from aihwkit.simulator.parameters.enums import PulseType
from aihwkit.simulator.parameters.inference import (
    WeightClipParameter,
    WeightModifierParameter,
    WeightRemapParameter,
)
from aihwkit.simulator.parameters.io import IOParameters, IOParametersIRDropT
from aihwkit.simulator.parameters.pre_post import (
    PrePostProcessingParameter,
    PrePostProcessingParameterQuant,
)
from aihwkit.simulator.parameters.quantization import ActivationQuantConfig
from aihwkit.simulator.parameters.training import UpdateParameters

from .device_base import DeviceParameters
from .lazy_class import HIDDEN_DEFAULT, class_from, instance_from
from .pulsed import IdealDevice
from .training_configs import IOManagedRPUConfig

__all__ = [
    "InferenceRPUConfig",
    "QuantizedTorchInferenceRPUConfig",
    "TorchInferenceRPUConfig",
    "TorchInferenceRPUConfigIRDropT",
]

_TILES = "aihwkit.simulator.tiles"


@dataclass
class InferenceRPUConfig(IOManagedRPUConfig):
    """Analog forward product, exact backward product and update, programming noise and drift."""

    tile_class: type = field(
        default_factory=class_from(f"{_TILES}.inference", "InferenceTile"), metadata=HIDDEN_DEFAULT
    )
    """Class of the tile module."""

    tile_array_class: type | None = field(
        default_factory=class_from(f"{_TILES}.array", "TileModuleArray"), metadata=HIDDEN_DEFAULT
    )
    """Class of the array of tiles."""

    forward: IOParameters = field(default_factory=IOParameters, metadata={"bindings_include": True})
    """The analog forward product."""

    backward: IOParameters = field(
        default_factory=lambda: IOParameters(is_perfect=True),
        init=False,
        metadata={"bindings_include": True},
    )
    """The exact backward product; no constructor argument."""

    update: UpdateParameters = field(
        default_factory=lambda: UpdateParameters(pulse_type=PulseType.NONE),
        init=False,
        metadata={"bindings_include": True},
    )
    """The exact update; no constructor argument."""

    noise_model: Any = field(
        default_factory=instance_from("aihwkit.inference.noise.pcm", "PCMLikeNoiseModel")
    )
    """Programming noise, drift and read noise of the weights at inference."""

    drift_compensation: Any = field(
        default_factory=instance_from(
            "aihwkit.inference.compensation.drift", "GlobalDriftCompensation"
        )
    )
    """Compensation of the drift; None: none."""

    clip: WeightClipParameter = field(default_factory=WeightClipParameter)
    """Clipping of the weights during training."""

    remap: WeightRemapParameter = field(default_factory=WeightRemapParameter)
    """Remapping of the weights during training."""

    modifier: WeightModifierParameter = field(default_factory=WeightModifierParameter)
    """Noise on the weights during training."""

    device: DeviceParameters = field(default_factory=IdealDevice, init=False)
    """The device; no constructor argument."""

    def compatible_with(self, tile_class_name: str) -> bool:
        """Return whether the state of a tile class of this name fits the configuration."""
        return tile_class_name in (self.tile_class.__name__, "TorchInferenceTile")


@dataclass
class TorchInferenceRPUConfig(InferenceRPUConfig):
    """As `InferenceRPUConfig`, with gradients by torch's automatic differentiation."""

    tile_class: type = field(
        default_factory=class_from(f"{_TILES}.inference_torch", "TorchInferenceTile"),
        metadata=HIDDEN_DEFAULT,
    )
    """Class of the tile module."""

    tile_array_class: type | None = field(
        default_factory=class_from(f"{_TILES}.array", "TileModuleArray"), metadata=HIDDEN_DEFAULT
    )
    """Class of the array of tiles."""

    simulator_tile_class: type = field(
        default_factory=class_from(f"{_TILES}.torch_tile", "TorchSimulatorTile"),
        metadata=HIDDEN_DEFAULT,
    )
    """Class that computes the analog product."""


@dataclass
class QuantizedTorchInferenceRPUConfig(TorchInferenceRPUConfig):
    """Adds quantised digital periphery and outputs."""

    tile_class: type = field(
        default_factory=class_from(
            f"{_TILES}.quantized_inference_torch", "QuantizedTorchInferenceTile"
        ),
        metadata=HIDDEN_DEFAULT,
    )
    """Class of the tile module."""

    pre_post: PrePostProcessingParameter = field(default_factory=PrePostProcessingParameterQuant)
    """Digital processing before and after the analog product."""

    tile_array_class: type | None = field(
        default_factory=class_from(f"{_TILES}.array", "QuantizedTileModuleArray"),
        metadata=HIDDEN_DEFAULT,
    )
    """Class of the array of tiles."""

    act_quant_config: ActivationQuantConfig | None = None
    """Quantiser of the outputs; None: none."""


@dataclass
class TorchInferenceRPUConfigIRDropT(TorchInferenceRPUConfig):
    """Adds time-resolved IR drop."""

    forward: IOParameters = field(
        default_factory=IOParametersIRDropT, metadata={"bindings_include": True}
    )
    """The analog forward product."""

    simulator_tile_class: type = field(
        default_factory=class_from(f"{_TILES}.torch_tile_irdrop_t", "TorchSimulatorTileIRDropT"),
        metadata=HIDDEN_DEFAULT,
    )
    """Class that computes the analog product."""
