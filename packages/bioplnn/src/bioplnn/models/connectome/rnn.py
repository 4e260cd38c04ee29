"""A connectome in discrete time."""

from __future__ import annotations

import torch
from torch import Tensor

from bioplnn.models.connectome.base import ConnectomeMixIn
from bioplnn.models.sparse.rnn import project_features
from bioplnn.typing import TensorInitFnType


class ConnectomeRNN(ConnectomeMixIn):
    r"""Neurons wired by a measured (or generated) connectome, stepped forward by Euler's rule.

    $$h_{t} = h_{t-1} + \frac{1}{\tau}\left(\max(0, f(W_{ih} x_t + W(\sigma h_{t-1}) + b))
      - h_{t-1}\right)$$

    with $W \ge 0$, the sign $\sigma$ of every sending neuron (Dale's law) and $\tau \ge 1$ step.

    Args:
        input_size: Number of inputs.
        num_neurons: Number of neurons N.
        connectome: ``(N, N)`` matrix, tensor or path; ``W[i, j]`` acts from neuron j on neuron i.
        output_size: Number of outputs.
        input_projection: ``(N, input_size)``.
        output_projection: ``(output_size, N)``.
        use_dense_input_projection: Use a dense trained input projection.
        use_dense_output_projection: Use a dense trained output projection.
        train_connectome: Whether synaptic weights are trained.
        train_input_projection: Whether the input projection is trained.
        train_output_projection: Whether the output projection is trained.
        num_neuron_types: Number of types K, 0 for none.
        neuron_type: Label of every neuron.
        neuron_class: ``"excitatory"``/``"inhibitory"`` or 1/-1: one, one per neuron or per type,
            or a mapping from type labels.
        neuron_class_mode: ``"per_neuron"`` or ``"per_neuron_type"``.
        neuron_tau_init: Time constants in steps, at least 1: one, per neuron, per type or mapping.
        neuron_tau_init_fn: How to make them otherwise.
        neuron_tau_mode: ``"per_neuron"`` or ``"per_neuron_type"``.
        train_tau: Whether time constants are trained.
        neuron_nonlinearity: One, or a list or mapping per type.
        default_neuron_state_init_fn: Initial state, by name or callable.
        connectome_bias: Whether neurons have a bias.
        output_projection_bias: Whether the output projection has a bias.
        batch_first: Layout of 3-D inputs and of results.

    Raises:
        ValueError: Shapes, labels or values do not fit; the message names the argument.

    Examples:
        >>> wiring = torch.tensor([[0.0, 0.5], [0.2, 0.0]])
        >>> rnn = ConnectomeRNN(2, 2, wiring, neuron_class=["excitatory", "inhibitory"])
        >>> outs, states = rnn(torch.zeros(3, 2), num_steps=4)
        >>> states.shape
        torch.Size([3, 4, 2])
    """

    def update_fn(self, x: Tensor, h: Tensor) -> Tensor:
        """One step: input ``(I, B)`` and state ``(N, B)`` give the new state ``(N, B)``."""
        drive = project_features(self.ih, x) + self._recurrent()(h)
        return torch.lerp(h, self._activity(drive), self._rates())

    def _steps(self, drives: Tensor, h: Tensor, steps: int) -> list[Tensor]:
        states = []
        recurrent, rates = self._recurrent(), self._rates()
        for t in range(steps):
            drive = drives[min(t, len(drives) - 1)] + recurrent(h)
            h = torch.lerp(h, self._activity(drive), rates)
            states.append(h)
        return states

    def forward(
        self,
        x: Tensor,
        num_steps: int | None = None,
        neuron_state0: Tensor | None = None,
        neuron_state_init_fn: str | TensorInitFnType | None = None,
        *,
        last_step_only: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Run the network over a number of steps.

        Args:
            x: Constant input ``(B, I)`` with ``num_steps``, or a sequence.
            num_steps: Number of steps T.
            neuron_state0: Initial state ``(B, N)``.
            neuron_state_init_fn: How to make it otherwise.
            last_step_only: Return the last step alone (T = 1 in the results), which spares the
                memory for all others.

        Returns:
            Outputs ``(B, T, O)`` and states ``(B, T, N)``, or time first.
        """
        return super().forward(
            x, num_steps, neuron_state0, neuron_state_init_fn, last_step_only=last_step_only
        )
