"""Inference presets."""

from typing import Any

from aihwkit.simulator.configs.inference_configs import InferenceRPUConfig, TorchInferenceRPUConfig
from aihwkit.simulator.parameters.enums import (
    BoundManagementType,
    NoiseManagementType,
    WeightClipType,
    WeightNoiseType,
    WeightRemapType,
)
from aihwkit.simulator.parameters.inference import WeightClipParameter, WeightRemapParameter
from aihwkit.simulator.parameters.io import IOParameters
from aihwkit.simulator.parameters.mapping import MappingParameter
from aihwkit.simulator.parameters.pre_post import InputRangeParameter, PrePostProcessingParameter

from .factory import preset_class
from .utils import PresetIOParameters

__all__ = ["FloatingPointPreset", "StandardHWATrainingPreset"]

_HWA_FORWARD: dict[str, Any] = {
    "inp_res": 254.0,
    "out_res": 254.0,
    "bound_management": BoundManagementType.NONE,
    "noise_management": NoiseManagementType.CONSTANT,
    "nm_thres": 1.0,
    "w_noise": 0.0175,
    "w_noise_type": WeightNoiseType.PCM_READ,
    "ir_drop": 1.0,
    "out_noise": 0.04,
    "out_bound": 10.0,
}

_HWA_INPUT_RANGE: dict[str, Any] = {
    "enable": True,
    "init_value": 3.0,
    "init_from_data": 100,
    "init_std_alpha": 3.0,
    "decay": 0.001,
    "input_min_percentage": 0.95,
    "output_min_percentage": 0.95,
    "manage_output_clipping": False,
    "gradient_scale": 1.0,
    "gradient_relative": True,
}

_HWA_MAPPING: dict[str, Any] = {
    "weight_scaling_omega": 1.0,
    "weight_scaling_columnwise": True,
    "max_input_size": 512,
    "max_output_size": 0,
    "digital_bias": True,
    "learn_out_scaling": True,
    "out_scaling_columnwise": True,
}

StandardHWATrainingPreset = preset_class(
    __name__,
    "StandardHWATrainingPreset",
    InferenceRPUConfig,
    """Hardware-aware training and inference on phase-change memory.

    Reference:
        Rasch, Mackin, Le Gallo et al., "Hardware-aware training for large-scale and diverse deep
        learning inference workloads using in-memory computing-based accelerators", Nature
        Communications 2023.
    """,
    {
        "mapping": lambda: MappingParameter(**_HWA_MAPPING),
        "forward": lambda: PresetIOParameters(**_HWA_FORWARD),
        "remap": lambda: WeightRemapParameter(
            remapped_wmax=1.0, type=WeightRemapType.CHANNELWISE_SYMMETRIC
        ),
        "pre_post": lambda: PrePostProcessingParameter(
            input_range=InputRangeParameter(**_HWA_INPUT_RANGE)
        ),
        "clip": lambda: WeightClipParameter(type=WeightClipType.FIXED_VALUE, fixed_value=1.0),
    },
)

FloatingPointPreset = preset_class(
    __name__,
    "FloatingPointPreset",
    TorchInferenceRPUConfig,
    """Exact products on one tile of any size.""",
    {
        "mapping": lambda: MappingParameter(max_input_size=0, max_output_size=0),
        "forward": lambda: IOParameters(is_perfect=True),
        "pre_post": lambda: PrePostProcessingParameter(
            input_range=InputRangeParameter(enable=False)
        ),
    },
)
