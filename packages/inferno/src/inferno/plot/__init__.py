"""Plots of spikes, voltages, weights and rules; they need the extra ``plot``.

Each takes optional axes to draw on and returns the axes.
"""

from .learning import learning_window, measure_learning_window
from .raster import raster
from .traces import voltages
from .weights import receptive_fields, weight_histogram

__all__ = [
    "learning_window",
    "measure_learning_window",
    "raster",
    "receptive_fields",
    "voltages",
    "weight_histogram",
]
