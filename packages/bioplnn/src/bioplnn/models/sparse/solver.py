"""The adaptive solver as a module."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from bioplnn.functional.adjoint import dopri5_adjoint
from bioplnn.functional.dopri5 import SolverStatistics, Tolerances, dopri5
from synaptensor.validation import check_choice, check_integer, check_positive

GRADIENTS = ("solver", "adjoint")


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
        gradient: ``"solver"`` differentiates the steps that were made, with memory for all of
            them; ``"adjoint"`` integrates the adjoint equation backwards, with memory for the
            evaluation points alone and an error of the size of the tolerances.
        stop_at_jumps: Whether steps end where a piecewise constant input jumps. Steps across a
            jump, which the reference makes, are off by up to 1e-2 at the default tolerances.

    Attributes:
        statistics: What the last integration cost, ``None`` before the first.
    """

    def __init__(
        self,
        atol: float = 1e-6,
        rtol: float = 1e-3,
        max_steps: int | None = None,
        gradient: str = "solver",
        stop_at_jumps: bool = False,
    ) -> None:
        super().__init__()
        self.step_size_controller = StepSizeController(atol, rtol)
        if max_steps is not None:
            max_steps = check_integer("max_steps", max_steps, minimum=1)
        self.max_steps = max_steps
        self.gradient = check_choice("gradient", gradient, GRADIENTS)
        self.stop_at_jumps = bool(stop_at_jumps)
        self.statistics: SolverStatistics | None = None

    def tolerances(self) -> Tolerances:
        """The error control as plain numbers."""
        control = self.step_size_controller
        return Tolerances(float(control.atol), float(control.rtol), self.max_steps)

    def forward(
        self,
        f: Callable[..., Tensor],
        y0: Tensor,
        times: Tensor,
        parameters: Sequence[Tensor] = (),
    ) -> Tensor:
        """Integrate ``f(t (B,), y (F, B), *parameters)``.

        Args:
            f: Vector field. What it depends on otherwise gets no gradient from the adjoint.
            y0: State ``(F, B)`` at the first time.
            times: Times ``(E,)`` to evaluate at.
            parameters: Tensors that the field depends on.

        Returns:
            States ``(E, F, B)``.
        """
        tolerances = self.tolerances()
        if self.gradient == "adjoint":
            states, self.statistics = dopri5_adjoint(f, y0, times, parameters, tolerances)
        else:
            states, self.statistics = dopri5(
                lambda t, y: f(t, y, *parameters), y0, times, tolerances
            )
        return states
