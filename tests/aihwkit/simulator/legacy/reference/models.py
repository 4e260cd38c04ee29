"""Models whose checkpoints the reference recorded, alike in both packages."""

import torch
from torch.nn import Flatten

from aihwkit.nn import (
    AnalogConv2d,
    AnalogConv2dMapped,
    AnalogLinear,
    AnalogLinearMapped,
    AnalogSequential,
)
from aihwkit.simulator.configs import (
    FloatingPointRPUConfig,
    InferenceRPUConfig,
    InputRangeParameter,
    IOParameters,
    MappingParameter,
    PrePostProcessingParameter,
    SingleRPUConfig,
    TorchInferenceRPUConfig,
)
from aihwkit.simulator.presets import (
    AGADReRamSBPreset,
    MixedPrecisionEcRamPreset,
    PCMPreset,
    ReRamES2Preset,
    ReRamSBPreset,
    TikiTakaReRamSBPreset,
    TTv2ReRamSBPreset,
)

IMAGES = torch.linspace(-1, 1, 32).view(2, 1, 4, 4)


def _exact(config):
    config.forward = IOParameters(is_perfect=True)
    config.backward = IOParameters(is_perfect=True)
    return config


def _ranged(config):
    config.mapping = MappingParameter(
        learn_out_scaling=True, weight_scaling_omega=0.6, max_input_size=4, max_output_size=2
    )
    config.pre_post = PrePostProcessingParameter(input_range=InputRangeParameter(enable=True))
    return _exact(config)


def _network(config):
    return AnalogSequential(
        AnalogConv2d(1, 2, 3, rpu_config=config), Flatten(), AnalogLinear(8, 2, rpu_config=config)
    )


def _linear(config):
    return AnalogSequential(Flatten(), AnalogLinear(16, 2, rpu_config=config))


def _mapped():
    config = _exact(InferenceRPUConfig())
    config.mapping = MappingParameter(max_input_size=9, max_output_size=1)
    return AnalogSequential(
        AnalogConv2dMapped(1, 2, 3, rpu_config=config),
        Flatten(),
        AnalogLinearMapped(8, 2, rpu_config=config),
    )


MODELS = {
    "FloatingPoint": lambda: _network(FloatingPointRPUConfig()),
    "Inference": lambda: _linear(_ranged(InferenceRPUConfig())),
    "TorchInference": lambda: _linear(_ranged(TorchInferenceRPUConfig())),
    "Mapped": _mapped,
    **{
        cls.__name__: lambda cls=cls: _network(_exact(cls()))
        for cls in (
            SingleRPUConfig,
            ReRamSBPreset,
            ReRamES2Preset,
            PCMPreset,
            TikiTakaReRamSBPreset,
            TTv2ReRamSBPreset,
            AGADReRamSBPreset,
            MixedPrecisionEcRamPreset,
        )
    },
}
