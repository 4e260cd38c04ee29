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
        return pyplot().subplots(rows, columns, figsize=size, squeeze=False)[1]
    found = np.asarray(axes, dtype=object)
    if found.size != rows * columns:
        raise ValueError(f"axes must have shape {(rows, columns)}, got {found.shape}")
    return found.reshape(rows, columns)
