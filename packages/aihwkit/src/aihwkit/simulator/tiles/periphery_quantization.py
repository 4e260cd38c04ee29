"""Quantisation of the digital numbers around an analog product: output scales and biases."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from aihwkit.simulator.digital_low_precision.quantization_manager import QuantizationManager
from aihwkit.simulator.digital_low_precision.quantizers import QMethods
from aihwkit.simulator.digital_low_precision.range_estimators import RangeEstimators
from aihwkit.simulator.parameters.pre_post import PeripheryQuantizationParameter

__all__ = ["PeripheryQuantization"]


class PeripheryQuantization:
    """Mixin for modules that quantise some of their numbers, such as `scale` and `bias`.

    In training the range of a kind of numbers follows them; if it is to be learned, an optimizer
    may change it after the first batches. In evaluation it stays as it is, or is that of the
    first numbers if there was no training.
    """

    def init_periphery_quantizer(
        self, kind: str, parameters: PeripheryQuantizationParameter | None, like: Tensor
    ) -> None:
        """Create `<kind>_quantizer` and its counter of batches, if there are bits for it.

        Args:
            kind: name of the numbers.
            parameters: quantisation settings, or None.
            like: tensor of the numbers' device and data type.
        """
        quantizer = counter = None
        if parameters is not None and parameters.n_bits > 0:
            symmetric = parameters.symmetric
            quantizer = QuantizationManager(
                qmethod=QMethods.symmetric_uniform if symmetric else QMethods.asymmetric_uniform,
                qparams={"n_bits": parameters.n_bits},
                init=RangeEstimators.current_minmax,
            ).to(device=like.device, dtype=like.dtype)
            quantizer.estimate_ranges()
            if parameters.learn_quant_params:
                counter = Parameter(
                    torch.zeros(1, dtype=like.dtype, device=like.device), requires_grad=False
                )
        self._modules[f"{kind}_quantizer"] = quantizer  # type: ignore[attr-defined]
        self._parameters[f"{kind}_quant_update_idx"] = counter  # type: ignore[attr-defined]
        self._learning_after = getattr(parameters, "init_learning_after", 0)

    def quantize_periphery(self, kind: str, values: Tensor) -> Tensor:
        """Return quantised numbers of a kind; without quantiser as they are."""
        quantizer: Any = getattr(self, f"{kind}_quantizer")
        if quantizer is None:
            return values
        self._prepare(kind, quantizer)
        return quantizer(values)

    def _prepare(self, kind: str, quantizer: QuantizationManager) -> None:
        """Say what happens to the range when the next numbers pass."""
        module: Module = self  # type: ignore[assignment]
        ready = quantizer.quantizer.is_initialized
        if quantizer.is_learning():
            return
        if not module.training:
            (quantizer.fix_ranges if ready else quantizer.estimate_ranges)()
            return
        counter = getattr(self, f"{kind}_quant_update_idx")
        if counter is not None:
            with torch.no_grad():
                counter += 1
            if ready and float(counter) > self._learning_after:
                quantizer.learn_ranges()
                return
        quantizer.estimate_ranges()
