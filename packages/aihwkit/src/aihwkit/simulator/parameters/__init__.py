"""Parameter dataclasses and enumerations from which the RPU configurations are built."""

from .enums import (
    AnalogContextDataViewMode,
    AnalogMVType,
    BoundManagementType,
    NoiseManagementType,
    PulseType,
    RPUDataType,
    VectorUnitCellUpdatePolicy,
    WeightClipType,
    WeightModifierType,
    WeightNoiseType,
    WeightRemapType,
)
from .inference import (
    DriftParameter,
    SimpleDriftParameter,
    WeightClipParameter,
    WeightModifierParameter,
    WeightRemapParameter,
)
from .io import IOParameters, IOParametersIRDropT
from .legacy import (
    AnalogTileBackwardInputOutputParameters,
    AnalogTileInputOutputParameters,
    AnalogTileParameters,
    AnalogTileUpdateParameters,
    ConstantStepResistiveDeviceParameters,
    FloatingPointResistiveDeviceParameters,
    FloatingPointTileParameters,
    OutputWeightNoiseType,
    PulsedResistiveDeviceParameters,
)
from .mapping import MappingParameter
from .plain import config_from_plain, config_to_plain, register_plain_class
from .pre_post import (
    InputRangeParameter,
    PrePostProcessingParameter,
    PrePostProcessingParameterQuant,
)
from .runtime import RuntimeParameter
from .training import UpdateParameters

__all__ = [
    "AnalogContextDataViewMode",
    "AnalogMVType",
    "AnalogTileBackwardInputOutputParameters",
    "AnalogTileInputOutputParameters",
    "AnalogTileParameters",
    "AnalogTileUpdateParameters",
    "BoundManagementType",
    "ConstantStepResistiveDeviceParameters",
    "DriftParameter",
    "FloatingPointResistiveDeviceParameters",
    "FloatingPointTileParameters",
    "IOParameters",
    "IOParametersIRDropT",
    "InputRangeParameter",
    "MappingParameter",
    "NoiseManagementType",
    "OutputWeightNoiseType",
    "PrePostProcessingParameter",
    "PrePostProcessingParameterQuant",
    "PulseType",
    "PulsedResistiveDeviceParameters",
    "RPUDataType",
    "RuntimeParameter",
    "SimpleDriftParameter",
    "UpdateParameters",
    "VectorUnitCellUpdatePolicy",
    "WeightClipParameter",
    "WeightClipType",
    "WeightModifierParameter",
    "WeightModifierType",
    "WeightNoiseType",
    "WeightRemapParameter",
    "WeightRemapType",
    "config_from_plain",
    "config_to_plain",
    "register_plain_class",
]
