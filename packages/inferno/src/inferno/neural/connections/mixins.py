"""Trainable parameters of connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from synaptensor.validation import check_callable, check_instance

__all__ = ["Initializer", "WeightBiasDelayMixin", "WeightBiasMixin", "WeightMixin"]

Initializer = Callable[[Tensor], Tensor]


class WeightMixin:
    """Gives a connection weights.

    Args:
        weight: initial weights.
        requires_grad: whether autograd records operations on the parameters.

    Raises:
        TypeError: if the class is not a module.
    """

    def __init__(self, weight: Tensor, requires_grad: bool = False) -> None:
        check_instance("self", self, nn.Module)
        self._add_parameter("weight_", weight, requires_grad)

    @property
    def weight(self) -> Tensor:
        """Weights; writing in place changes them, assigning replaces their values."""
        return self._parameters["weight_"]  # type: ignore[attr-defined]

    @weight.setter
    def weight(self, value: Tensor) -> None:
        self._replace_parameter("weight_", value)

    def _add_parameter(self, name: str, value: Tensor, requires_grad: bool) -> None:
        self.register_parameter(name, nn.Parameter(value, requires_grad))  # type: ignore[attr-defined]

    def _replace_parameter(self, name: str, value: Tensor) -> None:
        parameter = self._parameters.get(name)  # type: ignore[attr-defined]
        if parameter is None or value is parameter:
            return
        if value.shape != parameter.shape:
            raise ValueError(
                f"`{name[:-1]}` must be of shape {tuple(parameter.shape)}, got {tuple(value.shape)}"
            )
        parameter.data = value.detach().to(parameter.dtype)


class WeightBiasMixin(WeightMixin):
    """Gives a connection weights and, optionally, biases.

    Args:
        weight: initial weights.
        bias: initial biases; ``None`` for a connection without biases.
        requires_grad: whether autograd records operations on the parameters.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, requires_grad: bool = False) -> None:
        WeightMixin.__init__(self, weight, requires_grad)
        if bias is not None:
            self._add_parameter("bias_", bias, requires_grad)

    @property
    def bias(self) -> Tensor | None:
        """Biases, if any; assigning replaces their values or, without biases, does nothing."""
        return self._parameters.get("bias_")  # type: ignore[attr-defined]

    @bias.setter
    def bias(self, value: Tensor) -> None:
        self._replace_parameter("bias_", value)


class WeightBiasDelayMixin(WeightBiasMixin):
    """Gives a connection weights and, optionally, biases and delays.

    Args:
        weight: initial weights.
        bias: initial biases; ``None`` for a connection without biases.
        delay: initial delays in ms; ``None`` for a connection without delays.
        requires_grad: whether autograd records operations on the parameters.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        delay: Tensor | None,
        requires_grad: bool = False,
    ) -> None:
        WeightBiasMixin.__init__(self, weight, bias, requires_grad)
        if delay is not None:
            self._add_parameter("delay_", delay, requires_grad)

    @property
    def delay(self) -> Tensor | None:
        """Delays in ms, if any; assigning replaces their values or does nothing without."""
        return self._parameters.get("delay_")  # type: ignore[attr-defined]

    @delay.setter
    def delay(self, value: Tensor) -> None:
        self._replace_parameter("delay_", value)

    def _create_parameters(
        self,
        weight_shape: tuple[int, ...],
        bias_shape: tuple[int, ...],
        biased: bool,
        delayed: bool,
    ) -> None:
        """Draws weights, then biases, uniformly from [0, 1); delays start at zero."""
        weight = torch.rand(weight_shape)
        bias = torch.rand(bias_shape) if biased else None
        delay = torch.zeros(weight_shape) if delayed else None
        WeightBiasDelayMixin.__init__(self, weight, bias, delay)

    def _initialize_parameters(self, **initializers: Initializer | None) -> None:
        """Replaces parameters by functions of their present values."""
        for name, initializer in initializers.items():
            value: Any = getattr(self, name)
            if initializer is not None:
                check_callable(f"{name}_init", initializer)
            if initializer is not None and value is not None:
                setattr(self, name, initializer(value))
