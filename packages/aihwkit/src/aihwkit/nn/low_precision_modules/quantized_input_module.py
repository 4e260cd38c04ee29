"""A module whose input is quantised."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import Module

from aihwkit.simulator.digital_low_precision.base_quantized_classes import QuantizedActivation
from aihwkit.simulator.digital_low_precision.config_utils import (
    convert_act_config_to_kwargs_dict,
)
from aihwkit.simulator.parameters.quantization import ActivationQuantConfig

__all__ = ["QuantizedInputModule"]


class QuantizedInputModule(Module):
    """Any module behind a quantiser of its first input.

    Args:
        module: the module.
        act_quant_config: quantiser of the input.

    Attributes:
        module: the module.
        input_quantizer: quantiser of the input.
    """

    def __init__(self, module: Module, act_quant_config: ActivationQuantConfig) -> None:
        super().__init__()
        self.module = module
        self.input_quantizer = QuantizedActivation(
            **convert_act_config_to_kwargs_dict(act_quant_config)
        )

    def forward(self, inp: Tensor, *args: Any, **kwargs: Any) -> Any:
        """Return what the module makes of the quantised input."""
        return self.module(self.input_quantizer(inp), *args, **kwargs)
