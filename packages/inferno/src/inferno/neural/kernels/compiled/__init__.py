"""Loops compiled by numba for the CPU; imported only when they are first used.

Every loop takes addresses of contiguous tensors and their sizes: passing an address costs a
tenth of wrapping a tensor as an array, and a step of a network makes a dozen such calls. The
callers in this package check devices, types, shapes and contiguity. Arithmetic follows the
order of the definitions in `inferno.neural.functional`, in the precision of the tensors.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import torch

from .delays import delayed_spike_linear
from .elementwise import clamp, scale_spikes, trace
from .layer import layer_step
from .neurons import adapt, integrate_and_fire
from .products import sparse_linear, spike_linear
from .updates import outer_update

__all__ = ["loops"]


@cache
def loops(dtype: torch.dtype) -> SimpleNamespace:
    """Returns the loops for a data type, compiled at their first call.

    Args:
        dtype: `torch.float32` or `torch.float64`.

    Returns:
        The loops as attributes.
    """
    real = np.float32 if dtype == torch.float32 else np.float64
    makers = (
        adapt,
        clamp,
        delayed_spike_linear,
        integrate_and_fire,
        layer_step,
        outer_update,
        scale_spikes,
        sparse_linear,
        spike_linear,
        trace,
    )
    return SimpleNamespace(**{maker.__name__: maker(real) for maker in makers})
