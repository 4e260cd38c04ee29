"""Reducers that keep averages."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from inferno._internal import argtest
from inferno.core import exponential_smoothing
from inferno.functional import interp_linear

from .base import FoldReducer

__all__ = ["CAReducer", "EMAReducer"]


class EMAReducer(FoldReducer):
    r"""Keeps the exponential moving average.

    $$s_t = \alpha x_t + (1 - \alpha) s_{t-1}, \quad s_0 = x_0$$

    A time constant $\tau$ corresponds to $\alpha = 1 - e^{-\Delta t / \tau}$.

    Args:
        step_time: time between observations.
        alpha: weight of an observation, in [0, 1].
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.
        dtype: data type of the states, torch's default if ``None``.

    Raises:
        ValueError: if ``alpha`` is outside [0, 1].
    """

    def __init__(
        self,
        step_time: float,
        alpha: float,
        duration: float = 0.0,
        inclusive: bool = False,
        inplace: bool = False,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        alpha = argtest.minmax_incl("alpha", alpha, 0, 1, float)
        super().__init__(step_time, duration, inclusive, inplace, 0, dtype=dtype)
        self.alpha = alpha

    _elementwise = True

    def fold(self, obs: Tensor, state: Tensor | None) -> Tensor:  # type: ignore[override]
        """Returns the moving average."""
        return exponential_smoothing(obs, state, alpha=self.alpha)

    def interpolate(
        self, prev_data: Tensor, next_data: Tensor, sample_at: Tensor, step_time: float
    ) -> Tensor:
        """Interpolates linearly."""
        return interp_linear(prev_data, next_data, sample_at, step_time)


class CAReducer(FoldReducer):
    r"""Keeps the average of all observations.

    $$s_n = s_{n-1} + (x_n - s_{n-1}) / n$$

    Args:
        step_time: time between observations.
        duration: time that is remembered.
        inclusive: whether the state exactly ``duration`` ago can be read.
        inplace: whether states that were read may change with later observations.
        dtype: data type of the states, torch's default if ``None``.
    """

    def __init__(
        self,
        step_time: float,
        duration: float = 0.0,
        inclusive: bool = False,
        inplace: bool = False,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(step_time, duration, inclusive, inplace, 0, dtype=dtype)
        self.register_extra("_count", 0)

    _elementwise = True

    def clear(self, keepshape: bool = False, **kwargs: Any) -> None:
        """Forgets all states and starts counting anew; see ``FoldReducer.clear``."""
        super().clear(keepshape, **kwargs)
        self._count = 0

    def fold(self, obs: Tensor, state: Tensor | None) -> Tensor:  # type: ignore[override]
        """Returns the average."""
        count = self._count + 1
        if state is None:
            result = obs.to(self.data_.dtype)
        else:
            result = state + (obs.to(state.dtype) - state) / count
        self._count = count
        return result

    def interpolate(
        self, prev_data: Tensor, next_data: Tensor, sample_at: Tensor, step_time: float
    ) -> Tensor:
        """Interpolates linearly."""
        return interp_linear(prev_data, next_data, sample_at, step_time)
