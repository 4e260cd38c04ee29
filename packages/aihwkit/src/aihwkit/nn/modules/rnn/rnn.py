"""Analog recurrent networks."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any
from warnings import warn

import torch
from torch import Tensor
from torch.nn import Dropout, Linear, Module, ModuleList, init

from aihwkit.nn.modules.container import AnalogContainerBase
from aihwkit.nn.modules.linear import AnalogLinear
from aihwkit.nn.modules.rnn.layers import AnalogBidirRNNLayer, AnalogRNNLayer
from aihwkit.simulator.parameters.base import RPUConfigBase
from synaptensor.validation import check_in_range, check_instance, check_integer

__all__ = ["AnalogRNN", "ModularRNN"]


class ModularRNN(Module):
    """Stack of recurrent layers.

    Args:
        num_layers: number of layers.
        layer: class of the layers.
        dropout: probability of dropping an output of any layer but the last.
        first_layer_args: arguments of the first layer.
        other_layer_args: arguments of the other layers.
    """

    def __init__(
        self,
        num_layers: int,
        layer: type,
        dropout: float,
        first_layer_args: Any,
        other_layer_args: Any,
    ) -> None:
        super().__init__()
        self.num_layers = check_integer("num_layers", num_layers, minimum=1)
        check_in_range("dropout", dropout, 0.0, 1.0)
        arguments = [first_layer_args] + [other_layer_args] * (num_layers - 1)
        self.layers = ModuleList(layer(*args) for args in arguments)
        if dropout > 0 and num_layers == 1:
            warn(
                "dropout acts between layers, so it has no effect with num_layers=1",
                UserWarning,
                stacklevel=3,
            )
        self.dropout_layer = Dropout(dropout) if dropout > 0 else None

    def get_zero_state(self, batch_size: int) -> list[Any]:
        """Return the initial states of all layers."""
        return [layer.get_zero_state(batch_size) for layer in self.layers]  # type: ignore[operator]

    def forward(self, input: Tensor, states: list[Any]) -> tuple[Tensor, list[Any]]:
        """Return outputs of the last layer and the last states of all layers."""
        last, output, new_states = self.num_layers - 1, input, []
        for index, (layer, state) in enumerate(zip(self.layers, states, strict=True)):
            output, new_state = layer(output, state)
            if self.dropout_layer is not None and index < last:
                output = self.dropout_layer(output)
            new_states.append(new_state)
        return output, new_states


class AnalogRNN(AnalogContainerBase, Module):  # type: ignore[misc]
    """Recurrent network of analog cells.

    The update of a training step sees the inputs of all time steps as one batch.

    Args:
        cell: class of the cells, such as `AnalogLSTMCell`.
        input_size: size of the inputs.
        hidden_size: size of the states.
        bias: whether the weights have biases.
        rpu_config: configuration of the tiles; None makes digital weights.
        tile_module_class: class of the tile modules.
        xavier: initialise weights by Xavier's rule and biases by zero, instead of uniformly in
            `±1/sqrt(hidden_size)`.
        num_layers: number of layers.
        bidir: let each layer run in both directions of time.
        dropout: probability of dropping an output of any layer but the last.
        batch_first: inputs and outputs are `[B, T, ...]` instead of `[T, B, ...]`.

    Shape:
        Input `[T, B, input_size]`, output `[T, B, hidden_size]`, twice as wide if `bidir`.

    Example:
        >>> rnn = AnalogRNN(AnalogLSTMCell, 3, 5)
        >>> output, states = rnn(torch.rand(7, 2, 3))
    """

    def __init__(
        self,
        cell: type,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        rpu_config: RPUConfigBase | None = None,
        tile_module_class: type | None = None,
        xavier: bool = False,
        num_layers: int = 1,
        bidir: bool = False,
        dropout: float = 0.0,
        *,
        batch_first: bool = False,
    ) -> None:
        super().__init__()
        self.input_size = check_integer("input_size", input_size, minimum=1)
        self.hidden_size = check_integer("hidden_size", hidden_size, minimum=1)
        self.num_layers = num_layers
        self.bidir = bidir
        self.batch_first = batch_first
        common = (hidden_size, bias, rpu_config, tile_module_class)
        width = 2 * hidden_size if bidir else hidden_size
        layer = AnalogBidirRNNLayer if bidir else AnalogRNNLayer
        self.rnn = ModularRNN(
            num_layers, layer, dropout, (cell, input_size, *common), (cell, width, *common)
        )
        self.reset_parameters(xavier)

    def get_zero_state(self, batch_size: int) -> list[Any]:
        """Return the initial states of all layers."""
        return self.rnn.get_zero_state(batch_size)

    def forward(self, input: Tensor, states: list[Any] | None = None) -> tuple[Tensor, list[Any]]:
        """Return outputs and last states.

        Args:
            input: inputs `[T, B, input_size]` (`[B, T, input_size]` if `batch_first`).
            states: initial state of every layer; zeros if None.

        Raises:
            ValueError: if the shape is wrong or the sequence is empty.
        """
        check_instance("input", input, Tensor)
        if input.dim() != 3 or input.shape[-1] != self.input_size:
            order = "B, T" if self.batch_first else "T, B"
            raise ValueError(
                f"input must have shape [{order}, {self.input_size}], got {tuple(input.shape)}"
            )
        sequence = input.transpose(0, 1) if self.batch_first else input
        if sequence.shape[0] == 0:
            raise ValueError("input must have at least one time step, got none")
        if states is None:
            states = self.get_zero_state(sequence.shape[1])
        output, states = self.rnn(sequence, states)
        return (output.transpose(0, 1) if self.batch_first else output), states

    @torch.no_grad()
    def init_layers(
        self,
        weight_init_fn: Callable[[Tensor], Any],
        bias_init_fn: Callable[[Tensor], Any] | None = None,
    ) -> None:
        """Initialise all weights and biases.

        Args:
            weight_init_fn: changes a weight `[out, in]` in place.
            bias_init_fn: changes a bias `[out]` in place; None takes `weight_init_fn`.
        """
        bias_init_fn = bias_init_fn or weight_init_fn
        for module in self.modules():
            if isinstance(module, AnalogLinear):
                size, place = (module.out_features, module.in_features), module._weight_dtype()
                weight = torch.zeros(size, dtype=place)
                weight_init_fn(weight)
                bias = torch.zeros(size[0], dtype=place) if module.use_bias else None
                if bias is not None:
                    bias_init_fn(bias)
                module.set_weights(weight, bias)
            elif isinstance(module, Linear):
                weight_init_fn(module.weight)
                if module.bias is not None:
                    bias_init_fn(module.bias)

    def reset_parameters(self, xavier: bool = False) -> None:
        """Draw all weights and biases anew."""
        bound = 1.0 / sqrt(self.hidden_size)
        if xavier:
            self.init_layers(init.xavier_uniform_, init.zeros_)
        else:
            self.init_layers(lambda values: init.uniform_(values, -bound, bound))
