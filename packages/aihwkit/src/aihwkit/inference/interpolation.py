"""Piecewise linear interpolation on any device."""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["interpolate"]


def interpolate(
    values: Tensor, nodes: Tensor | Sequence[float], heights: Tensor | Sequence[float]
) -> Tensor:
    """Return the piecewise linear function through some points, constant outside of them.

    Args:
        values: where to evaluate, any shape.
        nodes: ascending positions of the points, `[n]` with `n >= 2`.
        heights: values of the function there, `[n]`.

    Returns:
        Tensor of the shape, type and device of `values`.
    """
    # Double precision nodes, so that many close nodes stay distinct for float32 values.
    x = torch.as_tensor(nodes, dtype=torch.float64, device=values.device)
    y = torch.as_tensor(heights, dtype=torch.float64, device=values.device)
    slopes = (y[1:] - y[:-1]) / (x[1:] - x[:-1]).clamp(min=torch.finfo(torch.float64).tiny)
    clipped = values.to(torch.float64).clamp(float(x[0]), float(x[-1]))
    segment = torch.bucketize(clipped, x, right=True).sub_(1).clamp_(0, len(x) - 2)
    return (y[segment] + slopes[segment] * (clipped - x[segment])).to(values.dtype)
