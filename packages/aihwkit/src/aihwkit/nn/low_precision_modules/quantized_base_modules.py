"""Quantised counterparts of torch layers."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import BatchNorm2d, Conv2d, Embedding, LayerNorm, Linear
from torch.nn import functional as F

from aihwkit.simulator.digital_low_precision.base_quantized_classes import (
    FP32Acts,
    QuantizedModule,
)
from aihwkit.simulator.digital_low_precision.hijacker import QuantizationHijacker

__all__ = ["QuantBatchNorm2d", "QuantConv2d", "QuantEmbedding", "QuantLayerNorm", "QuantLinear"]


class QuantLinear(QuantizationHijacker, Linear):
    """Linear layer with quantised weight and output.

    Takes the arguments of `torch.nn.Linear` and `QuantizationHijacker`.
    """

    def run_forward(
        self, x: Tensor, weight: Tensor, bias: Tensor | None, offsets: Any = None
    ) -> Tensor:
        """Return the product with these weights."""
        return F.linear(x, weight, bias)


class QuantConv2d(QuantizationHijacker, Conv2d):
    """Convolution with quantised weight and output.

    Takes the arguments of `torch.nn.Conv2d` and `QuantizationHijacker`.
    """

    def run_forward(
        self, x: Tensor, weight: Tensor, bias: Tensor | None, offsets: Any = None
    ) -> Tensor:
        """Return the convolution with these weights."""
        return self._conv_forward(x, weight, bias)


class QuantLayerNorm(QuantizationHijacker, LayerNorm):
    """Layer normalisation with quantised weight and output.

    Takes the arguments of `torch.nn.LayerNorm` and `QuantizationHijacker`.
    """

    def run_forward(
        self, x: Tensor, weight: Tensor, bias: Tensor | None, offsets: Any = None
    ) -> Tensor:
        """Return the normalised values, scaled by these weights."""
        return F.layer_norm(x, self.normalized_shape, weight, bias, self.eps)


class QuantEmbedding(QuantizationHijacker, Embedding):
    """Embedding with quantised weight; its output is a row of the weight and needs no quantiser.

    Takes the arguments of `torch.nn.Embedding` and `QuantizationHijacker`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.activation_quantizer = FP32Acts()

    def run_forward(
        self, x: Tensor, weight: Tensor, bias: Tensor | None, offsets: Any = None
    ) -> Tensor:
        """Return the rows of the weight that `x` names."""
        return F.embedding(
            x,
            weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )


class QuantBatchNorm2d(QuantizedModule):
    """Batch normalisation with quantised output.

    Args:
        org_model: the normalisation.
        **quant_params: arguments of `QuantizedModule`.

    Attributes:
        module: the normalisation.
        act_bn_quantizer: quantiser of the output.
    """

    def __init__(self, org_model: BatchNorm2d, **quant_params: Any) -> None:
        super().__init__(**quant_params)
        self.module = org_model
        self.act_bn_quantizer = self.make_act_quantizer()

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised values, quantised if that is switched on."""
        output = self.module(x)
        return self.act_bn_quantizer(output) if self._quant_a else output
