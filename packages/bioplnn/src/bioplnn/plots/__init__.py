"""Pictures of connectomes, activity, receptive fields and time constants (extra ``plot``).

Every function draws into axes that it is given, or into new ones, and returns them.
"""

from bioplnn.plots.activity import animate_activity, plot_activity, plot_traces
from bioplnn.plots.connectome import plot_connectome
from bioplnn.plots.parameters import plot_receptive_fields, plot_time_constants

__all__ = [
    "animate_activity",
    "plot_activity",
    "plot_connectome",
    "plot_receptive_fields",
    "plot_time_constants",
    "plot_traces",
]
