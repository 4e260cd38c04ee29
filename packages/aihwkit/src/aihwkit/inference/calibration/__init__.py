"""Input ranges and quantisation ranges from data."""

from aihwkit.inference.calibration.calibration import (
    InputRangeCalibrationType,
    calibrate_input_ranges,
    calibrate_quantization_ranges,
)

__all__ = [
    "InputRangeCalibrationType",
    "calibrate_input_ranges",
    "calibrate_quantization_ranges",
]
