"""Activity over the steps, as panels, films and traces."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from bioplnn.plots.axes import add_scale, clear, grid_of_axes, one_axes
from synaptensor.optional import require

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes


def plot_activity(
    activity: Mapping[str, Tensor], sample: int = 0, axes: Any = None, *, cmap: str = "magma"
) -> np.ndarray:
    """Draw the mean activity of every cell type on its sheet, one column per step.

    All steps of a type share their colours; a new figure says at the right what they mean.

    Args:
        activity: ``(B, T, C, H, W)`` per type, as ``SpatiallyEmbeddedClassifier.activity`` gives.
        sample: Which sample.
        axes: Where to, ``(types, T)``.
        cmap: Colours.

    Returns:
        The axes, ``(types, T)``.
    """
    maps = _maps(activity, sample)
    steps = len(next(iter(maps.values())))
    grid = grid_of_axes(axes, len(maps), steps)
    for row, (name, films) in zip(grid, maps.items(), strict=True):
        low, high = float(films.min()), float(films.max())
        for t, ax in enumerate(row):
            image = ax.imshow(films[t], cmap=cmap, vmin=low, vmax=high)
            clear(ax)
        row[0].set_ylabel(name)
        if axes is None:
            add_scale(image, row, "activity")
    for t, ax in enumerate(grid[0]):
        ax.set_title(f"step {t + 1}", fontsize="small")
    return grid


def animate_activity(
    activity: Mapping[str, Tensor],
    path: str | os.PathLike | None = None,
    sample: int = 0,
    axes: Any = None,
    *,
    fps: int = 5,
    cmap: str = "magma",
) -> FuncAnimation:
    """Film the mean activity of every cell type.

    Args:
        activity: See :func:`plot_activity`.
        path: Write the film there: ``.gif``, or ``.mp4`` with ffmpeg.
        sample: Which sample.
        axes: Where to, one per type.
        fps: Steps per second.
        cmap: Colours.
    """
    animation = require("matplotlib.animation", "plot", "bioplnn")
    maps = _maps(activity, sample)
    row = grid_of_axes(axes, 1, len(maps), side=2.5)[0]
    images = []
    for ax, (name, film) in zip(row, maps.items(), strict=True):
        images.append(ax.imshow(film[0], cmap=cmap, vmin=film.min(), vmax=film.max()))
        clear(ax)
        ax.set_title(name)
    films = list(maps.values())

    def show(t: int) -> list[Any]:
        for image, film in zip(images, films, strict=True):
            image.set_data(film[t])
        return images

    result = animation.FuncAnimation(row[0].figure, show, frames=len(films[0]), blit=False)
    if path is not None:
        writer = "pillow" if str(path).endswith(".gif") else None
        result.save(os.fspath(path), fps=fps, writer=writer)
    return result


def plot_traces(
    states: Tensor,
    times: Tensor | None = None,
    neurons: Any = None,
    sample: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Draw the activity of some neurons over time.

    Args:
        states: ``(B, T, N)``, as the connectome networks give with ``batch_first``.
        times: ``(B, T)`` or ``(T,)``; steps if ``None``.
        neurons: Which; the first ten if ``None``.
        sample: Which sample.
        ax: Where to.
    """
    ax = one_axes(ax)
    chosen = slice(0, 10) if neurons is None else neurons
    traces = states.detach().cpu()[sample][:, chosen].numpy()
    if times is None:
        x, label = np.arange(1, len(traces) + 1), "step"
    else:
        row = times.detach().cpu()
        x, label = (row[sample] if row.ndim == 2 else row).numpy(), "time"
    ax.plot(x, traces, linewidth=1)
    ax.set(xlabel=label, ylabel="activity")
    return ax


def _maps(activity: Mapping[str, Tensor], sample: int) -> dict[str, np.ndarray]:
    for name, states in activity.items():
        if states.ndim != 5:
            raise ValueError(
                f"activity[{name!r}] must be (B, T, C, H, W), got shape {tuple(states.shape)}"
            )
    return {name: s[sample].mean(1).detach().cpu().numpy() for name, s in activity.items()}
