"""A quantiser together with the estimator of its range."""

from __future__ import annotations

from enum import Enum
from typing import Any

from torch import Tensor
from torch.nn import Module

from aihwkit.simulator.digital_low_precision.minmax import RangeEstimatorBase
from aihwkit.simulator.digital_low_precision.quantizers import (
    QMethods,
    QuantizerBase,
    QuantizerNotInitializedError,
)
from aihwkit.simulator.digital_low_precision.range_estimators import RangeEstimators

__all__ = ["Qstates", "QuantizationManager"]

_DEFAULT_BITS = 8


class Qstates(Enum):
    """What happens to a range when data pass."""

    estimate_ranges = 0
    """It is estimated anew."""

    fix_ranges = 1
    """It stays."""

    learn_ranges = 2
    """It stays until an optimizer changes it."""

    estimate_ranges_train = 3
    """It is estimated anew in training mode and stays in evaluation mode."""


class QuantizationManager(Module):
    """Quantises data, with a range that is estimated from them, fixed, or learned.

    Args:
        qmethod: kind of the quantiser.
        init: kind of the range estimator.
        per_channel: one range for each entry of the first dimension.
        axis: one range for each entry of this dimension.
        n_groups: number of groups of entries of `axis` that share a range.
        x_min: lower end of a range that stays; needs `x_max`.
        x_max: upper end.
        qparams: arguments of the quantiser, such as `n_bits` (8 if it is not given).
        init_params: arguments of the range estimator.

    Attributes:
        quantizer: the quantiser.
        range_estimator: the estimator.
        state: what happens to the range when data pass.

    Raises:
        ValueError: if only one end of a range is given.
    """

    quantizer: QuantizerBase
    range_estimator: RangeEstimatorBase

    def __init__(
        self,
        qmethod: QMethods = QMethods.symmetric_uniform,
        init: RangeEstimators = RangeEstimators.current_minmax,
        per_channel: bool = False,
        axis: int | None = None,
        n_groups: int | None = None,
        x_min: Tensor | float | None = None,
        x_max: Tensor | float | None = None,
        qparams: dict[str, Any] | None = None,
        init_params: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.state = Qstates.estimate_ranges_train
        self.per_channel, self.axis, self.n_groups = per_channel, axis, n_groups
        qparams = {"n_bits": _DEFAULT_BITS, **(qparams or {})}
        self.quantizer = qmethod.cls(per_channel=per_channel, axis=axis, **qparams)
        self.range_estimator = init.cls(
            per_channel=per_channel,
            quantizer=self.quantizer,
            axis=axis,
            n_groups=n_groups,
            **(init_params or {}),
        )
        if (x_min is None) != (x_max is None):
            raise ValueError(f"x_min and x_max must be given together, got {x_min!r} and {x_max!r}")
        if x_min is not None and x_max is not None:
            self.set_quant_range(x_min, x_max)
            self.fix_ranges()

    @property
    def n_bits(self) -> int:
        """Number of bits."""
        return self.quantizer.n_bits

    def estimate_ranges(self) -> None:
        """Estimate the range anew from all data that pass."""
        self.state = Qstates.estimate_ranges

    def fix_ranges(self) -> None:
        """Keep the range.

        Raises:
            QuantizerNotInitializedError: if there is none.
        """
        if not self.quantizer.is_initialized:
            raise QuantizerNotInitializedError
        self.state = Qstates.fix_ranges

    def learn_ranges(self) -> None:
        """Let optimizers learn the range."""
        self.quantizer.make_range_trainable()
        self.state = Qstates.learn_ranges

    def estimate_ranges_train(self) -> None:
        """Estimate the range anew from data that pass in training mode."""
        self.state = Qstates.estimate_ranges_train

    def is_learning(self) -> bool:
        """Tell whether the range is learned."""
        return self.state is Qstates.learn_ranges

    def reset_ranges(self) -> None:
        """Forget the range and estimate it again from now on."""
        self.range_estimator.reset()
        self.quantizer.reset()
        self.estimate_ranges()

    def set_quant_range(self, x_min: Tensor | float, x_max: Tensor | float) -> None:
        """Set the range."""
        self.quantizer.set_quant_range(x_min, x_max)

    def forward(self, x: Tensor) -> Tensor:
        """Return the quantised data, after estimating the range where it is to be estimated."""
        training = self.state is Qstates.estimate_ranges_train and self.training
        if training or self.state is Qstates.estimate_ranges:
            self.set_quant_range(*self.range_estimator(x))
        return self.quantizer(x)

    def extra_repr(self) -> str:
        """Show the state."""
        return f"state={self.state.name}"
