"""Inference tile whose digital periphery and outputs are quantised."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from aihwkit.simulator.digital_low_precision.base_quantized_classes import QuantizedActivation
from aihwkit.simulator.digital_low_precision.config_utils import (
    convert_act_config_to_kwargs_dict,
)
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.inference_torch import TorchInferenceTile
from aihwkit.simulator.tiles.periphery_quantization import PeripheryQuantization

__all__ = ["QuantizedTorchInferenceTile", "output_quantizer"]


def output_quantizer(config: Any) -> QuantizedActivation | None:
    """Return the quantiser of the outputs of a configuration, switched on, or None."""
    if config is None or config.n_bits <= 0:
        return None
    quantizer = QuantizedActivation(**convert_act_config_to_kwargs_dict(config))
    quantizer.quantized_acts()
    return quantizer


class QuantizedTorchInferenceTile(PeripheryQuantization, TorchInferenceTile):
    r"""Torch tile with quantised scales, bias and outputs.

    .. math:: y = Q_{out}\big(Q_s(r\,s\,\alpha)\, \mathrm{MVM}(\mathrm{clip}(x) / r)
        + Q_b(b)\big)

    with the input range :math:`r`, mapping scales :math:`s`, learned scales :math:`\alpha` and the
    digital bias :math:`b`. Takes the arguments of `TorchInferenceTile`; the default configuration
    is `QuantizedTorchInferenceRPUConfig()`.

    Attributes:
        out_quantizer: quantiser of the outputs, or None.
        scale_quantizer: quantiser of the scales, or None.
        bias_quantizer: quantiser of the bias, or None.
    """

    def __init__(
        self,
        out_size: int,
        in_size: int,
        rpu_config: RPUConfigBase | None = None,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
    ) -> None:
        super().__init__(out_size, in_size, rpu_config, bias, in_trans, out_trans)
        config: Any = self.rpu_config
        settings = getattr(config.pre_post, "periph_quant", None)
        like = self._get_tile_weights_ref()
        self.init_periphery_quantizer("scale", settings, like)
        self.init_periphery_quantizer("bias", settings if self.bias is not None else None, like)
        self.out_quantizer = output_quantizer(getattr(config, "act_quant_config", None))
        if self.out_quantizer is not None:
            self.out_quantizer.to(device=like.device, dtype=like.dtype)

    @staticmethod
    def _default_config() -> RPUConfigBase:
        from aihwkit.simulator.configs.configs import QuantizedTorchInferenceRPUConfig

        return QuantizedTorchInferenceRPUConfig()

    def forward(self, x_input: Tensor, tensor_view: tuple[int, ...] | None = None) -> Tensor:
        """Return the product; scales, bias and outputs quantised as configured."""
        self.tile.set_config(self.rpu_config)
        output = self.joint_forward(x_input, is_test=not self.training)
        if self.bias is not None:
            view = tensor_view or self.get_tensor_view(output.dim())
            output = output + self.quantize_periphery("bias", self.bias).view(*view)
        return output if self.out_quantizer is None else self.out_quantizer(output)

    def post_forward(
        self, x_output: Tensor, dim: int, is_test: bool = False, ctx: Any = None
    ) -> Tensor:
        """Multiply with all scales at once, quantised; in evaluation compensate the drift."""
        scales = self._all_scales()
        if scales is not None:
            scales = self.quantize_periphery("scale", scales)
            x_output = x_output * scales.view(*self._view(x_output, dim))
        if is_test and self._drift_compensation() is not None:
            return x_output * self.alpha.view(*self._view(x_output, dim))
        return x_output

    def _all_scales(self) -> Tensor | None:
        """Return the product of input range, mapping scales and learned scales, or None."""
        scales = self.get_scales()
        if self.input_range is None:
            return scales
        input_range = self.input_range.detach()
        return input_range if scales is None else scales * input_range

    @torch.no_grad()
    def read_weights(self, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
        """Estimate weight and bias from outputs, without quantising the outputs."""
        quantizer, self.out_quantizer = self.out_quantizer, None
        try:
            return super().read_weights(*args, **kwargs)
        finally:
            self.out_quantizer = quantizer
