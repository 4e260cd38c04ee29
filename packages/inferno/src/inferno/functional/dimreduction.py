"""Reductions of dimensions; ``dim=None`` reduces all."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = [
    "absmax",
    "absmin",
    "divsum",
    "geomean",
    "max",
    "mean",
    "median",
    "min",
    "nandivsum",
    "nangeomean",
    "nanmean",
    "nanmedian",
    "nanquantile",
    "nansum",
    "quantile",
    "sum",
]

Dim = tuple[int, ...] | int | None


def _dims(data: Tensor, dim: Dim) -> tuple[int, ...] | int:
    return tuple(range(data.ndim)) if dim is None else dim


def sum(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Sum of the elements."""
    return torch.sum(data, dim, keepdim=keepdim)


def nansum(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Sum of the elements that are not NaN."""
    return torch.nansum(data, dim, keepdim=keepdim)


def divsum(
    data: Tensor, dim: Dim = None, keepdim: bool = False, denom: float = 1, **kwargs: Any
) -> Tensor:
    """Sum of the elements divided by a number."""
    return torch.sum(data, dim, keepdim=keepdim) / denom


def nandivsum(
    data: Tensor, dim: Dim = None, keepdim: bool = False, denom: float = 1, **kwargs: Any
) -> Tensor:
    """Sum of the elements that are not NaN divided by a number."""
    return torch.nansum(data, dim, keepdim=keepdim) / denom


def mean(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Mean of the elements."""
    return torch.mean(data, dim, keepdim=keepdim)


def nanmean(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Mean of the elements that are not NaN."""
    return torch.nanmean(data, dim, keepdim=keepdim)


def min(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Least element."""
    return torch.amin(data, _dims(data, dim), keepdim=keepdim)


def max(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Greatest element."""
    return torch.amax(data, _dims(data, dim), keepdim=keepdim)


def absmin(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Element of least magnitude, with its sign; of two opposite ones the negative."""
    dims = _dims(data, dim)
    magnitude = data.abs()
    least = torch.amin(magnitude, dims, keepdim=True)
    found = torch.where(magnitude == least, data, magnitude)
    result = torch.where(least.isnan(), least, torch.amin(found, dims, keepdim=True))
    return result if keepdim else result.squeeze(dims)


def absmax(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Element of greatest magnitude, with its sign; of two opposite ones the positive."""
    dims = _dims(data, dim)
    magnitude = data.abs()
    greatest = torch.amax(magnitude, dims, keepdim=True)
    found = torch.where(magnitude == greatest, data, -greatest)
    result = torch.where(greatest.isnan(), greatest, torch.amax(found, dims, keepdim=True))
    return result if keepdim else result.squeeze(dims)


def _quantile(
    data: Tensor, dim: Dim, keepdim: bool, q: float | Tensor, interpolation: str, skipnan: bool
) -> Tensor:
    reduce = torch.nanquantile if skipnan else torch.quantile
    if not isinstance(dim, tuple):
        return reduce(data, q, dim, keepdim=keepdim, interpolation=interpolation)
    kept = [d for d in range(data.ndim) if d not in {n % data.ndim for n in dim}]
    flat = data.permute(*kept, *dim).flatten(len(kept))
    result = reduce(flat, q, -1, interpolation=interpolation)
    if not keepdim:
        return result
    sizes = (data.shape[d] if d in kept else 1 for d in range(data.ndim))
    return result.reshape(*result.shape[: result.ndim - len(kept)], *sizes)


def quantile(
    data: Tensor,
    dim: Dim = None,
    keepdim: bool = False,
    q: float | Tensor = 0.5,
    interpolation: str = "linear",
    **kwargs: Any,
) -> Tensor:
    """Quantile of the elements.

    Args:
        data: floating-point tensor.
        dim: reduced dimensions.
        keepdim: whether reduced dimensions are kept with size 1.
        q: quantile or vector of quantiles, which becomes the first dimension.
        interpolation: ``"linear"``, ``"lower"``, ``"higher"``, ``"nearest"`` or
            ``"midpoint"``.
        **kwargs: ignored.
    """
    return _quantile(data, dim, keepdim, q, interpolation, skipnan=False)


def nanquantile(
    data: Tensor,
    dim: Dim = None,
    keepdim: bool = False,
    q: float | Tensor = 0.5,
    interpolation: str = "linear",
    **kwargs: Any,
) -> Tensor:
    """Quantile of the elements that are not NaN; see ``quantile``."""
    return _quantile(data, dim, keepdim, q, interpolation, skipnan=True)


def median(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Median of the elements, the mean of the middle two where there are two."""
    return _quantile(data, dim, keepdim, 0.5, "midpoint", skipnan=False)


def nanmedian(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Median of the elements that are not NaN."""
    return _quantile(data, dim, keepdim, 0.5, "midpoint", skipnan=True)


def _geomean(data: Tensor, counted: Tensor, dim: Dim, keepdim: bool) -> Tensor:
    dims = _dims(data, dim)
    logs = torch.where(counted, data, torch.ones_like(data)).log()
    count = counted.sum(dims, keepdim=keepdim)
    mean = (logs.sum(dims, keepdim=keepdim) / count.clamp_min(1)).exp()
    return torch.where(count == 0, torch.zeros_like(mean), mean)


def geomean(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Geometric mean of the elements that are not zero; 0 if all are.

    NaN and negative elements make it NaN.
    """
    return _geomean(data, data != 0, dim, keepdim)


def nangeomean(data: Tensor, dim: Dim = None, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Geometric mean of the positive elements; 0 if there are none.

    Zeros, negative elements and NaN are left out.
    """
    return _geomean(data, data > 0, dim, keepdim)
