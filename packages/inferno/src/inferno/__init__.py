"""Spiking neural networks for PyTorch, simulated step by step and trained with plasticity."""

from synaptensor.distribution import installed_version

from . import core as core
from . import functional as functional
from . import types
from .core import (
    ContextualHook,
    Hook,
    Module,
    RecordTensor,
    ShapedTensor,
    StateHook,
    VirtualTensor,
    astensors,
    empty,
    exp,
    exp_trace_cumulative,
    exp_trace_nearest,
    exponential_smoothing,
    exprate_trace_cumulative,
    exprate_trace_nearest,
    full,
    fullc,
    holt_linear_smoothing,
    isi,
    normal,
    normalize,
    ones,
    rescale,
    scalar,
    sqrt,
    trace_cumulative,
    trace_cumulative_scaled,
    trace_cumulative_value,
    trace_nearest,
    trace_nearest_scaled,
    uniform,
    victor_purpura_pair_dist,
    zeros,
)

__version__ = "0.1.0"

__version__ = installed_version("inferno")

__all__ = [
    "ContextualHook",
    "Hook",
    "Module",
    "RecordTensor",
    "ShapedTensor",
    "StateHook",
    "VirtualTensor",
    "__version__",
    "astensors",
    "empty",
    "exp",
    "exp_trace_cumulative",
    "exp_trace_nearest",
    "exponential_smoothing",
    "exprate_trace_cumulative",
    "exprate_trace_nearest",
    "full",
    "fullc",
    "holt_linear_smoothing",
    "isi",
    "normal",
    "normalize",
    "ones",
    "rescale",
    "scalar",
    "sqrt",
    "trace_cumulative",
    "trace_cumulative_scaled",
    "trace_cumulative_value",
    "trace_nearest",
    "trace_nearest_scaled",
    "types",
    "uniform",
    "victor_purpura_pair_dist",
    "zeros",
]
