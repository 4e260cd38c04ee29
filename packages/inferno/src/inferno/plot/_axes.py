"""The axes a plot is drawn on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from torch import Tensor

from synaptensor.optional import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["axes", "flattened", "toarray"]


def axes(ax: Axes | None) -> Axes:
    """Returns the given axes, or new ones of a new figure.

    Raises:
        ImportError: if matplotlib is not installed.
    """
    pyplot = require("matplotlib.pyplot", extra="plot", package="inferno")
    return pyplot.subplots()[1] if ax is None else ax


def toarray(data: Any) -> np.ndarray[Any, Any]:
    """Returns a tensor of any device, or anything like an array, as an array."""
    if isinstance(data, Tensor):
        return cast("np.ndarray[Any, Any]", data.detach().cpu().numpy())
    return np.asarray(data)


def flattened(name: str, data: Any) -> np.ndarray[Any, Any]:
    """Returns a quantity over time, of shape ``T x N``.

    Raises:
        ValueError: if the data have no dimension.
    """
    array = toarray(data)
    if array.ndim == 0:
        raise ValueError(f"`{name}` must have time as its first dimension, got a scalar")
    return array.reshape(array.shape[0], -1)
