"""Reductions of dimensions, under the module name that the reference uses."""

from .dimreduction import (
    absmax,
    absmin,
    divsum,
    geomean,
    max,
    mean,
    median,
    min,
    nandivsum,
    nangeomean,
    nanmean,
    nanmedian,
    nanquantile,
    nansum,
    quantile,
    sum,
)

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
