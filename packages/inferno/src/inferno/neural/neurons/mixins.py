"""State of neurons: voltage, current, refractoriness, spikes and adaptation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from inferno import ShapedTensor
from inferno.neural.base import InfernoNeuron
from synaptensor.validation import check_instance

__all__ = [
    "AdaptiveCurrentMixin",
    "AdaptiveThresholdMixin",
    "BatchedState",
    "CurrentMixin",
    "RefractoryMixin",
    "SpikeRefractoryMixin",
    "VoltageMixin",
]

BatchReduction = Callable[[Tensor, int], Tensor]


class VoltageMixin:
    """Gives a neuron group membrane voltages.

    Args:
        data: initial voltages in mV, shape ``(B, *shape)``.

    Raises:
        TypeError: if the class is not an `InfernoNeuron`.
    """

    def __init__(self, data: Tensor) -> None:
        BatchedState.create(self, "voltage_", data)

    @property
    def voltage(self) -> Tensor:
        """Membrane voltages in mV, shape ``(B, *shape)``; writing in place changes the state."""
        return self._buffers["_voltage__data"]  # type: ignore[attr-defined]

    @voltage.setter
    def voltage(self, value: Tensor) -> None:
        self.voltage_.value = _like_state("voltage", value, self.voltage)  # type: ignore[attr-defined]


class CurrentMixin:
    """Gives a neuron group membrane currents.

    Args:
        data: initial currents in nA, shape ``(B, *shape)``.

    Raises:
        TypeError: if the class is not an `InfernoNeuron`.
    """

    def __init__(self, data: Tensor) -> None:
        BatchedState.create(self, "current_", data)

    @property
    def current(self) -> Tensor:
        """Membrane currents in nA, shape ``(B, *shape)``; writing in place changes the state."""
        return self._buffers["_current__data"]  # type: ignore[attr-defined]

    @current.setter
    def current(self, value: Tensor) -> None:
        self.current_.value = _like_state("current", value, self.current)  # type: ignore[attr-defined]


class RefractoryMixin:
    """Gives a neuron group refractory periods.

    Args:
        data: initial remaining refractory periods in ms, shape ``(B, *shape)``.

    Raises:
        TypeError: if the class is not an `InfernoNeuron`.
    """

    def __init__(self, data: Tensor) -> None:
        BatchedState.create(self, "refrac_", data)

    @property
    def refrac(self) -> Tensor:
        """Remaining refractory periods in ms; writing in place changes the state."""
        return self._buffers["_refrac__data"]  # type: ignore[attr-defined]

    @refrac.setter
    def refrac(self, value: Tensor) -> None:
        self.refrac_.value = _like_state("refrac", value, self.refrac)  # type: ignore[attr-defined]


class SpikeRefractoryMixin(RefractoryMixin):
    """Gives a neuron group refractory periods and the spikes of the last step.

    A model that steps reports its spikes through `_keep_spikes`. Without a report since
    the last reset, those neurons count as spiking whose refractory period is at its full length.

    Args:
        refrac: initial remaining refractory periods in ms, shape ``(B, *shape)``.
        absrefrac: name of the attribute with the full length of the period.
    """

    def __init__(self, refrac: Tensor, absrefrac: str) -> None:
        RefractoryMixin.__init__(self, refrac)
        self._absrefrac = absrefrac
        self.register_buffer("_spike_mask", None, persistent=False)  # type: ignore[attr-defined]

    @property
    def spike(self) -> Tensor:
        """Spikes of the last step, shape ``(B, *shape)``."""
        mask = self._buffers["_spike_mask"]  # type: ignore[attr-defined]
        if mask is None:
            period = getattr(self, self._absrefrac)
            mask = (self.refrac == period) & (period > 0)
        return mask

    def _keep_spikes(self, spikes: Tensor | None) -> None:
        self._buffers["_spike_mask"] = spikes  # type: ignore[attr-defined]

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *args: Any) -> None:
        self._keep_spikes(None)
        super()._load_from_state_dict(state_dict, prefix, *args)  # type: ignore[misc]


class AdaptiveThresholdMixin:
    """Gives a neuron group threshold adaptations, shared by the samples of a batch.

    Args:
        data: initial adaptations in mV, shape ``(*shape, K)``.
        batch_reduction: reduces adaptations over the batch; the mean if ``None``.

    Raises:
        TypeError: if the class is not a module.
    """

    def __init__(self, data: Tensor, batch_reduction: BatchReduction | None = None) -> None:
        check_instance("self", self, nn.Module)
        self.register_buffer("threshold_adaptation_", data)  # type: ignore[attr-defined]
        self._adaptation_reduction = torch.mean if batch_reduction is None else batch_reduction

    @property
    def threshold_adaptation(self) -> Tensor:
        """Threshold adaptations in mV; assigning values with a batch dimension reduces them."""
        return self._buffers["threshold_adaptation_"]  # type: ignore[attr-defined]

    @threshold_adaptation.setter
    def threshold_adaptation(self, value: Tensor) -> None:
        self.threshold_adaptation_ = _reduced(
            "threshold_adaptation", value, self.threshold_adaptation, self._adaptation_reduction
        )


class AdaptiveCurrentMixin:
    """Gives a neuron group adaptation currents, shared by the samples of a batch.

    Args:
        data: initial adaptations in nA, shape ``(*shape, K)``.
        batch_reduction: reduces adaptations over the batch; the mean if ``None``.

    Raises:
        TypeError: if the class is not a module.
    """

    def __init__(self, data: Tensor, batch_reduction: BatchReduction | None = None) -> None:
        check_instance("self", self, nn.Module)
        self.register_buffer("current_adaptation_", data)  # type: ignore[attr-defined]
        self._adaptation_reduction = torch.mean if batch_reduction is None else batch_reduction

    @property
    def current_adaptation(self) -> Tensor:
        """Adaptation currents in nA; assigning values with a batch dimension reduces them."""
        return self._buffers["current_adaptation_"]  # type: ignore[attr-defined]

    @current_adaptation.setter
    def current_adaptation(self, value: Tensor) -> None:
        self.current_adaptation_ = _reduced(
            "current_adaptation", value, self.current_adaptation, self._adaptation_reduction
        )


class BatchedState:
    """Creation and assignment of further state that follows the batch size."""

    @staticmethod
    def create(owner: Any, name: str, data: Tensor) -> None:
        """Gives a neuron group a buffer ``_<name>_data`` of shape ``(B, ...)``."""
        check_instance("self", owner, InfernoNeuron)
        ShapedTensor.create(owner, name, data)
        owner.add_batched(name)

    @staticmethod
    def assign(owner: Any, name: str, value: Tensor) -> None:
        """Replaces the state behind the property ``name``; its shape must stay."""
        getattr(owner, f"{name}_").value = _like_state(name, value, getattr(owner, name))


def _like_state(name: str, value: Tensor, state: Tensor) -> Tensor:
    if value.shape != state.shape:
        raise ValueError(
            f"`{name}` must be of shape {tuple(state.shape)}, got {tuple(value.shape)}"
        )
    return value if value.dtype == state.dtype else value.to(state.dtype)


def _reduced(name: str, value: Tensor, state: Tensor, reduction: BatchReduction) -> Tensor:
    if value.shape[1:] == state.shape:
        value = reduction(value, 0)
    return _like_state(name, value, state)
