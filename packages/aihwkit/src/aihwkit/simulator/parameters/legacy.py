"""Parameter classes of release 0.1, still accepted wherever a `resistive_device` is."""

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from .checked import CheckedParameters, bounded
from .enums import BoundManagementType, NoiseManagementType, PulseType, WeightNoiseType
from .io import IOParameters
from .training import UpdateParameters

__all__ = [
    "AnalogTileBackwardInputOutputParameters",
    "AnalogTileInputOutputParameters",
    "AnalogTileParameters",
    "AnalogTileUpdateParameters",
    "ConstantStepResistiveDeviceParameters",
    "FloatingPointResistiveDeviceParameters",
    "FloatingPointTileParameters",
    "OutputWeightNoiseType",
    "PulsedResistiveDeviceParameters",
    "same_fields",
]

OutputWeightNoiseType = WeightNoiseType

_Parameters = TypeVar("_Parameters", bound=CheckedParameters)


def same_fields(source: Any, target_class: type[_Parameters], **overrides: Any) -> _Parameters:
    """Return an object of another dataclass with the values of the fields that both have."""
    names = {item.name for item in fields(target_class)}  # type: ignore[arg-type]
    values = {
        item.name: getattr(source, item.name) for item in fields(source) if item.name in names
    }
    return target_class(**(values | overrides))


@dataclass
class AnalogTileInputOutputParameters(CheckedParameters):
    """Analog matrix-vector product; see `IOParameters` for the fields."""

    bindings_class: ClassVar[str] = "AnalogTileInputOutputParameter"
    bindings_module: ClassVar[str] = "devices"

    bm_test_negative_bound: bool = True
    bound_management: BoundManagementType = BoundManagementType.ITERATIVE
    inp_bound: float = 1.0
    inp_noise: float = 0.0
    inp_res: float = 1 / (2**7 - 2)
    inp_sto_round: bool = False
    is_perfect: bool = False
    max_bm_factor: int = 1000
    max_bm_res: float = 0.25
    nm_thres: float = 0.0
    noise_management: NoiseManagementType = NoiseManagementType.ABS_MAX
    out_bound: float = 12.0
    out_noise: float = 0.06
    out_res: float = 1 / (2**9 - 2)
    out_scale: float = 1.0
    out_sto_round: bool = False
    w_noise: float = 0.0
    w_noise_type: WeightNoiseType = WeightNoiseType.NONE

    def to_io_parameters(self) -> IOParameters:
        """Return the same settings as `IOParameters`."""
        return same_fields(self, IOParameters)


@dataclass
class AnalogTileBackwardInputOutputParameters(AnalogTileInputOutputParameters):
    """Backward product: without bound management."""

    bound_management: BoundManagementType = BoundManagementType.NONE


@dataclass
class AnalogTileUpdateParameters(CheckedParameters):
    """Pulsed update; see `UpdateParameters` for the fields."""

    bindings_class: ClassVar[str] = "AnalogTileUpdateParameter"
    bindings_module: ClassVar[str] = "devices"

    desired_bl: int = bounded(31, minimum=1)
    fixed_bl: bool = True
    pulse_type: PulseType = PulseType.STOCHASTIC_COMPRESSED
    res: float = 0.0
    sto_round: bool = False
    update_bl_management: bool = True
    update_management: bool = True

    def to_update_parameters(self) -> UpdateParameters:
        """Return the same settings as `UpdateParameters`."""
        return same_fields(self, UpdateParameters)


@dataclass
class FloatingPointTileParameters(CheckedParameters):
    """Diffusion and decay, applied when the tile is asked to and never by an optimizer."""

    bindings_class: ClassVar[str] = "FloatingPointTileParameter"
    bindings_module: ClassVar[str] = "devices"

    diffusion: float = 0.0
    lifetime: float = 0.0


FloatingPointResistiveDeviceParameters = FloatingPointTileParameters


@dataclass
class AnalogTileParameters(CheckedParameters):
    """Products and update of an analog tile."""

    bindings_class: ClassVar[str] = "AnalogTileParameter"
    bindings_module: ClassVar[str] = "devices"

    forward_io: AnalogTileInputOutputParameters = field(
        default_factory=AnalogTileInputOutputParameters
    )
    backward_io: AnalogTileInputOutputParameters = field(
        default_factory=AnalogTileInputOutputParameters
    )
    update: AnalogTileUpdateParameters = field(default_factory=AnalogTileUpdateParameters)


@dataclass
class PulsedResistiveDeviceParameters(FloatingPointTileParameters):
    """Pulsed device; see `PulsedDevice` for the fields.

    Decay goes to 0 here, whatever `reset` is.
    """

    bindings_class: ClassVar[str] = "PulsedResistiveDeviceParameter"

    corrupt_devices_prob: float = bounded(0.0, 0.0, 1.0)
    corrupt_devices_range: float = 1000
    diffusion_dtod: float = 0.0
    dw_min: float = 0.001
    dw_min_dtod: float = 0.3
    dw_min_std: float = 0.3
    enforce_consistency: bool = True
    lifetime_dtod: float = 0.0
    perfect_bias: bool = False
    reset: float = 0.01
    reset_dtod: float = 0.0
    reset_std: float = 0.01
    up_down: float = 0.0
    up_down_dtod: float = 0.01
    w_max: float = bounded(0.6, minimum=0.0)
    w_max_dtod: float = 0.3
    w_min: float = bounded(-0.6, maximum=0.0)
    w_min_dtod: float = 0.3


@dataclass
class ConstantStepResistiveDeviceParameters(PulsedResistiveDeviceParameters):
    """Constant-step device; see `ConstantStepDevice`."""

    bindings_class: ClassVar[str] = "ConstantStepResistiveDeviceParameter"
