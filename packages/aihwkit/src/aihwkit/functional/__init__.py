"""Pure functions: the analog matrix-vector product, pulse trains and device responses."""

from aihwkit.functional.lines import LineParameters, draw_line_parameters
from aihwkit.functional.mvm import MVMOutput, analog_mvm
from aihwkit.functional.quantize import clip, quantization_step, quantize
from aihwkit.functional.settings import MVMSettings

__all__ = [
    "LineParameters",
    "MVMOutput",
    "MVMSettings",
    "analog_mvm",
    "clip",
    "draw_line_parameters",
    "quantization_step",
    "quantize",
]
