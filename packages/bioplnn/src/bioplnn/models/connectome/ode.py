"""A connectome in continuous time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from bioplnn.models.connectome.base import ConnectomeMixIn
from bioplnn.models.sparse.linear import PreparedProduct
from bioplnn.models.sparse.ode import SparseODERNN, at_bins, time_bins
from bioplnn.models.sparse.rnn import project_features
from bioplnn.typing import TensorInitFnType


class ConnectomeODERNN(ConnectomeMixIn, SparseODERNN):
    r"""Neurons wired by a connectome, integrated in continuous time.

    $$\tau \dot h = \max(0, f(W_{ih} x(t) + W(\sigma h) + b)) - h$$

    The input is piecewise constant over equal time bins. Every sample is integrated with a step
    size of its own.

    Args:
        *args: As for :class:`ConnectomeRNN`.
        **kwargs: As for :class:`ConnectomeRNN`, and ``compile_solver_kwargs``,
            ``compile_update_fn_kwargs`` and ``solver_kwargs`` as for :class:`SparseODERNN`.

    Examples:
        >>> rnn = ConnectomeODERNN(2, 2, torch.tensor([[0.0, 0.5], [0.2, 0.0]]))
        >>> outs, states, ts = rnn(torch.zeros(3, 2), num_evals=4)
        >>> states.shape, ts.shape
        (torch.Size([3, 4, 2]), torch.Size([3, 4]))
    """

    def update_fn(  # type: ignore[override]
        self, t: Tensor, h: Tensor, args: Mapping[str, Any]
    ) -> Tensor:
        """Derivative ``(B, N)`` of the state, see :meth:`SparseODERNN.update_fn`."""
        x = args["x"]
        bins = time_bins(t, args["start_time"], args["end_time"], x.shape[0])
        drive = project_features(self.ih, at_bins(x, bins))
        return self._relax(drive, h.t(), self._recurrent(), self._rates()).t()

    def _relax(self, drive: Tensor, h: Tensor, recurrent: PreparedProduct, rates: Tensor) -> Tensor:
        activity = self._activity(drive + recurrent(h))
        return (activity - h) * rates

    def _vector_field(self) -> tuple[Callable[..., Tensor], tuple[Tensor, ...]]:
        recurrent, rates = self._recurrent(), self._rates()
        pattern, bias = recurrent.pattern, recurrent.bias

        def derivative(
            drive: Tensor, h: Tensor, rates: Tensor, values: Tensor, values_t: Tensor, *b: Tensor
        ) -> Tensor:
            product = PreparedProduct(pattern, values, values_t, b[0] if b else None)
            return self._relax(drive, h, product, rates)

        given = (rates, recurrent.values, recurrent.values_t)
        return derivative, given if bias is None else (*given, bias)

    def forward(  # type: ignore[override]
        self,
        x: Tensor,
        num_evals: int = 2,
        start_time: float = 0.0,
        end_time: float = 1.0,
        neuron_state0: Tensor | None = None,
        neuron_state_init_fn: str | TensorInitFnType | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Integrate from ``start_time`` to ``end_time``; see :meth:`SparseODERNN.forward`."""
        return SparseODERNN.forward(
            self, x, num_evals, start_time, end_time, neuron_state0, neuron_state_init_fn
        )
