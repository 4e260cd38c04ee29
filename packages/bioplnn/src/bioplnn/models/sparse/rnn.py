"""Recurrent networks with sparse weights."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from bioplnn.models.sparse.linear import SparseLinear
from bioplnn.typing import TensorInitFnType
from bioplnn.utils.activations import get_activation, init_tensor
from bioplnn.utils.arrays import load_sparse_tensor
from synaptensor.validation import check_flag, check_instance, check_integer, check_shape


class SparseRNN(nn.Module):
    r"""A recurrent network $h_t = f(W_{ih} x_t + W_{hh} h_{t-1} + b)$ with sparse weights.

    Recurrent weights are clamped to nonnegative values at every forward pass.

    Args:
        input_size: Number of inputs I.
        hidden_size: Number of neurons H.
        connectivity_hh: Recurrent weights ``(H, H)``, tensor or path; row = target.
        output_size: Number of outputs O; the neurons themselves if ``None``.
        connectivity_ih: Input weights ``(H, I)``; without, inputs and neurons are the same.
        connectivity_ho: Output weights ``(O, H)``.
        bias_hh: Whether neurons have a bias.
        bias_ih: Whether the input projection has a bias.
        bias_ho: Whether the output projection has a bias.
        use_dense_ih: Use a dense input projection.
        use_dense_ho: Use a dense output projection.
        train_hh: Whether recurrent weights are trained.
        train_ih: Whether input weights are trained.
        train_ho: Whether output weights are trained.
        default_hidden_init_fn: Initial state, by name or callable.
        nonlinearity: Name of a ``torch.nn`` class, a module or ``None``.
        batch_first: Layout of 3-D inputs and of results: ``(B, T, .)`` or ``(T, B, .)``.

    Raises:
        ValueError: Shapes do not fit or options contradict each other.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        connectivity_hh: Any,
        output_size: int | None = None,
        connectivity_ih: Any = None,
        connectivity_ho: Any = None,
        bias_hh: bool = True,
        bias_ih: bool = False,
        bias_ho: bool = True,
        use_dense_ih: bool = False,
        use_dense_ho: bool = False,
        train_hh: bool = True,
        train_ih: bool = True,
        train_ho: bool = True,
        default_hidden_init_fn: str | TensorInitFnType = "zeros",
        nonlinearity: str | nn.Module | None = "Sigmoid",
        batch_first: bool = True,
    ) -> None:
        super().__init__()
        self.input_size = check_integer("input_size", input_size, minimum=1)
        self.hidden_size = check_integer("hidden_size", hidden_size, minimum=1)
        given = output_size is not None
        self.output_size = (
            check_integer("output_size", output_size, minimum=1) if given else self.hidden_size
        )
        use_dense_ih = check_flag("use_dense_ih", use_dense_ih)
        use_dense_ho = check_flag("use_dense_ho", use_dense_ho)
        if not given and (connectivity_ho is not None or use_dense_ho):
            raise ValueError("output_size must be given for an output projection, got None")
        self.default_hidden_init_fn = default_hidden_init_fn
        self.nonlinearity = get_activation(nonlinearity)
        self.batch_first = check_flag("batch_first", batch_first)
        hidden, inputs, outputs = self.hidden_size, self.input_size, self.output_size
        self.hh = _sparse("connectivity_hh", hidden, hidden, connectivity_hh, bias_hh, train_hh)
        self.ih = _projection(
            "ih", inputs, hidden, connectivity_ih, use_dense_ih, bias_ih, train_ih
        )
        self.ho = _projection(
            "ho", hidden, outputs, connectivity_ho, use_dense_ho, bias_ho, train_ho
        )

    def project(self) -> None:
        """Enforce the constraints on the stored parameters now; every forward pass does so."""
        self.hh.values.data.clamp_(min=0)

    def init_hidden(
        self,
        batch_size: int,
        init_fn: str | TensorInitFnType | None = None,
        device: torch.device | str | None = None,
    ) -> Tensor:
        """Initial state ``(B, H)`` in the network's dtype."""
        init_fn = self.default_hidden_init_fn if init_fn is None else init_fn
        values = self.hh.values
        device = values.device if device is None else device
        return init_tensor(init_fn, batch_size, self.hidden_size, device=device, dtype=values.dtype)

    def init_state(
        self,
        num_steps: int,
        batch_size: int,
        h0: Tensor | None = None,
        hidden_init_fn: str | TensorInitFnType | None = None,
        device: torch.device | str | None = None,
    ) -> list[Tensor | None]:
        """List over the steps whose last entry holds the initial state ``(H, B)``."""
        states: list[Tensor | None] = [None] * check_integer("num_steps", num_steps, minimum=1)
        if h0 is None:
            h0 = self.init_hidden(batch_size, hidden_init_fn, device)
        states[-1] = check_shape("h0", h0, (batch_size, self.hidden_size)).t()
        return states

    def update_fn(self, x: Tensor, h: Tensor) -> Tensor:
        """One step: input ``(I, B)`` and state ``(H, B)`` give the new state ``(H, B)``."""
        return self.nonlinearity(project_features(self.ih, x) + self.hh(h))

    def _drives(self, x: Tensor) -> Tensor:
        """What the input sends to the neurons, ``(T, H, B)``, from ``(T, B, I)``."""
        steps, batch, _ = x.shape
        driven = project_features(self.ih, x.flatten(0, 1).t())
        return driven.unflatten(1, (steps, batch)).transpose(0, 1)

    def _steps(self, drives: Tensor, h: Tensor, steps: int) -> list[Tensor]:
        states = []
        recurrent = self.hh.prepared()
        for t in range(steps):
            h = self.nonlinearity(drives[min(t, len(drives) - 1)] + recurrent(h))
            states.append(h)
        return states

    def forward(
        self,
        x: Tensor,
        num_steps: int | None = None,
        h0: Tensor | None = None,
        hidden_init_fn: str | TensorInitFnType | None = None,
        *,
        last_step_only: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Run the network over a number of steps.

        Args:
            x: Constant input ``(B, I)`` with ``num_steps``, or a sequence ``(B, T, I)`` or
                ``(T, B, I)`` by ``batch_first``.
            num_steps: Number of steps T.
            h0: Initial state ``(B, H)``.
            hidden_init_fn: How to make it otherwise.
            last_step_only: Return the last step alone (T = 1 in the results), which spares the
                memory for all others.

        Returns:
            Outputs ``(B, T, O)`` and states ``(B, T, H)``, or time first.

        Raises:
            ValueError: Shapes or the number of steps do not fit.
        """
        sequence, steps = self._as_sequence(x, num_steps)
        state = self._initial(h0, hidden_init_fn, sequence)
        self.project()
        states = self._steps(self._drives(sequence), state, steps)
        return self._finish(torch.stack(states[-1:] if last_step_only else states))

    def _as_sequence(self, x: Tensor, num_steps: int | None) -> tuple[Tensor, int]:
        """Input with time first, ``(T or 1, B, I)``, and the number of steps."""
        check_instance("x", x, Tensor)
        if x.ndim == 2:
            check_shape("x", x, (None, self.input_size))
            if num_steps is None:
                raise ValueError("num_steps must be given for a constant input, got None")
            return x[None], check_integer("num_steps", num_steps, minimum=1)
        check_shape("x", x, (None, None, self.input_size))
        sequence = x.transpose(0, 1) if self.batch_first else x
        if num_steps not in (None, len(sequence)) or len(sequence) < 1:
            raise ValueError(
                f"num_steps must be the number of steps in x ({len(sequence)}) or None, "
                f"got {num_steps}"
            )
        return sequence, len(sequence)

    def _initial(
        self, h0: Tensor | None, init_fn: str | TensorInitFnType | None, sequence: Tensor
    ) -> Tensor:
        batch = sequence.shape[1]
        if h0 is None:
            h0 = self.init_hidden(batch, init_fn, sequence.device)
        return check_shape("h0", h0, (batch, self.hidden_size)).t()

    def _finish(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs and states in the layout of results, from states ``(T, H, B)``."""
        outs = states
        if not isinstance(self.ho, nn.Identity):
            outs = torch.stack([project_features(self.ho, state) for state in states])
        order = (2, 0, 1) if self.batch_first else (0, 2, 1)
        return outs.permute(order), states.permute(order)


def project_features(module: nn.Module, x: Tensor) -> Tensor:
    """Apply a projection to ``(features, N)``."""
    return module(x.t()).t() if isinstance(module, nn.Linear) else module(x)


def _sparse(
    name: str, inputs: int, outputs: int, connectivity: Any, bias: bool, train: bool
) -> SparseLinear:
    matrix = load_sparse_tensor(connectivity)
    if tuple(matrix.shape) != (outputs, inputs):
        raise ValueError(f"{name} must have shape {(outputs, inputs)}, got {tuple(matrix.shape)}")
    _check_entries(name, matrix)
    return SparseLinear(inputs, outputs, matrix, 0, bias, train)


def _check_entries(name: str, matrix: Tensor) -> None:
    """Check that a COO matrix has finite entries, none of them twice; names the first bad one."""
    indices, values = matrix._indices(), matrix._values()
    bad = (~torch.isfinite(values)).nonzero().flatten()
    if len(bad):
        where, got = indices[:, bad[0]].tolist(), values[bad[0]].item()
        raise ValueError(f"{name}{where} must be finite, got {got}")
    if matrix.is_coalesced():
        return
    places, counts = indices.unique(dim=1, return_counts=True)
    repeated = (counts > 1).nonzero().flatten()
    found = f"{places[:, repeated[0]].tolist()} more than once" if len(repeated) else "no order"
    raise RuntimeError(f"{name} must be coalesced, got {found}; call .coalesce() to add them up")


def _projection(
    name: str,
    inputs: int,
    outputs: int,
    connectivity: Any,
    dense: bool,
    bias: bool,
    train: bool,
) -> nn.Module:
    if connectivity is not None:
        if dense:
            raise ValueError(f"use_dense_{name} must be False with connectivity_{name}, got True")
        return _sparse(f"connectivity_{name}", inputs, outputs, connectivity, bias, train)
    if dense:
        if not train:
            raise ValueError(f"train_{name} must be True with use_dense_{name}, got False")
        warnings.warn(f"use_dense_{name} makes a dense {outputs} x {inputs} matrix", stacklevel=4)
        return nn.Linear(inputs, outputs, bias=bias)
    if inputs != outputs:
        raise ValueError(
            f"connectivity_{name} or use_dense_{name} must be given for sizes "
            f"{inputs} and {outputs}, got neither"
        )
    return nn.Identity()
