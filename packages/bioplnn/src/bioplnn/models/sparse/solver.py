"""The adaptive solver as a module."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bioplnn.functional.dopri5 import SolverStatistics, Tolerances, dopri5
from synaptensor.validation import check_integer, check_positive


class StepSizeController(nn.Module):
    """Holds the tolerances, so that they are saved with a model.

    Args:
        atol: Absolute tolerance.
        rtol: Relative tolerance.
    """

    atol: Tensor
    rtol: Tensor

    def __init__(self, atol: float = 1e-6, rtol: float = 1e-3) -> None:
        super().__init__()
        self.register_buffer("atol", torch.tensor(check_positive("atol", float(atol))))
        self.register_buffer("rtol", torch.tensor(check_positive("rtol", float(rtol))))


class AdaptiveSolver(nn.Module):
    """Dormand-Prince 5(4) with a step size of its own for every sample.

    Args:
        atol: Absolute tolerance.
        rtol: Relative tolerance.
        max_steps: Largest number of attempted steps, ``None`` for no limit.

    Attributes:
        statistics: What the last integration cost, ``None`` before the first.
    """

    def __init__(
        self, atol: float = 1e-6, rtol: float = 1e-3, max_steps: int | None = None
    ) -> None:
        super().__init__()
        self.step_size_controller = StepSizeController(atol, rtol)
        if max_steps is not None:
            max_steps = check_integer("max_steps", max_steps, minimum=1)
        self.max_steps = max_steps
        self.statistics: SolverStatistics | None = None

    def tolerances(self) -> Tolerances:
        """The error control as plain numbers."""
        control = self.step_size_controller
        return Tolerances(float(control.atol), float(control.rtol), self.max_steps)

    def forward(self, f: Callable[[Tensor, Tensor], Tensor], y0: Tensor, times: Tensor) -> Tensor:
        """Integrate ``f(t (B,), y (F, B))`` and return the states at some times, ``(E, F, B)``."""
        states, self.statistics = dopri5(f, y0, times, self.tolerances())
        return states
