"""Plots of devices, of programmed weights and of drift (needs the extra `plot`)."""

from .device_plots import (
    plot_device,
    plot_device_compact,
    plot_device_symmetry,
    plot_pulse_response,
    plot_pulse_statistics,
    plot_response_overview,
)
from .pulse_response import (
    compute_pulse_response,
    compute_pulse_statistics,
    estimate_n_steps,
    get_tile_for_plotting,
)
from .weight_plots import (
    plot_model_programming_error,
    plot_programming_error,
    plot_weight_drift,
)

__all__ = [
    "compute_pulse_response",
    "compute_pulse_statistics",
    "estimate_n_steps",
    "get_tile_for_plotting",
    "plot_device",
    "plot_device_compact",
    "plot_device_symmetry",
    "plot_model_programming_error",
    "plot_programming_error",
    "plot_pulse_response",
    "plot_pulse_statistics",
    "plot_response_overview",
    "plot_weight_drift",
]
