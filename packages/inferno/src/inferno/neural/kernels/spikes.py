"""Fused operations on boolean spikes, which tensor operations convert slowly."""

from __future__ import annotations

import torch
from torch import Tensor

from .selection import accelerated, fit

__all__ = ["decay_and_count", "scale_spikes"]


def scale_spikes(
    spikes: Tensor, scale: float, dtype: torch.dtype, output: Tensor | None = None
) -> Tensor | None:
    """Multiplies spikes with a number.

    Args:
        spikes: boolean spikes.
        scale: value of a spike.
        dtype: data type of the result.
        output: where the result goes, of the shape of ``spikes``; a new tensor if ``None``.

    Returns:
        Zero or ``scale``, like ``spikes``.
    """
    loops = accelerated(dtype)
    if loops is None or spikes.dtype != torch.bool or not fit(spikes):
        return None
    if output is None:
        output = torch.empty_like(spikes, dtype=dtype)
    elif output.dtype != dtype or output.shape != spikes.shape or not fit(output):
        return None
    loops.scale_spikes(spikes.numel(), spikes.data_ptr(), scale, output.data_ptr())
    return output


def decay_and_count(
    output: Tensor, state: Tensor, spikes: Tensor, decay: float, amplitude: float, nearest: bool
) -> bool:
    """Lets a trace decay and adds, or sets, the amplitude where there are spikes.

    Args:
        output: where the trace goes, may be ``state``.
        state: trace before the step.
        spikes: boolean spikes.
        decay: share of the trace that is left after a step.
        amplitude: contribution of a spike.
        nearest: set rather than add.

    Returns:
        Whether it was done.
    """
    loops = accelerated(output.dtype)
    if loops is None or spikes.dtype != torch.bool or not fit(output, spikes):
        return False
    if output.shape != spikes.shape:
        return False
    if state is not output and (
        output.dtype != state.dtype or output.shape != state.shape or not fit(state)
    ):
        return False
    loops.trace(
        output.numel(),
        state.data_ptr(),
        spikes.data_ptr(),
        decay,
        amplitude,
        nearest,
        output.data_ptr(),
    )
    return True
