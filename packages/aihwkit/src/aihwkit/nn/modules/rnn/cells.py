"""Analog cells of recurrent networks."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import Linear, Module

from aihwkit.nn.modules.linear import AnalogLinear
from aihwkit.simulator.parameters.base import RPUConfigBase
from synaptensor.validation import check_flag, check_integer

__all__ = [
    "AnalogGRUCell",
    "AnalogLSTMCell",
    "AnalogLSTMCellCombinedWeight",
    "AnalogVanillaRNNCell",
    "LSTMState",
]


class LSTMState(NamedTuple):
    """State of an LSTM cell.

    Attributes:
        hx: output `[B, H]`.
        cx: cell state `[B, H]`.
    """

    hx: Tensor
    cx: Tensor


class _RecurrentCell(Module):
    """Base of the cells.

    Args:
        input_size: size of the inputs.
        hidden_size: size of the state.
        bias: whether the weights have biases.
        rpu_config: configuration of the tiles; None makes digital weights.
        tile_module_class: class of the tile modules.
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        rpu_config: RPUConfigBase | None = None,
        tile_module_class: type | None = None,
    ) -> None:
        super().__init__()
        self.input_size = check_integer("input_size", input_size, minimum=1)
        self.hidden_size = check_integer("hidden_size", hidden_size, minimum=1)
        self._build(bias, rpu_config, tile_module_class)

    def _build(
        self, bias: bool, rpu_config: RPUConfigBase | None, tile_module_class: type | None
    ) -> None:
        rows = self.gates * self.hidden_size
        self.weight_ih = _weights(self.input_size, rows, bias, rpu_config, tile_module_class)
        self.weight_hh = _weights(self.hidden_size, rows, bias, rpu_config, tile_module_class)

    def get_zero_state(self, batch_size: int) -> Any:
        """Return the state `[B, H]` of zeros, on device and in data type of the weights."""
        parameter = next(self.parameters())
        return torch.zeros(
            batch_size, self.hidden_size, dtype=parameter.dtype, device=parameter.device
        )

    def project(self, sequence: Tensor) -> Tensor:
        """Return what `step` needs of inputs `[..., I]`: their product with the input weights."""
        return self.weight_ih(sequence)

    def step(self, projected: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return output and new state for projected inputs."""
        raise NotImplementedError

    def forward(self, input_: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return output `[B, H]` and new state for inputs `[B, I]` and a state."""
        return self.step(self.project(input_), state)


def _weights(
    in_size: int,
    out_size: int,
    bias: bool,
    rpu_config: RPUConfigBase | None,
    tile_module_class: type | None,
) -> Module:
    bias = check_flag("bias", bias)
    check_integer("input_size", in_size, minimum=1)
    check_integer("hidden_size", out_size, minimum=1)
    if rpu_config is None:
        return Linear(in_size, out_size, bias)
    return AnalogLinear(in_size, out_size, bias, rpu_config, tile_module_class)


class AnalogVanillaRNNCell(_RecurrentCell):
    r"""Cell :math:`h' = \tanh(W_{ih} x + b_{ih} + W_{hh} h + b_{hh})`; see `torch.nn.RNN`."""

    def step(self, projected: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return output and new state, which are the same."""
        hidden = torch.tanh(projected + self.weight_hh(state))
        return hidden, hidden


def _lstm_step(gates: Tensor, cx: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    r"""Return output and state :math:`c' = f c + i g`, :math:`h' = o \tanh c'`."""
    i, f, g, o = gates.chunk(4, dim=1)
    cx = torch.sigmoid(f) * cx + torch.sigmoid(i) * torch.tanh(g)
    hx = torch.sigmoid(o) * torch.tanh(cx)
    return hx, (hx, cx)


class AnalogLSTMCell(_RecurrentCell):
    r"""Long short-term memory; equations and order of the gates are those of `torch.nn.LSTM`.

    With :math:`i, f, g, o` the parts of :math:`W_{ih} x + W_{hh} h` and both biases:

    .. math::
        c' = \sigma(f)\, c + \sigma(i) \tanh(g), \qquad h' = \sigma(o) \tanh(c')
    """

    gates = 4

    def get_zero_state(self, batch_size: int) -> LSTMState:
        """Return output and cell state of zeros, `[B, H]` each."""
        zeros = super().get_zero_state(batch_size)
        return LSTMState(zeros, zeros.clone())

    def step(
        self, projected: Tensor, state: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return output and new state `(h, c)`."""
        hx, cx = state
        return _lstm_step(projected + self.weight_hh(hx), cx)


class AnalogLSTMCellCombinedWeight(AnalogLSTMCell):
    """Long short-term memory with one matrix `[4H, I + H]` for inputs and state, and one bias."""

    def _build(
        self, bias: bool, rpu_config: RPUConfigBase | None, tile_module_class: type | None
    ) -> None:
        columns, rows = self.input_size + self.hidden_size, self.gates * self.hidden_size
        self.weight = _weights(columns, rows, bias, rpu_config, tile_module_class)

    def project(self, sequence: Tensor) -> Tensor:
        """Return the inputs as they are; they go through the matrix with the state."""
        return sequence

    def step(
        self, projected: Tensor, state: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return output and new state `(h, c)`."""
        hx, cx = state
        return _lstm_step(self.weight(torch.cat((projected, hx), dim=1)), cx)


class AnalogGRUCell(_RecurrentCell):
    r"""Gated recurrent unit; equations and order of the gates are those of `torch.nn.GRU`.

    .. math::
        r = \sigma(r_i + r_h), \quad z = \sigma(z_i + z_h), \quad n = \tanh(n_i + r\, n_h), \quad
        h' = n + z (h - n)
    """

    gates = 3

    def step(self, projected: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return output and new state, which are the same."""
        reset_i, update_i, new_i = projected.chunk(3, dim=1)
        reset_h, update_h, new_h = self.weight_hh(state).chunk(3, dim=1)
        reset = torch.sigmoid(reset_i + reset_h)
        update = torch.sigmoid(update_i + update_h)
        new = torch.tanh(new_i + reset * new_h)
        hidden = new + update * (state - new)
        return hidden, hidden
