"""Sparse recurrent networks in continuous time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from bioplnn.functional.dopri5 import SolverStatistics
from bioplnn.models.sparse.linear import PreparedProduct
from bioplnn.models.sparse.rnn import SparseRNN, project_features
from bioplnn.models.sparse.solver import AdaptiveSolver
from bioplnn.typing import TensorInitFnType
from synaptensor.validation import check_integer, check_shape


class SparseODERNN(SparseRNN):
    r"""A network $\dot h = f(W_{ih} x(t) + W_{hh} h + b) - h$ with sparse weights.

    The input is piecewise constant: a sequence of T inputs divides the time into T equal bins.

    Args:
        *args: As for :class:`SparseRNN`.
        compile_solver_kwargs: Arguments of ``torch.compile`` for the vector field, which is the
            part of a solver that can be compiled.
        compile_update_fn_kwargs: The same; takes precedence.
        solver_kwargs: Arguments of the :class:`AdaptiveSolver`: tolerances, largest number of
            steps, how gradients are made, whether to stop where the input jumps.
        **kwargs: As for :class:`SparseRNN`.

    Attributes:
        solver: The solver; its tolerances are ``solver.step_size_controller.atol`` and ``.rtol``,
            its last costs ``solver.statistics``.
    """

    def __init__(
        self,
        *args: Any,
        compile_solver_kwargs: Mapping[str, Any] | None = None,
        compile_update_fn_kwargs: Mapping[str, Any] | None = None,
        solver_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        given = compile_solver_kwargs if compile_update_fn_kwargs is None else None
        self._compile_kwargs = given if given is not None else compile_update_fn_kwargs
        self.solver = AdaptiveSolver(**({} if solver_kwargs is None else solver_kwargs))

    def _derivative(self, drive: Tensor, h: Tensor, recurrent: PreparedProduct) -> Tensor:
        """Derivative ``(N, B)`` at a state, with what the input sends."""
        return self.nonlinearity(drive + recurrent(h)) - h

    def update_fn(  # type: ignore[override]
        self, t: Tensor, h: Tensor, args: Mapping[str, Any]
    ) -> Tensor:
        """Derivative of the state.

        Args:
            t: Time of every sample, ``(B,)``.
            h: State ``(B, N)``.
            args: ``"x"``: inputs of all bins, ``(T, I, B)``; ``"start_time"``; ``"end_time"``.

        Returns:
            Derivative ``(B, N)``.
        """
        x = args["x"]
        bins = time_bins(t, args["start_time"], args["end_time"], x.shape[0])
        drive = project_features(self.ih, at_bins(x, bins))
        return self._derivative(drive, h.t(), self.hh.prepared()).t()

    def forward(  # type: ignore[override]
        self,
        x: Tensor,
        num_evals: int = 2,
        start_time: float = 0.0,
        end_time: float = 1.0,
        h0: Tensor | None = None,
        hidden_init_fn: str | TensorInitFnType | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Integrate from ``start_time`` to ``end_time``.

        Args:
            x: Constant input ``(B, I)``, or one per time bin, ``(B, T, I)`` or ``(T, B, I)``.
            num_evals: Number of evaluation points, both ends included.
            start_time: Start, in units of the time constants.
            end_time: End; before the start to integrate backwards.
            h0: Initial state ``(B, N)``.
            hidden_init_fn: How to make it otherwise.

        Returns:
            Outputs, states and times at the evaluation points, ``(B, E, .)`` and ``(B, E)``, or
            with time first.

        Raises:
            ValueError: Shapes do not fit or ``num_evals < 2``.
            SolverError: Values are not finite or the solver needs too many steps.
        """
        num_evals = check_integer("num_evals", num_evals, minimum=2)
        sequence, _ = self._as_sequence(x, 1 if x.ndim == 2 else None)
        state = self._initial(h0, hidden_init_fn, sequence)
        self.project()
        times = torch.linspace(
            start_time, end_time, num_evals, device=state.device, dtype=state.dtype
        )
        outs, states = self._finish(self._integrate(self._drives(sequence), state, times))
        ts = times.expand(state.shape[1], num_evals)
        return outs, states, ts if self.batch_first else ts.t()

    def _integrate(self, drives: Tensor, state: Tensor, times: Tensor) -> Tensor:
        """States ``(E, N, B)`` at some times."""
        derivative, parameters = self._vector_field()
        if self._compile_kwargs is not None:
            derivative = torch.compile(derivative, **self._compile_kwargs)
        start_time, end_time = float(times[0]), float(times[-1])

        def field(t: Tensor, h: Tensor, drives: Tensor, *parameters: Tensor) -> Tensor:
            bins = time_bins(t, start_time, end_time, drives.shape[0])
            return derivative(at_bins(drives, bins), h, *parameters)

        if not self.solver.stop_at_jumps or len(drives) == 1 or start_time == end_time:
            return self.solver(field, state, times, (drives, *parameters))
        found, costs = [state[None]], SolverStatistics(n_accepted=(0,) * state.shape[1])
        for drive, inside in zip(drives, times_in_bins(times, len(drives)), strict=True):
            states = self.solver(field, state, inside, (drive[None], *parameters))
            costs = costs + self.solver.statistics
            # The first time of a bin is its start, the last its end; both only help to get on.
            found.append(states[1:-1])
            state = states[-1]
        self.solver.statistics = costs
        return torch.cat([*found, state[None]])

    def _vector_field(self) -> tuple[Callable[..., Tensor], tuple[Tensor, ...]]:
        """Derivative of the state by drive, state and parameters, and these parameters."""
        recurrent = self.hh.prepared()
        pattern, bias = recurrent.pattern, recurrent.bias

        def derivative(
            drive: Tensor, h: Tensor, values: Tensor, values_t: Tensor, *b: Tensor
        ) -> Tensor:
            product = PreparedProduct(pattern, values, values_t, b[0] if b else None)
            return self._derivative(drive, h, product)

        weights = (recurrent.values, recurrent.values_t)
        return derivative, weights if bias is None else (*weights, bias)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        # A compiled solver of the reference saves its tolerances under a longer name.
        compiled = f"{prefix}solver._orig_mod."
        for key in [key for key in state_dict if key.startswith(compiled)]:
            state_dict[f"{prefix}solver.{key[len(compiled) :]}"] = state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


def time_bins(t: Tensor, start_time: float, end_time: float, count: int) -> Tensor:
    """Number of the time bin of every sample, ``(B,)``."""
    if count == 1 or start_time == end_time:
        return torch.zeros_like(t, dtype=torch.int64)
    return ((t - start_time) / (end_time - start_time) * count).long().clamp(0, count - 1)


def times_in_bins(times: Tensor, count: int) -> list[Tensor]:
    """Times of evaluation inside every bin, between the start and the end of the bin.

    The first and the last of all times are left out: they are edges.
    """
    edges = torch.linspace(
        float(times[0]), float(times[-1]), count + 1, dtype=times.dtype, device=times.device
    )
    inner = times[1:-1]
    sign = 1.0 if bool(times[-1] > times[0]) else -1.0
    bins = torch.searchsorted(sign * edges, sign * inner, right=True).clamp(1, count) - 1
    return [
        torch.cat([edges[k : k + 1], inner[bins == k], edges[k + 1 : k + 2]]) for k in range(count)
    ]


def at_bins(x: Tensor, bins: Tensor) -> Tensor:
    """Pick from ``(T, F, B)`` the entry of every sample's bin, ``(F, B)``."""
    if x.shape[0] == 1:
        return x[0]
    check_shape("bins", bins, (x.shape[2],))
    return x.gather(0, bins.expand(1, *x.shape[1:]))[0]
