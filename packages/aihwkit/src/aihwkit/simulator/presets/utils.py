"""Preset parameters of products and updates."""

from aihwkit.simulator.parameters.enums import (
    BoundManagementType,
    NoiseManagementType,
    PulseType,
    WeightNoiseType,
)
from aihwkit.simulator.parameters.io import IOParameters
from aihwkit.simulator.parameters.training import UpdateParameters

from .factory import preset_class

__all__ = ["PresetIOParameters", "PresetUpdateParameters", "StandardIOParameters"]

PRESET_IO_VALUES = {
    "bound_management": BoundManagementType.ITERATIVE,
    "noise_management": NoiseManagementType.ABS_MAX,
    "inp_res": 1.0 / (2**7 - 2),
    "inp_sto_round": False,
    "out_bound": 20.0,
    "out_noise": 0.1,
    "out_res": 1.0 / (2**9 - 2),
    "w_noise": 0.0,
    "w_noise_type": WeightNoiseType.NONE,
}
"""Products with 7-bit inputs, 9-bit outputs and a wide output range."""

_STANDARD_IO_VALUES = PRESET_IO_VALUES | {
    "inp_res": 1.0 / (2**8 - 2),
    "out_bound": 10.0,
    "out_noise": 0.04,
    "out_res": 1.0 / (2**8 - 2),
}

_UPDATE_VALUES = {
    "desired_bl": 31,
    "pulse_type": PulseType.STOCHASTIC_COMPRESSED,
    "update_bl_management": True,
    "update_management": True,
}

PresetIOParameters = preset_class(
    __name__,
    "PresetIOParameters",
    IOParameters,
    "Products of the training presets: 7-bit inputs, 9-bit outputs with noise 0.1 and bound 20.",
    PRESET_IO_VALUES,
)

StandardIOParameters = preset_class(
    __name__,
    "StandardIOParameters",
    IOParameters,
    "Products with 8-bit inputs and outputs, output noise 0.04 and bound 10.",
    _STANDARD_IO_VALUES,
)

PresetUpdateParameters = preset_class(
    __name__,
    "PresetUpdateParameters",
    UpdateParameters,
    "Updates of the training presets: stochastic trains of at most 31 pulses.",
    _UPDATE_VALUES,
)
