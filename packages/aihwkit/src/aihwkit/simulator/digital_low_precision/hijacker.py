"""Ordinary layers whose weights and outputs are quantised on the way."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from torch import Tensor
from torch.nn import GELU, Hardtanh, Module, PReLU, ReLU, ReLU6, Sigmoid, Tanh

from aihwkit.simulator.digital_low_precision.base_quantized_classes import QuantizedModule

__all__ = ["QuantizationHijacker", "activations_list"]

activations_list: list[type[Module]] = [ReLU, ReLU6, Hardtanh, Sigmoid, Tanh, PReLU, GELU]
"""Activation functions that a quantised layer can take in."""


class QuantizationHijacker(QuantizedModule):
    """Mixin for a torch layer with `weight` and `bias`; the first base of the combined class.

    The layer computes with the quantised weight and the exact bias, applies the activation
    function, if it has one, and quantises the result.

    Args:
        *args: arguments of the layer.
        activation: activation function, one of `activations_list`; the layer takes a copy.
        **kwargs: keyword arguments of `QuantizedModule` and of the layer.

    Attributes:
        weight_quantizer: quantiser of the weight.
        activation_quantizer: quantiser of the output.
        activation_function: the activation function, or None.

    Raises:
        TypeError: for another activation function.
    """

    weight: Any
    bias: Any

    def __init__(self, *args: Any, activation: Module | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if activation is not None and not isinstance(activation, tuple(activations_list)):
            names = ", ".join(cls.__name__ for cls in activations_list)
            raise TypeError(f"activation must be one of {names}, got {type(activation).__name__}")
        self.activation_function = deepcopy(activation)
        self.activation_quantizer = self.make_act_quantizer()
        self.weight_quantizer = self.make_weight_quantizer()

    def forward(self, x: Tensor, offsets: Any = None) -> Tensor:
        """Return the output, quantised as far as that is switched on."""
        weight, bias = self.get_params()
        output = self.run_forward(x, weight, bias, offsets=offsets)
        if self.activation_function is not None:
            output = self.activation_function(output)
        return self.activation_quantizer(output) if self._quant_a else output

    def run_forward(
        self, x: Tensor, weight: Tensor, bias: Tensor | None, offsets: Any = None
    ) -> Tensor:
        """Return what the layer computes with these weights."""
        raise NotImplementedError

    def get_params(self) -> tuple[Any, Any]:
        """Return weight, quantised if that is switched on, and bias."""
        if not self._quant_w or self.weight is None:
            return self.weight, self.bias_of_layer()
        if self.training or not self._caching:
            return self.weight_quantizer(self.weight), self.bias_of_layer()
        # Kept together with what they were made from, so that changed weights are noticed.
        key = [(p.data_ptr(), p._version) for p in (self.weight, *self._range_parameters())]
        if self.cached_params is None or self.cached_params[0] != key:
            self.cached_params = (key, self.weight_quantizer(self.weight).detach())
        return self.cached_params[1], self.bias_of_layer()

    def _range_parameters(self) -> list[Tensor]:
        return list(self.weight_quantizer.parameters())

    def bias_of_layer(self) -> Any:
        """Return the bias, or None if the layer has none."""
        return getattr(self, "bias", None)
