"""Type-agnostic functions, scaling, smoothing and spike train statistics."""

from __future__ import annotations

import cmath
import math
from functools import singledispatch
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "exp",
    "exponential_smoothing",
    "holt_linear_smoothing",
    "isi",
    "normalize",
    "rescale",
    "sqrt",
    "victor_purpura_pair_dist",
]


@singledispatch
def exp(x: Any) -> Any:
    """Exponential of a number, array or tensor, in the same kind."""
    raise NotImplementedError(f"`x` must be a number, array or tensor, got {type(x).__name__}")


@singledispatch
def sqrt(x: Any) -> Any:
    """Square root of a number, array or tensor, in the same kind."""
    raise NotImplementedError(f"`x` must be a number, array or tensor, got {type(x).__name__}")


for _kind, _exp, _sqrt in (
    (int, math.exp, math.sqrt),
    (float, math.exp, math.sqrt),
    (complex, cmath.exp, cmath.sqrt),
    (Tensor, torch.exp, torch.sqrt),
    (np.ndarray, np.exp, np.sqrt),
    (np.number, np.exp, np.sqrt),
):
    exp.register(_kind, lambda x, f=_exp: f(x))
    sqrt.register(_kind, lambda x, f=_sqrt: f(x))


def normalize(
    data: Tensor,
    order: float,
    scale: float | complex = 1.0,
    dim: int | tuple[int, ...] | None = None,
    epsilon: float = 1e-12,
) -> Tensor:
    r"""Scales data to a norm.

    $$y = s \, x / \max(\lVert x \rVert_p, \epsilon)$$

    Args:
        data: tensor.
        order: order $p$ of the norm.
        scale: norm $s$ of the result.
        dim: dimensions of one vector, all by default.
        epsilon: least norm by which is divided; zero data stay zero.
    """
    norm = torch.linalg.vector_norm(data, order, dim, keepdim=True)
    return scale * (data / norm.clamp_min(epsilon))


def rescale(
    data: Tensor,
    resmin: float | Tensor | None,
    resmax: float | Tensor | None,
    *,
    srcmin: float | Tensor | None = None,
    srcmax: float | Tensor | None = None,
    dim: int | tuple[int, ...] | None = None,
) -> Tensor:
    r"""Maps an interval linearly onto another (min-max scaling).

    $$y = r_{min} + (x - s_{min}) \frac{r_{max} - r_{min}}{s_{max} - s_{min}}$$

    Data that are constant, and equal to both source bounds, become ``resmin``.

    Args:
        data: tensor.
        resmin: lower bound of the result, ``None`` for the source's.
        resmax: upper bound of the result, ``None`` for the source's.
        srcmin: lower bound of the source, by default the minimum over ``dim``.
        srcmax: upper bound of the source, by default the maximum over ``dim``.
        dim: dimensions over which the bounds are taken, all by default.
    """
    dims = tuple(range(data.ndim)) if dim is None else dim
    low = data.amin(dims, keepdim=True) if srcmin is None else srcmin
    high = data.amax(dims, keepdim=True) if srcmax is None else srcmax
    resmin = low if resmin is None else resmin
    resmax = high if resmax is None else resmax
    above, span = data - low, torch.as_tensor(high - low)
    constant = (span == 0) & (above == 0)
    return resmin + above * (resmax - resmin) / torch.where(constant, torch.ones_like(span), span)


def exponential_smoothing(
    obs: Tensor, level: Tensor | None, *, alpha: float | complex | Tensor
) -> Tensor:
    r"""Exponential smoothing: $s_t = \alpha x_t + (1 - \alpha) s_{t-1}$, with $s_0 = x_0$."""
    if level is None:
        return obs
    return alpha * obs + (1 - alpha) * level


def holt_linear_smoothing(
    obs: Tensor,
    level: Tensor | None,
    trend: Tensor | None,
    *,
    alpha: float | complex | Tensor,
    beta: float | complex | Tensor,
) -> tuple[Tensor, Tensor | None]:
    r"""Double exponential smoothing, of level and trend.

    $$s_t = \alpha x_t + (1 - \alpha)(s_{t-1} + b_{t-1}), \quad
      b_t = \beta (s_t - s_{t-1}) + (1 - \beta) b_{t-1}$$

    The first observation is the level, its difference from the second the first trend.
    """
    if level is None:
        return obs, None
    if trend is None:
        trend = obs - level
    smoothed = exponential_smoothing(obs, level + trend, alpha=alpha)
    return smoothed, exponential_smoothing(smoothed - level, trend, alpha=beta)


def isi(spikes: Tensor, step_time: float, time_first: bool = True) -> Tensor:
    r"""Intervals between the spikes of each train.

    Args:
        spikes: spike trains, of shape $T \times N_0 \times \cdots$, or time last.
        step_time: length of a time step.
        time_first: whether time is the first dimension, otherwise the last.

    Returns:
        Intervals, of shape $(C - 1) \times N_0 \times \cdots$ (or that last) for at most
        $C$ spikes in a train, filled with NaN behind the end of a train.
    """
    trains = spikes.bool() if time_first else spikes.bool().movedim(-1, 0)
    counts = trains.sum(0)
    most = int(counts.max()) if counts.numel() and trains.shape[0] else 0
    # times first, differences of them second: keeps the rounding of absolute times
    times = torch.full(
        (max(most, 1), *trains.shape[1:]),
        float("nan"),
        dtype=torch.get_default_dtype(),
        device=spikes.device,
    )
    steps, *train = trains.nonzero(as_tuple=True)
    rank = (trains.cumsum(0) - 1)[(steps, *train)]
    times[(rank, *train)] = steps.to(times.dtype) * step_time
    intervals = times.diff(dim=0)
    return intervals if time_first else intervals.movedim(0, -1)


@torch.no_grad()
def victor_purpura_pair_dist(t0: Tensor, t1: Tensor, cost: float | Tensor) -> Tensor:
    r"""Distance between two spike trains as the least cost of turning one into the other.

    Adding or deleting a spike costs 1, moving one costs ``cost`` per unit of time:

    $$G_{r,c} = \min(G_{r-1,c} + 1,\; G_{r,c-1} + 1,\; G_{r-1,c-1} + q \lvert t_r - u_c \rvert)$$

    Args:
        t0: spike times of the first train.
        t1: spike times of the second train.
        cost: cost $q$ of moving a spike, a number or a vector.

    Returns:
        Distances, one for each cost.

    Raises:
        ValueError: if the cost has more than one dimension.

    Reference:
        Victor & Purpura (1997), "Metric-space analysis of spike trains", Network 8:127-164.
    """
    q = torch.as_tensor(cost, device=cost.device if isinstance(cost, Tensor) else t0.device)
    if q.ndim > 1:
        raise ValueError(f"`cost` must be a number or a vector, got shape {tuple(q.shape)}")
    if not (q.is_floating_point() and isinstance(cost, Tensor)):
        q = q.to(torch.get_default_dtype())
    q = q.reshape(-1, 1)
    rows, columns = t0.to(q).flatten(), t1.to(q).flatten()
    if len(rows) > len(columns):
        rows, columns = columns, rows
    ramp = torch.arange(len(columns) + 1, dtype=q.dtype, device=q.device)
    distance = ramp.expand(len(q), -1)
    for r, time in enumerate(rows, start=1):
        gap = (time - columns).abs()
        # coincident spikes need no move, whatever it would cost
        move = torch.where(gap == 0, torch.zeros_like(gap), q * gap)
        direct = torch.minimum(distance[:, 1:] + 1, distance[:, :-1] + move)
        best = torch.cat((torch.full_like(q, r), direct), 1)
        # insertions along the row: G[c] = min over j <= c of best[j] + (c - j)
        distance = (best - ramp).cummin(1).values + ramp
    return distance[:, -1]
