"""Defaults of the web composer."""

from aihwkit.simulator.configs.inference_configs import InferenceRPUConfig
from aihwkit.simulator.parameters.enums import WeightClipType, WeightModifierType
from aihwkit.simulator.parameters.inference import WeightClipParameter, WeightModifierParameter
from aihwkit.simulator.parameters.io import IOParameters
from aihwkit.simulator.parameters.mapping import MappingParameter

from .factory import preset_class
from .utils import PRESET_IO_VALUES

__all__ = [
    "OldWebComposerInferenceRPUConfig",
    "OldWebComposerMappingParameter",
    "WebComposerIOParameters",
    "WebComposerInferenceRPUConfig",
    "WebComposerMappingParameter",
    "WebComposerWeightClipParameter",
    "WebComposerWeightModifierParameter",
]

WebComposerIOParameters = preset_class(
    __name__,
    "WebComposerIOParameters",
    IOParameters,
    "Products of the web composer, the same as of the training presets.",
    PRESET_IO_VALUES,
)

WebComposerWeightModifierParameter = preset_class(
    __name__,
    "WebComposerWeightModifierParameter",
    WeightModifierParameter,
    "Additive noise of 10 % of the largest weight.",
    {"type": WeightModifierType.ADD_NORMAL, "std_dev": 0.1},
)

WebComposerWeightClipParameter = preset_class(
    __name__,
    "WebComposerWeightClipParameter",
    WeightClipParameter,
    "Clipping at 1.",
    {"fixed_value": 1.0, "type": WeightClipType.FIXED_VALUE},
)

WebComposerMappingParameter = preset_class(
    __name__,
    "WebComposerMappingParameter",
    MappingParameter,
    "Column-wise scaled weights on tiles of at most 512 by 512.",
    {
        "digital_bias": True,
        "weight_scaling_omega": 1.0,
        "weight_scaling_columnwise": True,
        "learn_out_scaling": True,
        "out_scaling_columnwise": False,
        "max_input_size": 512,
        "max_output_size": 512,
    },
)

OldWebComposerMappingParameter = preset_class(
    __name__,
    "OldWebComposerMappingParameter",
    WebComposerMappingParameter,
    "Analog bias, no learned output scale, no split: the mapping of checkpoints before 0.8.",
    {
        "digital_bias": False,
        "weight_scaling_omega": 1.0,
        "weight_scaling_columnwise": True,
        "learn_out_scaling": False,
        "out_scaling_columnwise": False,
        "max_input_size": 0,
        "max_output_size": 0,
    },
)

WebComposerInferenceRPUConfig = preset_class(
    __name__,
    "WebComposerInferenceRPUConfig",
    InferenceRPUConfig,
    "Inference configuration of the web composer.",
    {
        "forward": WebComposerIOParameters,
        "clip": WebComposerWeightClipParameter,
        "modifier": WebComposerWeightModifierParameter,
        "mapping": WebComposerMappingParameter,
    },
)

OldWebComposerInferenceRPUConfig = preset_class(
    __name__,
    "OldWebComposerInferenceRPUConfig",
    WebComposerInferenceRPUConfig,
    "Inference configuration of the web composer with the mapping of checkpoints before 0.8.",
    {"mapping": OldWebComposerMappingParameter},
)
