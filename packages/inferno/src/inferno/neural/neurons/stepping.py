"""The step that all neuron models share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from inferno._internal import argtest
from inferno.neural.base import InfernoNeuron
from inferno.neural.functional import (
    adaptive_currents_linear,
    adaptive_thresholds_linear_spike,
    apply_adaptive_thresholds,
    voltage_thresholding_constant,
)
from inferno.neural.kernels import adapt_thresholds, integrate_and_fire
from synaptensor.validation import check_nonnegative, check_number, check_positive

from .differentiation import SurrogateMixin
from .mixins import (
    AdaptiveCurrentMixin,
    AdaptiveThresholdMixin,
    BatchReduction,
    SpikeRefractoryMixin,
    VoltageMixin,
)

__all__ = [
    "CurrentAdaptingNeuron",
    "SteppingNeuron",
    "ThresholdAdaptingNeuron",
    "like_voltages",
    "repeat_last",
    "repeated_numbers",
]


class SteppingNeuron(SurrogateMixin, VoltageMixin, SpikeRefractoryMixin, InfernoNeuron):
    r"""Neurons with voltage, threshold, reset and absolute refractory period.

    A step with currents $I$ is

    $$
    r' = \max(r - \Delta t, 0), \quad
    V' = f(V, I \, [r' = 0]), \quad
    s = [r' = 0] \, [V' \geq \Theta]
    $$

    after which spiking neurons are reset and get the full refractory period. A neuron that
    spikes is blocked for $\lceil r_\text{abs} / \Delta t \rceil - 1$ further steps.

    Args:
        shape: shape of the group; an integer means one dimension.
        step_time: length of a simulated step in ms.
        rest_v: rest voltage in mV.
        refrac_t: length of the absolute refractory period in ms.
        batch_size: number of samples simulated side by side.
    """

    # whether the fused loop does what `_integrate_v` and `_threshold` do
    _fused = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        overridden = {"_integrate_v", "_threshold"} & cls.__dict__.keys()
        if overridden and "_kernel_parameters" not in cls.__dict__:
            cls._fused = False
        elif "_kernel_parameters" in cls.__dict__:
            cls._fused = True

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        rest_v: float,
        refrac_t: float,
        batch_size: int,
    ) -> None:
        InfernoNeuron.__init__(self, shape, batch_size)
        self.step_time = check_number("step_time", step_time, check_positive)
        self.rest_v = float(rest_v)
        self.refrac_t = check_number("refrac_t", refrac_t, check_nonnegative)
        VoltageMixin.__init__(self, torch.full(self.batchedshape, self.rest_v))
        SpikeRefractoryMixin.__init__(self, torch.zeros(self.batchedshape), "refrac_t")

    @property
    def dt(self) -> float:
        """Length of a simulated step in ms."""
        return self.step_time

    @dt.setter
    def dt(self, value: float) -> None:
        self.step_time = check_number("dt", value, check_positive)

    def clear(self, **kwargs: Any) -> None:
        """Returns the group to its resting state."""
        self.voltage = torch.full_like(self.voltage, self.rest_v)
        self.refrac = torch.zeros_like(self.refrac)
        self._keep_spikes(None)

    def forward(self, inputs: Tensor, refrac_lock: bool = True, **kwargs: Any) -> Tensor:
        """Advances the group by one step.

        Args:
            inputs: currents in nA, shape ``(B, *shape)``.
            refrac_lock: hold voltages during refractory periods.
            **kwargs: ignored.

        Returns:
            Spikes, boolean, shape ``(B, *shape)``.
        """
        return self._fire(inputs, self.thresh_v, refrac_lock)

    def _integrate_v(self, masked_inputs: Tensor) -> Tensor:
        """Integrates the voltages of one step from currents masked by refractoriness."""
        raise NotImplementedError(f"{type(self).__name__} must define `_integrate_v`")

    def _kernel_parameters(self) -> tuple[int, float, float, float, bool, float, float]:
        """Kind of dynamics, its two parameters and factor; kind of reset and its parameters."""
        raise NotImplementedError(f"{type(self).__name__} has no fused step")

    def _threshold(
        self, inputs: Tensor, voltages: Tensor | None, thresh_v: float | Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        return voltage_thresholding_constant(
            inputs,
            self.refrac,
            self._integrate_v,
            voltages,
            step_time=self.step_time,
            reset_v=self.reset_v,
            thresh_v=thresh_v,
            refrac_t=self.refrac_t,
        )

    def _fire(
        self,
        inputs: Tensor,
        thresh_v: float,
        refrac_lock: bool,
        adaptations: Tensor | None = None,
    ) -> Tensor:
        """Advances voltages and refractory periods, keeps and returns the spikes."""
        buffers = self._buffers
        voltages = buffers["_voltage__data"]
        inputs = like_voltages(inputs, voltages)  # type: ignore[arg-type]
        differentiable = self._surrogate is not None and torch.is_grad_enabled()
        result = None
        if self._fused and not differentiable:
            result = integrate_and_fire(self, inputs, thresh_v, adaptations, refrac_lock)
        if result is None:
            threshold: float | Tensor = thresh_v
            if adaptations is not None:
                threshold = apply_adaptive_thresholds(thresh_v, adaptations)
            held = voltages if refrac_lock else None
            if differentiable:
                result = self._threshold_smoothly(inputs, held, threshold, thresh_v)
            else:
                result = self._threshold(inputs, held, threshold)
        spikes, buffers["_voltage__data"], buffers["_refrac__data"] = result
        if self._surrogate is not None:
            spikes = spikes.to(inputs.dtype)
        buffers["_spike_mask"] = spikes
        return spikes


class ThresholdAdaptingNeuron(AdaptiveThresholdMixin, SteppingNeuron):
    r"""Neurons whose thresholds rise with every spike and decay exponentially.

    $$
    \Theta = \Theta_\infty + \sum_k \theta_k, \quad
    \theta_k \leftarrow \theta_k \, e^{-\Delta t / \tau_k} + d_k s
    $$
    """

    # name of the buffer with time constants, or rates, and the decay computed from it
    _constants = "tc_adaptation"
    _cached: tuple[Tensor, int, float, Tensor] | None = None

    def _create_adaptations(
        self,
        constant: float | Iterable[float],
        increment: float | Iterable[float],
        batch_reduction: BatchReduction | None,
    ) -> None:
        """Checks and keeps the parameters of the adaptations, which start at zero."""
        values = repeat_last(
            {self._constants: check_positive},
            {self._constants: constant, "spike_increment": increment},
        )
        self.register_buffer(self._constants, values[self._constants], persistent=False)
        self.register_buffer("adapt_increment", values["spike_increment"], persistent=False)
        start = torch.zeros(*self.shape, len(values["spike_increment"]))
        AdaptiveThresholdMixin.__init__(self, start, batch_reduction)

    def _time_constants(self) -> Tensor:
        """Time constants of the adaptations in ms."""
        return self._buffers["tc_adaptation"]  # type: ignore[return-value]

    def _decay(self) -> Tensor:
        """Shares of the adaptations that are left after a step, kept until something changes."""
        if torch.compiler.is_compiling():
            return torch.exp(-self.step_time / self._time_constants())
        source = self._buffers[self._constants]
        version = -1 if source.is_inference() else source._version  # type: ignore[union-attr]
        cached = self.__dict__.get("_cached")
        if cached is not None and cached[0] is source and cached[1:3] == (version, self.step_time):
            return cached[3]
        decay = torch.exp(-self.step_time / self._time_constants())
        self.__dict__["_cached"] = (source, version, self.step_time, decay)
        return decay

    def _apply(
        self, fn: Callable[[Tensor], Tensor], recurse: bool = True
    ) -> ThresholdAdaptingNeuron:
        self.__dict__.pop("_cached", None)
        super()._apply(fn, recurse)
        return self

    def clear(self, keep_adaptations: bool = True, **kwargs: Any) -> None:
        """Returns the group to its resting state.

        Args:
            keep_adaptations: keep the threshold adaptations.
            **kwargs: ignored.
        """
        SteppingNeuron.clear(self, **kwargs)
        kept = self.threshold_adaptation.detach()
        self.threshold_adaptation = kept if keep_adaptations else torch.zeros_like(kept)

    def forward(  # type: ignore[override]
        self,
        inputs: Tensor,
        adapt: bool | None = None,
        refrac_lock: bool = True,
        **kwargs: Any,
    ) -> Tensor:
        """Advances the group by one step.

        Args:
            inputs: currents in nA, shape ``(B, *shape)``.
            adapt: update the adaptations; in training mode only if ``None``.
            refrac_lock: hold voltages and adaptations during refractory periods.
            **kwargs: ignored.

        Returns:
            Spikes, boolean, shape ``(B, *shape)``.
        """
        adaptations = self._buffers["threshold_adaptation_"]
        spikes = self._fire(inputs, self.thresh_eq_v, refrac_lock, adaptations)
        if adapt or (adapt is None and self.training):
            self._adapt(spikes, refrac_lock)
        return spikes

    def _adapt(self, spikes: Tensor, refrac_lock: bool) -> None:
        adaptations = self._buffers["threshold_adaptation_"]
        updated = adapt_thresholds(self, spikes, self._decay(), refrac_lock)
        if updated is None:
            updated = self._adaptation_reduction(
                adaptive_thresholds_linear_spike(
                    adaptations,  # type: ignore[arg-type]
                    spikes,
                    step_time=self.step_time,
                    time_constant=self._time_constants(),
                    spike_increment=self.adapt_increment,
                    refracs=self.refrac if refrac_lock else None,
                ),
                0,
            )
        self._buffers["threshold_adaptation_"] = updated


class CurrentAdaptingNeuron(AdaptiveCurrentMixin, SteppingNeuron):
    r"""Neurons slowed down by currents that follow their voltage and jump with every spike.

    $$
    w_k \leftarrow w_k + \frac{\Delta t}{\tau_k}
    \left[ a_k (V - V_\text{rest}) - w_k \right] + b_k s
    $$
    """

    def _create_adaptations(
        self,
        time_constant: float | Iterable[float],
        coupling: float | Iterable[float],
        increment: float | Iterable[float],
        batch_reduction: BatchReduction | None,
    ) -> None:
        """Checks and keeps the parameters of the adaptations, which start at zero."""
        values = repeat_last(
            {"tc_adaptation": check_positive},
            {
                "tc_adaptation": time_constant,
                "voltage_coupling": coupling,
                "spike_increment": increment,
            },
        )
        self.register_buffer("tc_adaptation", values["tc_adaptation"], persistent=False)
        self.register_buffer("adapt_vc_coupling", values["voltage_coupling"], persistent=False)
        self.register_buffer("adapt_increment", values["spike_increment"], persistent=False)
        start = torch.zeros(*self.shape, len(values["tc_adaptation"]))
        AdaptiveCurrentMixin.__init__(self, start, batch_reduction)

    def clear(self, keep_adaptations: bool = True, **kwargs: Any) -> None:
        """Returns the group to its resting state.

        Args:
            keep_adaptations: keep the adaptation currents.
            **kwargs: ignored.
        """
        SteppingNeuron.clear(self, **kwargs)
        kept = self.current_adaptation.detach()
        self.current_adaptation = kept if keep_adaptations else torch.zeros_like(kept)

    def forward(  # type: ignore[override]
        self,
        inputs: Tensor,
        adapt: bool | None = None,
        refrac_lock: bool = True,
        **kwargs: Any,
    ) -> Tensor:
        """Advances the group by one step.

        Args:
            inputs: currents in nA, shape ``(B, *shape)``.
            adapt: update the adaptations; in training mode only if ``None``.
            refrac_lock: hold voltages and adaptations during refractory periods.
            **kwargs: ignored.

        Returns:
            Spikes, boolean, shape ``(B, *shape)``.
        """
        adaptations = self.current_adaptation
        inputs = like_voltages(inputs, self.voltage) - adaptations.sum(-1)
        spikes = self._fire(inputs, self.thresh_v, refrac_lock)
        if adapt or (adapt is None and self.training):
            self._buffers["current_adaptation_"] = self._adaptation_reduction(
                adaptive_currents_linear(
                    adaptations,
                    self.voltage,
                    spikes,
                    step_time=self.step_time,
                    rest_v=self.rest_v,
                    time_constant=self.tc_adaptation,
                    voltage_coupling=self.adapt_vc_coupling,
                    spike_increment=self.adapt_increment,
                    refracs=self.refrac if refrac_lock else None,
                ),
                0,
            )
        return spikes


def repeat_last(
    checks: dict[str, Callable[[str, float], float]],
    values: dict[str, float | Iterable[float]],
) -> dict[str, Tensor]:
    """Brings parameters of adaptations to a common length by repeating last values.

    Args:
        checks: check of single values, for some of the names.
        values: a number or several for each name.

    Returns:
        A tensor of common length for each name.

    Raises:
        ValueError: if there is no value or a check refuses one.
    """
    return {n: torch.tensor(v) for n, v in repeated_numbers(checks, values).items()}


def repeated_numbers(
    checks: dict[str, Callable[[str, float], float]],
    values: dict[str, float | Iterable[float]],
) -> dict[str, list[float]]:
    """Brings numbers to a common length by repeating last values.

    Args:
        checks: check of single values, for some of the names.
        values: a number or several for each name.

    Returns:
        A list of common length for each name.

    Raises:
        ValueError: if there is no value or a check refuses one.
    """
    lists = {}
    for name, value in values.items():
        items = list(argtest.numbers(name, value))
        lists[name] = [checks[name](name, v) for v in items] if name in checks else items
    length = max(map(len, lists.values()))
    return {n: v + v[-1:] * (length - len(v)) for n, v in lists.items()}


def like_voltages(inputs: Tensor, voltages: Tensor) -> Tensor:
    """Returns inputs in the shape and type of voltages.

    Raises:
        TypeError: if they are no tensor of real numbers.
        ValueError: if they do not fit.
    """
    if not isinstance(inputs, Tensor) or inputs.is_complex():
        got = inputs.dtype if isinstance(inputs, Tensor) else type(inputs).__name__
        raise TypeError(f"`inputs` must be a tensor of real numbers, got {got}")
    if inputs.shape != voltages.shape:
        try:
            inputs = inputs.expand(voltages.shape)
        except RuntimeError:
            raise ValueError(
                f"`inputs` must be of shape {tuple(voltages.shape)}, got {tuple(inputs.shape)}"
            ) from None
    return inputs if inputs.dtype == voltages.dtype else inputs.to(voltages.dtype)
