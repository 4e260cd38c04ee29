"""Protocols of the functions that modules accept.

Every function of the library that follows one accepts further keyword arguments, so that
one call can serve functions with different parameters.
"""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

__all__ = [
    "DimensionReduction",
    "Extrapolation",
    "FullBounding",
    "HalfBounding",
    "Interpolation",
    "SpikeTimeHalfKernel",
]


class HalfBounding(Protocol):
    """Bounds the positive or the negative part of a parameter update."""

    def __call__(self, param: Tensor, update: Tensor, limit: float, **kwargs: Any) -> Tensor:
        """Returns the bounded update."""
        ...


class FullBounding(Protocol):
    """Bounds both parts of a parameter update and joins them."""

    def __call__(
        self,
        param: Tensor,
        pos: Tensor,
        neg: Tensor,
        max: float | None,
        min: float | None,
        **kwargs: Any,
    ) -> Tensor:
        """Returns the positive part minus the negative part, bounded."""
        ...


class Interpolation(Protocol):
    """Gives the value at a time between two observations.

    ``sample_at`` is the time since the older observation ``prev_data``, ``step_time`` the
    time from it to the newer ``next_data``.
    """

    def __call__(
        self,
        prev_data: Tensor,
        next_data: Tensor,
        sample_at: Tensor,
        step_time: float,
        **kwargs: Any,
    ) -> Tensor:
        """Returns the value at the time."""
        ...


class Extrapolation(Protocol):
    """Gives two observations that account for a value at a time between them."""

    def __call__(
        self,
        sample: Tensor,
        sample_at: Tensor,
        prev_data: Tensor,
        next_data: Tensor,
        step_time: float,
        **kwargs: Any,
    ) -> tuple[Tensor, Tensor]:
        """Returns the older and the newer observation."""
        ...


class DimensionReduction(Protocol):
    """Reduces dimensions of a tensor."""

    def __call__(
        self,
        data: Tensor,
        dim: tuple[int, ...] | int | None = None,
        keepdim: bool = False,
        **kwargs: Any,
    ) -> Tensor:
        """Returns the reduced tensor."""
        ...


class SpikeTimeHalfKernel(Protocol):
    r"""Gives the part of an update for one order of spikes from their time difference.

    ``diff`` is the time of the postsynaptic minus that of the presynaptic spike, of shape
    $B \times N_0 \times \cdots \times L$; unseen spikes make it infinite or NaN.
    """

    def __call__(self, diff: Tensor, **kwargs: Any) -> Tensor:
        """Returns the part of the update."""
        ...
