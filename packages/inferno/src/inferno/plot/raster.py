"""Raster plots of spikes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inferno._internal import argtest

from ._axes import axes, flattened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor

__all__ = ["raster"]


def raster(
    spikes: Tensor, step_time: float = 1.0, *, ax: Axes | None = None, **kwargs: Any
) -> Axes:
    r"""Draws the spikes of each neuron as ticks over time.

    Args:
        spikes: spikes of one sample, of shape $T \times N_0 \times \cdots$; not zero is a
            spike.
        step_time: length of a time step in ms.
        ax: axes to draw on, new ones by default.
        **kwargs: passed to ``Axes.scatter``.

    Returns:
        The axes.

    Raises:
        ValueError: if the step time is not positive or the spikes have no dimension.

    Example:
        >>> import torch
        >>> ax = raster(torch.rand(250, 100) < 0.02)
    """
    step_time = argtest.gt("step_time", step_time, 0, float)
    trains = flattened("spikes", spikes) != 0
    ax = axes(ax)
    steps, neurons = np.nonzero(trains)
    style = {"s": 24.0, "marker": "|", "linewidths": 1.0, "color": "black", **kwargs}
    ax.scatter(steps * step_time, neurons, **style)
    ax.set_xlim(-step_time / 2, (len(trains) - 0.5) * step_time)
    ax.set_ylim(-0.5, trains.shape[1] - 0.5)
    ax.set_xlabel("time (ms)")
    ax.set_ylabel("neuron")
    return ax
