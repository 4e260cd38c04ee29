"""Products with matrices of weights that have delays."""

from __future__ import annotations

import torch
from torch import Tensor

from .products import SPARSE
from .selection import accelerated, fit

__all__ = ["delayed_spike_linear"]


def delayed_spike_linear(
    history: Tensor,
    newest: int,
    weight: Tensor,
    delay: Tensor,
    times: tuple[float, float, float, bool, bool],
) -> Tensor | None:
    """Multiplies spikes of the past with weights, each from a time of its own.

    Args:
        history: boolean spikes of the last steps in circular order, shape ``(R, B, I)``.
        newest: slot behind the newest spikes.
        weight: weights, shape ``(O, I)``.
        delay: delays in ms, shape ``(O, I)``.
        times: step time, longest delay and tolerance in ms, whether delays are rounded to the
            nearest step rather than up, and whether weights with others are left out.

    Returns:
        Outputs, shape ``(B, O)``; ``None`` also if there are too many spikes.
    """
    loops = accelerated(weight.dtype)
    if loops is None or delay.dtype != weight.dtype or not fit(history, weight, delay):
        return None
    if history.dtype != torch.bool or history.ndim != 3 or weight.shape != delay.shape:
        return None
    size, batch, insize = history.shape
    if weight.ndim != 2 or weight.shape[1] != insize:
        return None
    outsize = weight.shape[0]
    output = torch.empty(batch, outsize, dtype=weight.dtype)
    if not loops.delayed_spike_linear(
        size,
        newest,
        batch,
        insize,
        outsize,
        history.data_ptr(),
        weight.data_ptr(),
        delay.data_ptr(),
        output.data_ptr(),
        int(history.numel() * SPARSE) + 1,
        *times,
    ):
        return None
    return output
