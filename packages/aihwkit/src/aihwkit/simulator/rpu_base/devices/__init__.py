"""Parameter objects of devices and analog tiles, and the enumerations they use."""

from aihwkit.simulator.rpu_base.devices.compounds import (
    BufferedTransferResistiveDeviceParameter,
    ChoppedTransferResistiveDeviceParameter,
    DynamicTransferResistiveDeviceParameter,
    MixedPrecResistiveDeviceParameter,
    OneSidedResistiveDeviceParameter,
    TransferResistiveDeviceParameter,
    VectorResistiveDeviceParameter,
)
from aihwkit.simulator.rpu_base.devices.parameters import (
    AbstractResistiveDeviceParameter,
    AnalogTileInputOutputParameter,
    AnalogTileParameter,
    AnalogTileUpdateParameter,
    DriftParameter,
    FloatingPointTileParameter,
    IdealResistiveDeviceParameter,
    PulsedBaseResistiveDeviceParameter,
    PulsedResistiveDeviceParameter,
)
from aihwkit.simulator.rpu_base.devices.single import (
    ConstantStepResistiveDeviceParameter,
    ExpStepResistiveDeviceParameter,
    LinearStepResistiveDeviceParameter,
    PiecewiseStepResistiveDeviceParameter,
    PowStepReferenceResistiveDeviceParameter,
    PowStepResistiveDeviceParameter,
    SoftBoundsReferenceResistiveDeviceParameter,
    SoftBoundsResistiveDeviceParameter,
)
from aihwkit.simulator.rpu_base.enums import (
    AnalogMVType,
    BoundManagementType,
    NoiseManagementType,
    PulseType,
    VectorUnitCellUpdatePolicy,
    WeightNoiseType,
)

AbstractResistiveDevicesParameter = AbstractResistiveDeviceParameter
"""Name in release 0.1."""

OutputWeightNoiseType = WeightNoiseType
"""Name in release 0.1."""

__all__ = [
    "AbstractResistiveDeviceParameter",
    "AbstractResistiveDevicesParameter",
    "AnalogMVType",
    "AnalogTileInputOutputParameter",
    "AnalogTileParameter",
    "AnalogTileUpdateParameter",
    "BoundManagementType",
    "BufferedTransferResistiveDeviceParameter",
    "ChoppedTransferResistiveDeviceParameter",
    "ConstantStepResistiveDeviceParameter",
    "DriftParameter",
    "DynamicTransferResistiveDeviceParameter",
    "ExpStepResistiveDeviceParameter",
    "FloatingPointTileParameter",
    "IdealResistiveDeviceParameter",
    "LinearStepResistiveDeviceParameter",
    "MixedPrecResistiveDeviceParameter",
    "NoiseManagementType",
    "OneSidedResistiveDeviceParameter",
    "OutputWeightNoiseType",
    "PiecewiseStepResistiveDeviceParameter",
    "PowStepReferenceResistiveDeviceParameter",
    "PowStepResistiveDeviceParameter",
    "PulseType",
    "PulsedBaseResistiveDeviceParameter",
    "PulsedResistiveDeviceParameter",
    "SoftBoundsReferenceResistiveDeviceParameter",
    "SoftBoundsResistiveDeviceParameter",
    "TransferResistiveDeviceParameter",
    "VectorResistiveDeviceParameter",
    "VectorUnitCellUpdatePolicy",
    "WeightNoiseType",
]

from aihwkit.simulator.rpu_base.devices import bfloat16, double, half  # noqa: E402, F401
