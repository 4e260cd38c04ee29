"""Axes, given or new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from synaptensor.optional import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def pyplot() -> Any:
    """Matplotlib's ``pyplot``."""
    return require("matplotlib.pyplot", "plot", "bioplnn")


def one_axes(ax: Axes | None) -> Axes:
    """The axes given, or those of a new figure."""
    return pyplot().subplots()[1] if ax is None else ax


def grid_of_axes(axes: Any, rows: int, columns: int, side: float = 1.6) -> np.ndarray:
    """Axes ``(rows, columns)``, given or of a new figure.

    Raises:
        ValueError: Axes of another shape are given.
    """
    if axes is None:
        size = (side * columns, side * rows)
        return pyplot().subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")[
            1
        ]
    found = np.asarray(axes, dtype=object)
    if found.size != rows * columns:
        raise ValueError(f"axes must have shape {(rows, columns)}, got {found.shape}")
    return found.reshape(rows, columns)


def clear(ax: Axes) -> None:
    """Take ticks and frame away, which say nothing around a picture."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def add_scale(image: Any, axes: Any, label: str) -> None:
    """Say beside some axes of a new figure what the colours of an image mean."""
    image.figure.colorbar(image, ax=np.asarray(axes).tolist(), label=label, fraction=0.05)
