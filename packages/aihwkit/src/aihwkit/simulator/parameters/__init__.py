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
    "BoundManagementType",
    "DriftParameter",
    "IOParameters",
    "IOParametersIRDropT",
    "InputRangeParameter",
    "MappingParameter",
    "NoiseManagementType",
    "PrePostProcessingParameter",
    "PrePostProcessingParameterQuant",
    "PulseType",
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
