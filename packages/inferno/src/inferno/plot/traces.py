"""Voltage traces, and other quantities over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inferno._internal import argtest

from ._axes import axes, flattened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor

__all__ = ["voltages"]


def voltages(
    voltage: Tensor,
    step_time: float = 1.0,
    *,
    spikes: Tensor | None = None,
    threshold: float | None = None,
    neurons: Sequence[int] | None = None,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    r"""Draws the membrane voltage of each neuron over time.

    Args:
        voltage: voltages of one sample in mV, of shape $T \times N_0 \times \cdots$.
        step_time: length of a time step in ms.
        spikes: spikes of the same shape, marked by dots.
        threshold: threshold voltage in mV, drawn as a line and the height of the dots.
        neurons: indices of the neurons to draw, in the flattened shape; all by default.
        ax: axes to draw on, new ones by default.
        **kwargs: passed to ``Axes.plot``.

    Returns:
        The axes.

    Raises:
        ValueError: if the step time is not positive or the shapes differ.
    """
    step_time = argtest.gt("step_time", step_time, 0, float)
    values = flattened("voltage", voltage)
    fired = None if spikes is None else flattened("spikes", spikes) != 0
    if fired is not None and fired.shape != values.shape:
        raise ValueError(
            f"`spikes` must have the shape of `voltage`, got {tuple(spikes.shape)} "  # type: ignore[union-attr]
            f"for {tuple(voltage.shape)}"
        )
    ax = axes(ax)
    times = np.arange(len(values)) * step_time
    for n in range(values.shape[1]) if neurons is None else neurons:
        (line,) = ax.plot(times, values[:, n], **{"label": f"neuron {n}", **kwargs})
        if fired is not None:
            steps = np.flatnonzero(fired[:, n])
            height = values[steps, n] if threshold is None else np.full(len(steps), threshold)
            ax.plot(times[steps], height, "o", color=line.get_color(), markersize=3)
    if threshold is not None:
        ax.axhline(threshold, color="grey", linestyle="--", linewidth=0.8)
    ax.set_xlabel("time (ms)")
    ax.set_ylabel("voltage (mV)")
    return ax
