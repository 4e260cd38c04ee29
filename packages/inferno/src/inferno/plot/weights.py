"""Receptive fields and distributions of weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inferno._internal import argtest

from ._axes import axes, toarray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor

__all__ = ["receptive_fields", "weight_histogram"]


def receptive_fields(
    weight: Tensor,
    inshape: Sequence[int] | None = None,
    *,
    columns: int | None = None,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    r"""Draws the weights onto each neuron as an image, all in one grid.

    Args:
        weight: weights, of shape $O \times I$.
        inshape: height and width of one image, of product $I$; by default $I$ must be a
            square.
        columns: number of images in a row, by default as near to a square as possible.
        ax: axes to draw on, new ones by default.
        **kwargs: passed to ``Axes.imshow``.

    Returns:
        The axes; the image is ``ax.images[-1]``, for a colour bar.

    Raises:
        ValueError: if the weights are no matrix or the images do not fit them.
    """
    matrix = toarray(weight)
    if matrix.ndim != 2:
        raise ValueError(f"`weight` must have two dimensions, got shape {matrix.shape}")
    outputs, inputs = matrix.shape
    side = math.isqrt(inputs)
    height, width = (side, side) if inshape is None else (int(s) for s in inshape)
    if height * width != inputs:
        raise ValueError(
            f"`inshape` must have the product {inputs} of the inputs, got {(height, width)}"
        )
    if columns is None:
        columns = math.ceil(math.sqrt(outputs))
    columns = argtest.gt("columns", columns, 0, int)
    rows = math.ceil(outputs / columns)
    # one pixel between images, and nothing where there is none
    grid = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for n, field in enumerate(matrix.reshape(outputs, height, width)):
        top, left = n // columns * (height + 1), n % columns * (width + 1)
        grid[top : top + height, left : left + width] = field
    ax = axes(ax)
    ax.imshow(grid, **{"cmap": "viridis", "interpolation": "nearest", **kwargs})
    ax.set_axis_off()
    return ax


def weight_histogram(
    weight: Tensor,
    bins: int = 50,
    *,
    bounds: tuple[float | None, float | None] = (None, None),
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draws the distribution of weights.

    Args:
        weight: weights of any shape; NaN is left out.
        bins: number of bins.
        bounds: least and greatest allowed weight, drawn as lines.
        ax: axes to draw on, new ones by default.
        **kwargs: passed to ``Axes.hist``.

    Returns:
        The axes.

    Raises:
        ValueError: if there are no weights or bins.
    """
    bins = argtest.gt("bins", bins, 0, int)
    values = toarray(weight).ravel()
    values = values[~np.isnan(values)]
    if not values.size:
        raise ValueError("`weight` must have an element that is not NaN, got none")
    ax = axes(ax)
    ax.hist(values, bins=bins, **kwargs)
    for bound in bounds:
        if bound is not None:
            ax.axvline(bound, color="grey", linestyle="--", linewidth=0.8)
    ax.set_xlabel("weight")
    ax.set_ylabel("synapses")
    return ax
