"""Fused kernels for the steps that a chain of tensor operations makes slow.

A function here returns ``None`` (or false) where no kernel applies: on other devices and data
types, where gradients are recorded, while compiling, without numba, or when the kernel "torch"
is forced. Callers then take the definition in `inferno.neural.functional`.
"""

from .delays import delayed_spike_linear
from .neurons import adapt_thresholds, integrate_and_fire
from .ownership import sole_user
from .products import SPARSE, clamp, clamp_, outer_update_, sparse_linear, spike_linear
from .selection import accelerated, fit, registry
from .spikes import decay_and_count, scale_spikes

__all__ = [
    "SPARSE",
    "accelerated",
    "adapt_thresholds",
    "clamp",
    "clamp_",
    "decay_and_count",
    "delayed_spike_linear",
    "fit",
    "integrate_and_fire",
    "outer_update_",
    "registry",
    "scale_spikes",
    "sole_user",
    "sparse_linear",
    "spike_linear",
]
