"""Range estimators that take extreme values of the data."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from synaptensor.validation import check_finite, check_in_range, check_integer

__all__ = [
    "AllMinMaxEstimator",
    "CurrentMinMaxEstimator",
    "NoDataPassedError",
    "RangeEstimatorBase",
    "RunningMinMaxEstimator",
]


class NoDataPassedError(RuntimeError):
    """An estimator is asked about data before it saw any."""

    def __init__(self) -> None:
        super().__init__("Data must be passed through the range estimator first")


class RangeEstimatorBase(Module):
    """Estimator of the range `(x_min, x_max)` of data.

    Args:
        per_channel: one range for each entry of the first dimension.
        quantizer: quantiser that will use the range, for estimators that try it.
        axis: one range for each entry of this dimension.
        n_groups: number of groups of neighbouring entries of `axis` that share a range.

    Attributes:
        current_xmin: lower ends found last, or None.
        current_xmax: upper ends found last, or None.

    Raises:
        ValueError: if `axis` and `per_channel` are both given, or `n_groups` without `axis`.
    """

    per_group_range_estimation = False
    quantizer: Any
    current_xmin: Tensor | None
    current_xmax: Tensor | None

    def __init__(
        self,
        per_channel: bool = False,
        quantizer: Any = None,
        axis: int | None = None,
        n_groups: int | None = None,
    ) -> None:
        super().__init__()
        if per_channel and axis is not None:
            raise ValueError(f"axis must be None for an estimator per channel, got {axis!r}")
        if n_groups is not None:
            check_integer("n_groups", n_groups, minimum=1)
            if axis is None:
                raise ValueError("n_groups needs an axis whose entries are grouped, got axis=None")
        self.per_channel, self.axis, self.n_groups = per_channel, axis, n_groups
        # Not a submodule: the quantiser belongs to the manager of both.
        self.__dict__["quantizer"] = quantizer
        self.register_buffer("current_xmin", None)
        self.register_buffer("current_xmax", None)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return lower and upper ends of the ranges, a scalar or one for each channel."""
        rows = self.as_rows(x.detach())
        if rows.numel() == 0:
            raise NoDataPassedError
        x_min, x_max = self.estimate(rows, x.detach())
        if self.n_groups is not None:
            x_min, x_max = self._share(x_min, torch.amin), self._share(x_max, torch.amax)
        if not self.per_channel and self.axis is None:
            x_min, x_max = x_min.reshape(()), x_max.reshape(())
        check_finite("x", torch.stack([x_min, x_max]))
        self.current_xmin, self.current_xmax = x_min, x_max
        return x_min, x_max

    def estimate(self, rows: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the ends of the range of each row; `x` are the same data in their own shape."""
        raise NotImplementedError

    def as_rows(self, x: Tensor) -> Tensor:
        """Return data as one row `[1, n]`, or one for each channel `[channels, n]`."""
        if self.axis is not None:
            x = x.movedim(self.axis, 0)
        elif not self.per_channel:
            return x.reshape(1, -1)
        return x.reshape(x.shape[0], -1)

    def _share(self, ends: Tensor, extreme: Any) -> Tensor:
        groups = self.n_groups or 1
        if ends.numel() % groups:
            raise ValueError(
                f"n_groups must divide the {ends.numel()} entries of the axis, got {groups}"
            )
        return extreme(ends.view(groups, -1), dim=1).repeat_interleave(ends.numel() // groups)

    def reset(self) -> None:
        """Forget all data."""
        self.current_xmin = None
        self.current_xmax = None

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        for name in ("current_xmin", "current_xmax"):
            stored = state_dict.get(prefix + name)
            setattr(self, name, None if stored is None else stored.detach().clone())
        super()._load_from_state_dict(state_dict, prefix, *args)

    def extra_repr(self) -> str:
        """Show what has a range of its own."""
        return f"per_channel={self.per_channel}, axis={self.axis}"


def percentile(rows: Tensor, percent: float) -> Tensor:
    """Return a percentile of each row, interpolated linearly; takes rows of any length."""
    place = percent / 100.0 * (rows.shape[1] - 1)
    below = int(place)
    lower = rows.kthvalue(below + 1, dim=1).values
    if place == below:
        return lower
    return torch.lerp(lower, rows.kthvalue(below + 2, dim=1).values, place - below)


class CurrentMinMaxEstimator(RangeEstimatorBase):
    """Smallest and largest value of the data at hand.

    Args:
        percentile: percentage of values to leave out at either end; None: none.
        **kwargs: arguments of `RangeEstimatorBase`.
    """

    def __init__(self, percentile: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if percentile is not None:
            check_in_range("percentile", percentile, 0.0, 50.0, inclusive="left")
        self.percentile = percentile

    def estimate(self, rows: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the ends of the range of each row."""
        if not self.percentile:
            return rows.amin(1), rows.amax(1)
        rows = rows.float() if not rows.is_floating_point() else rows
        return percentile(rows, self.percentile), percentile(rows, 100.0 - self.percentile)


class AllMinMaxEstimator(RangeEstimatorBase):
    """Smallest and largest value of all data so far; takes the arguments of its base."""

    def estimate(self, rows: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the ends of the range of each row."""
        x_min, x_max = rows.amin(1), rows.amax(1)
        if self.current_xmin is None or self.current_xmax is None:
            return x_min, x_max
        return (
            torch.minimum(x_min, self.current_xmin.view_as(x_min)),
            torch.maximum(x_max, self.current_xmax.view_as(x_max)),
        )


class RunningMinMaxEstimator(RangeEstimatorBase):
    r"""Running mean of smallest and largest values, :math:`r \leftarrow m\,r + (1 - m)\,r_{now}`.

    Args:
        momentum: :math:`m`.
        **kwargs: arguments of `RangeEstimatorBase`.
    """

    def __init__(self, momentum: float = 0.9, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = check_in_range("momentum", momentum, 0.0, 1.0)

    def estimate(self, rows: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the ends of the range of each row."""
        x_min, x_max = rows.amin(1), rows.amax(1)
        if self.current_xmin is None or self.current_xmax is None:
            return x_min, x_max
        kept = 1.0 - self.momentum
        return (
            torch.lerp(self.current_xmin.view_as(x_min), x_min, kept),
            torch.lerp(self.current_xmax.view_as(x_max), x_max, kept),
        )
