"""Range estimators that try ranges and take the one with the smallest loss."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import torch
from torch import Tensor

from aihwkit.simulator.digital_low_precision.minmax import NoDataPassedError, RangeEstimatorBase
from synaptensor.validation import check_integer, check_nonnegative

__all__ = ["CrossEntropyEstimator", "MSE_Estimator", "OptMethod", "golden_section"]

_GOLDEN = 0.6180339887498949
# Steps of the golden section: the interval shrinks to 6e-6 of its width.
_STEPS = 25


class OptMethod(Enum):
    """How the best range is searched."""

    grid = 1
    golden_section = 2

    @classmethod
    def list(cls) -> list[str]:
        """Return the names of the methods."""
        return [member.name for member in cls]


def golden_section(loss: Callable[[Tensor], Tensor], low: Tensor, high: Tensor) -> Tensor:
    """Return the minimum of a loss for each element between `low` and `high`.

    Args:
        loss: takes one point for each element and returns the loss of each.
        low: lower ends `[n]`.
        high: upper ends `[n]`.
    """
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(_STEPS):
        lower = at_left < at_right
        high = torch.where(lower, right, high)
        low = torch.where(lower, low, left)
        fresh = torch.where(lower, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
        at_fresh = loss(fresh)
        left, right = torch.where(lower, fresh, right), torch.where(lower, left, fresh)
        at_left, at_right = (
            torch.where(lower, at_fresh, at_right),
            torch.where(lower, at_left, at_fresh),
        )
    return torch.where(at_left < at_right, left, right)


class MSE_Estimator(RangeEstimatorBase):  # noqa: N801 - the name that configurations use
    r"""Range with the smallest squared error of quantisation, :math:`\sum (x - q(x))^2`.

    Ranges lie symmetrically around zero, or from zero on if the first data have no negative
    values; for asymmetric quantisers they may also be shifted. On a grid of candidates, losses add
    up over calls; the golden section looks at the data at hand.

    Args:
        num_candidates: number of candidates on the grid.
        opt_method: how the range is searched.
        range_margin: how far ranges may exceed the data.
        **kwargs: arguments of `RangeEstimatorBase`; needs its quantiser.
    """

    _lowest: Tensor | None
    _highest: Tensor | None
    _losses: Tensor | None

    def __init__(
        self,
        num_candidates: int = 100,
        opt_method: OptMethod = OptMethod.grid,
        range_margin: float = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_candidates = check_integer("num_candidates", num_candidates, minimum=1)
        self.opt_method = OptMethod(opt_method)
        self.range_margin = check_nonnegative("range_margin", range_margin)
        self.one_sided_dist: bool | None = None
        for name in ("_lowest", "_highest", "_losses"):
            self.register_buffer(name, None, persistent=False)

    # -- what is searched --------------------------------------------------------------------

    @property
    def step_size(self) -> Tensor:
        """Distance of candidates on the grid, for each row.

        Raises:
            NoDataPassedError: without data.
        """
        if self._lowest is None:
            raise NoDataPassedError
        return self._largest() / self.num_candidates

    @property
    def optimization_method(self) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Search that is used for the data.

        Raises:
            NoDataPassedError: without data.
        """
        if self.one_sided_dist is None:
            raise NoDataPassedError
        if self.opt_method is OptMethod.grid:
            return self._search_grid
        return self._search_golden_section

    def reset(self) -> None:
        """Forget all data."""
        super().reset()
        self.one_sided_dist = self._lowest = self._highest = self._losses = None

    def loss_fx(self, rows: Tensor, quantized: Tensor, x: Tensor) -> Tensor:
        """Return the loss of each row."""
        return (rows - quantized).square().sum(1)

    def estimate(self, rows: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the ends of the range of each row.

        Raises:
            NotImplementedError: without a quantiser.
        """
        if self.quantizer is None:
            raise NotImplementedError("a search for the best range needs a quantizer, got None")
        rows = rows.float() if not rows.is_floating_point() else rows
        if self._lowest is None:
            self.one_sided_dist = bool(rows.min() >= 0)
            self._lowest = rows.amin(1).clamp(max=0.0) - self.range_margin
            self._highest = rows.amax(1).clamp(min=0.0) + self.range_margin
        return self.optimization_method(rows, x)

    def _largest(self) -> Tensor:
        assert self._lowest is not None
        assert self._highest is not None
        return torch.maximum(-self._lowest, self._highest)

    def _shifts(self) -> range:
        """Return the numbers of quantisation steps by which ranges are shifted."""
        if self.one_sided_dist or self.quantizer.symmetric:
            return range(1)
        count = max(2**self.quantizer.n_bits // 4, 1)
        return range(1 - count, count)

    def _range(self, half: Tensor, shift: Tensor | float) -> tuple[Tensor, Tensor]:
        """Return the range of half width `half`, shifted by a number of quantisation steps."""
        if self.one_sided_dist:
            return torch.zeros_like(half), half
        if self.quantizer.symmetric:
            return -half, half
        assert self._lowest is not None
        assert self._highest is not None
        offset = shift * 2.0 * half / (2**self.quantizer.n_bits - 1)
        return (
            torch.maximum(offset - half, self._lowest),
            torch.minimum(offset + half, self._highest),
        )

    def _loss(self, rows: Tensor, x: Tensor, half: Tensor, shift: Tensor | float) -> Tensor:
        x_min, x_max = self._range(half, shift)
        quantized = self.quantizer.quantize_with_range(rows, x_min.view(-1, 1), x_max.view(-1, 1))
        return self.loss_fx(rows, quantized, x)

    # -- searches ----------------------------------------------------------------------------

    def _search_grid(self, rows: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        step, shifts = self.step_size, self._shifts()
        losses = [
            self._loss(rows, x, step * number, shift)
            for number in range(1, self.num_candidates + 1)
            for shift in shifts
        ]
        total = torch.stack(losses, dim=1)
        self._losses = total if self._losses is None else self._losses + total
        best = self._losses.argmin(1)
        number = torch.div(best, len(shifts), rounding_mode="floor") + 1
        return self._range(step * number, (best % len(shifts) + shifts.start).to(step))

    def _search_golden_section(self, rows: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        high = self._largest()
        low = 0.01 * high
        if len(self._shifts()) == 1:
            half = golden_section(lambda half: self._loss(rows, x, half, 0.0), low, high)
            return self._range(half, 0.0)
        most = torch.full_like(high, 2**self.quantizer.n_bits // 4)

        def best_shift(half: Tensor) -> Tensor:
            return golden_section(lambda shift: self._loss(rows, x, half, shift), -most, most)

        half = golden_section(lambda half: self._loss(rows, x, half, best_shift(half)), low, high)
        return self._range(half, best_shift(half))


class CrossEntropyEstimator(MSE_Estimator):
    r"""Range with the smallest cross entropy of the quantised against the exact logits.

    The loss is :math:`-\sum \mathrm{softmax}(x) \log \mathrm{softmax}(q(x))` over dimension 1 of
    the data, so there is one range for all of them. Takes the arguments of `MSE_Estimator`.

    Raises:
        ValueError: if asked for one range for each channel.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.per_channel or self.axis is not None:
            raise ValueError("cross entropy needs whole logits, so per_channel must be False")

    def loss_fx(self, rows: Tensor, quantized: Tensor, x: Tensor) -> Tensor:
        """Return the loss of the only row."""
        target = torch.softmax(x, dim=1)
        loss = -(target * torch.log_softmax(quantized.view(x.shape), dim=1)).sum()
        return loss.view(1)
