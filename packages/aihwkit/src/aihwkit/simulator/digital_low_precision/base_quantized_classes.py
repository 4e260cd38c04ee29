"""Modules with quantised weights and outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor
from torch.nn import Module

from aihwkit.simulator.digital_low_precision.quantization_manager import QuantizationManager
from aihwkit.simulator.digital_low_precision.quantizers import QMethods
from aihwkit.simulator.digital_low_precision.range_estimators import RangeEstimators

__all__ = ["FP32Acts", "QuantizedActivation", "QuantizedModule", "make_quantizer"]


class FP32Acts(Module):
    """Stands where a quantiser could be and leaves values as they are."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the values."""
        return x

    def reset_ranges(self) -> None:
        """Do nothing: there is no range."""


def make_quantizer(
    method: QMethods,
    n_bits: int,
    range_method: RangeEstimators,
    range_options: dict[str, Any],
    per_channel: bool,
    scale_domain: str,
) -> Module:
    """Return a quantisation manager; without bits, a module that leaves values as they are."""
    if n_bits <= 0:
        return FP32Acts()
    return QuantizationManager(
        qmethod=method,
        init=range_method,
        per_channel=per_channel,
        qparams={"n_bits": n_bits, "scale_domain": scale_domain},
        init_params=range_options,
    )


class QuantizedModule(Module):
    """Base of modules that can quantise their weights and their output.

    A new module computes in full precision; `quantized_weights()`, `quantized_acts()` or
    `quantized()` switch the quantisation on, for the module and all it contains.

    Args:
        *args: arguments of the next class.
        method: kind of the weight quantiser.
        act_method: kind of the output quantiser; None takes `method`.
        n_bits: number of bits of weights; 0 leaves them as they are.
        n_bits_act: number of bits of the output; None takes `n_bits`.
        per_channel_weights: one weight range for each output channel.
        per_channel_acts: one output range for each entry of the first dimension.
        percentile: percentage of weights beyond their range; only for current extremes.
        weight_range_method: range estimator of the weights.
        weight_range_options: its arguments.
        act_range_method: range estimator of the output.
        act_range_options: its arguments.
        scale_domain: domain in which scales are kept, `"linear"` or `"log"`.
        **kwargs: keyword arguments of the next class.
    """

    def __init__(
        self,
        *args: Any,
        method: QMethods = QMethods.asymmetric_uniform,
        act_method: QMethods | None = None,
        n_bits: int = 8,
        n_bits_act: int | None = None,
        per_channel_weights: bool = False,
        per_channel_acts: bool = False,
        percentile: float | None = None,
        weight_range_method: RangeEstimators = RangeEstimators.current_minmax,
        weight_range_options: dict[str, Any] | None = None,
        act_range_method: RangeEstimators = RangeEstimators.running_minmax,
        act_range_options: dict[str, Any] | None = None,
        scale_domain: str = "linear",
        **kwargs: Any,
    ) -> None:
        for name in ("quant_dict", "module_map", "quantization_map"):
            kwargs.pop(name, None)
        super().__init__(*args, **kwargs)
        self.method = method
        self.act_method = method if act_method is None else act_method
        self.n_bits = n_bits
        self.n_bits_act = n_bits if n_bits_act is None else n_bits_act
        self.per_channel_weights = per_channel_weights
        self.per_channel_acts = per_channel_acts
        self.percentile = percentile
        self.weight_range_method = weight_range_method
        self.weight_range_options = dict(weight_range_options or {})
        self.act_range_method = act_range_method
        self.act_range_options = dict(act_range_options or {})
        self.scale_domain = scale_domain
        self._quant_w = False
        self._quant_a = False
        self._caching = True
        self.cached_params: tuple[Any, ...] | None = None

    # -- quantisers --------------------------------------------------------------------------

    def make_weight_quantizer(self) -> Module:
        """Return a new quantiser of weights."""
        options = self.weight_range_options
        if self.weight_range_method is RangeEstimators.current_minmax:
            options = {"percentile": self.percentile}
        return make_quantizer(
            self.method,
            self.n_bits,
            self.weight_range_method,
            options,
            self.per_channel_weights,
            self.scale_domain,
        )

    def make_act_quantizer(self) -> Module:
        """Return a new quantiser of outputs."""
        return make_quantizer(
            self.act_method,
            self.n_bits_act,
            self.act_range_method,
            self.act_range_options,
            self.per_channel_acts,
            self.scale_domain,
        )

    # -- what is quantised -------------------------------------------------------------------

    def _quantized_modules(self) -> Iterator[QuantizedModule]:
        return (module for module in self.modules() if isinstance(module, QuantizedModule))

    def _managers(self) -> Iterator[QuantizationManager]:
        return (module for module in self.modules() if isinstance(module, QuantizationManager))

    def _set(self, weights: bool | None = None, acts: bool | None = None) -> None:
        for module in self._quantized_modules():
            if weights is not None:
                module._quant_w = weights
                module.cached_params = None
            if acts is not None:
                module._quant_a = acts

    def quantized_weights(self) -> None:
        """Quantise weights."""
        self._set(weights=True)

    def full_precision_weights(self) -> None:
        """Leave weights as they are."""
        self._set(weights=False)

    def quantized_acts(self) -> None:
        """Quantise outputs."""
        self._set(acts=True)

    def full_precision_acts(self) -> None:
        """Leave outputs as they are."""
        self._set(acts=False)

    def quantized(self) -> None:
        """Quantise weights and outputs."""
        self._set(weights=True, acts=True)

    def full_precision(self) -> None:
        """Leave weights and outputs as they are."""
        self._set(weights=False, acts=False)

    # -- ranges ------------------------------------------------------------------------------

    def learn_ranges(self) -> None:
        """Let optimizers learn the ranges of all quantisers that have one."""
        self._for_ready_managers(QuantizationManager.learn_ranges)

    def fix_ranges(self) -> None:
        """Keep the ranges of all quantisers that have one."""
        self._for_ready_managers(QuantizationManager.fix_ranges)

    def estimate_ranges(self) -> None:
        """Estimate all ranges anew from all data that pass."""
        for manager in self._managers():
            manager.estimate_ranges()

    def estimate_ranges_train(self) -> None:
        """Estimate all ranges anew from data that pass in training mode."""
        for manager in self._managers():
            manager.estimate_ranges_train()

    def _for_ready_managers(self, method: Callable[[QuantizationManager], None]) -> None:
        for manager in self._managers():
            if manager.quantizer.is_initialized:
                method(manager)

    # -- cache of quantised weights ----------------------------------------------------------

    @property
    def caching(self) -> bool:
        """Whether quantised weights are kept in evaluation mode."""
        return self._caching

    @caching.setter
    def caching(self, value: bool) -> None:
        self._caching = value
        self.cached_params = None

    def train(self, mode: bool = True) -> Any:
        """Set the mode; training drops the quantised weights that are kept."""
        if mode:
            self.cached_params = None
        return super().train(mode)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        self.cached_params = None
        return super()._apply(fn, recurse)

    def extra_repr(self) -> str:
        """Add what is quantised."""
        text = super().extra_repr()
        state = f"weight_quant={self._quant_w}, act_quant={self._quant_a}"
        return f"{text}, {state}" if text else state


class QuantizedActivation(QuantizedModule):
    """Quantiser of the values that pass; takes the arguments of `QuantizedModule`.

    Attributes:
        activation_quantizer: quantiser with the settings for outputs.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.activation_quantizer = self.make_act_quantizer()

    def forward(self, x: Tensor) -> Tensor:
        """Return the values, quantised if that is switched on."""
        return self.activation_quantizer(x) if self._quant_a else x
