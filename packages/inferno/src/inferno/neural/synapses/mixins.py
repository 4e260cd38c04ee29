"""State of synapses: records of spikes and currents, and what is derived from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from inferno import RecordTensor, VirtualTensor
from inferno.functional import Interpolation
from inferno.neural.base import InfernoSynapse
from synaptensor.validation import check_instance

from .reading import DelayedReader

__all__ = [
    "CurrentDerivedSpikeMixin",
    "CurrentMixin",
    "SpikeCurrentMixin",
    "SpikeDerivedCurrentMixin",
    "SpikeMixin",
]

Derivation = Callable[[Any, torch.dtype, torch.device, Tensor], Tensor]


class CurrentMixin:
    """Gives a synapse a record of currents.

    Args:
        currents: initial currents in nA, shape ``(B, *shape)``.
        interpolation: interpolation between recorded currents.
        interp_kwargs: keyword arguments of ``interpolation``.
        overbound: value read outside of the record; the nearest entry if ``None``.
        tolerance: largest distance in ms from a recorded time that counts as that time.

    Raises:
        TypeError: if the class is not an `InfernoSynapse`.
        ValueError: if ``tolerance`` is negative.
    """

    def __init__(
        self,
        currents: Tensor,
        interpolation: Interpolation,
        interp_kwargs: Mapping[str, Any] | None,
        overbound: float | None,
        tolerance: float,
    ) -> None:
        create_record(self, "current_", currents)
        self._current_reader = DelayedReader(interpolation, interp_kwargs, overbound, tolerance)

    @property
    def current(self) -> Tensor:
        """Currents of the last step in nA; assigning records a step."""
        return self.current_.peek()  # type: ignore[attr-defined]

    @current.setter
    def current(self, value: Tensor) -> None:
        self.current_.push(value, self.inplace)  # type: ignore[attr-defined]

    def current_at(self, selector: Tensor) -> Tensor:
        """Reads currents at times before now.

        Args:
            selector: times before now in ms, shape ``(B, *shape)`` or ``(B, *shape, D)``.

        Returns:
            Currents in nA, like ``selector``.
        """
        return self._current_reader.read(self.current_, selector)  # type: ignore[attr-defined]

    def delayed_sum(self, weight: Tensor, delay: Tensor) -> Tensor | None:
        """Sums delayed currents over inputs; see `Synapse.delayed_sum`."""
        if type(self).current_at is not CurrentMixin.current_at:
            return None
        return self._current_reader.summed(self.current_, weight, delay)  # type: ignore[attr-defined]


class SpikeMixin:
    """Gives a synapse a record of spikes.

    Args:
        spikes: initial spikes, shape ``(B, *shape)``.
        interpolation: interpolation between recorded spikes.
        interp_kwargs: keyword arguments of ``interpolation``.
        overbound: value read outside of the record; the nearest entry if ``None``.
        tolerance: largest distance in ms from a recorded time that counts as that time.

    Raises:
        TypeError: if the class is not an `InfernoSynapse`.
        ValueError: if ``tolerance`` is negative.
    """

    def __init__(
        self,
        spikes: Tensor,
        interpolation: Interpolation,
        interp_kwargs: Mapping[str, Any] | None,
        overbound: bool | None,
        tolerance: float,
    ) -> None:
        create_record(self, "spike_", spikes.bool())
        self._spike_reader = DelayedReader(interpolation, interp_kwargs, overbound, tolerance)

    @property
    def spike(self) -> Tensor:
        """Spikes of the last step; assigning records a step."""
        return self.spike_.peek()  # type: ignore[attr-defined]

    @spike.setter
    def spike(self, value: Tensor) -> None:
        self.spike_.push(value.bool(), self.inplace)  # type: ignore[attr-defined]

    def spike_at(self, selector: Tensor) -> Tensor:
        """Reads spikes at times before now.

        Args:
            selector: times before now in ms, shape ``(B, *shape)`` or ``(B, *shape, D)``.

        Returns:
            Spikes, boolean, like ``selector``.
        """
        return self._spike_reader.read(self.spike_, selector).bool()  # type: ignore[attr-defined]


class SpikeCurrentMixin(CurrentMixin, SpikeMixin):
    """Gives a synapse a record of currents and a record of spikes.

    Args:
        currents: initial currents in nA, shape ``(B, *shape)``.
        spikes: initial spikes, shape ``(B, *shape)``.
        current_interp: interpolation between recorded currents.
        current_interp_kwargs: keyword arguments of ``current_interp``.
        spike_interp: interpolation between recorded spikes.
        spike_interp_kwargs: keyword arguments of ``spike_interp``.
        current_overbound: current read outside of the record; the nearest entry if ``None``.
        spike_overbound: spike read outside of the record; the nearest entry if ``None``.
        tolerance: largest distance in ms from a recorded time that counts as that time.
    """

    def __init__(
        self,
        currents: Tensor,
        spikes: Tensor,
        current_interp: Interpolation,
        current_interp_kwargs: Mapping[str, Any] | None,
        spike_interp: Interpolation,
        spike_interp_kwargs: Mapping[str, Any] | None,
        current_overbound: float | None,
        spike_overbound: bool | None,
        tolerance: float,
    ) -> None:
        CurrentMixin.__init__(
            self, currents, current_interp, current_interp_kwargs, current_overbound, tolerance
        )
        SpikeMixin.__init__(
            self, spikes, spike_interp, spike_interp_kwargs, spike_overbound, tolerance
        )


class SpikeDerivedCurrentMixin(SpikeMixin):
    """Gives a synapse a record of spikes, from which its currents follow.

    Args:
        spikes: initial spikes, shape ``(B, *shape)``.
        to_currents: function ``(synapse, dtype, device, spikes) -> currents``.
        interp: interpolation between recorded spikes.
        interp_kwargs: keyword arguments of ``interp``.
        current_overbound: current read outside of the record; the nearest entry if ``None``.
        spike_overbound: spike read outside of the record; the nearest entry if ``None``.
        tolerance: largest distance in ms from a recorded time that counts as that time.
    """

    def __init__(
        self,
        spikes: Tensor,
        to_currents: Derivation,
        interp: Interpolation,
        interp_kwargs: Mapping[str, Any] | None,
        current_overbound: float | None,
        spike_overbound: bool | None,
        tolerance: float,
    ) -> None:
        SpikeMixin.__init__(self, spikes, interp, interp_kwargs, spike_overbound, tolerance)
        self._current_reader = DelayedReader(interp, interp_kwargs, current_overbound, tolerance)
        self._to_currents = to_currents
        VirtualTensor.create(self, "current_", "_derived_current")

    def _derived_current(self, dtype: torch.dtype, device: torch.device) -> Tensor:
        return self._to_currents(self, dtype, device, self.spike_.peek())  # type: ignore[attr-defined]

    @property
    def current(self) -> Tensor:
        """Currents of the last step in nA, derived from its spikes; assigning does nothing."""
        return self.current_.value  # type: ignore[attr-defined]

    @current.setter
    def current(self, value: Tensor) -> None:
        pass

    def current_at(self, selector: Tensor) -> Tensor:
        """Reads currents at times before now.

        Args:
            selector: times before now in ms, shape ``(B, *shape)`` or ``(B, *shape, D)``.

        Returns:
            Currents in nA, like ``selector``.
        """
        ref = self._current__ref  # type: ignore[attr-defined]
        return self._current_reader.read(
            self.spike_,  # type: ignore[attr-defined]
            selector,
            lambda spikes: self._to_currents(self, ref.dtype, ref.device, spikes),
        ).to(dtype=ref.dtype, device=ref.device)


class CurrentDerivedSpikeMixin(CurrentMixin):
    """Gives a synapse a record of currents, from which its spikes follow.

    Args:
        currents: initial currents in nA, shape ``(B, *shape)``.
        to_spikes: function ``(synapse, dtype, device, currents) -> spikes``.
        interp: interpolation between recorded currents.
        interp_kwargs: keyword arguments of ``interp``.
        current_overbound: current read outside of the record; the nearest entry if ``None``.
        spike_overbound: spike read outside of the record; the nearest entry if ``None``.
        tolerance: largest distance in ms from a recorded time that counts as that time.
    """

    def __init__(
        self,
        currents: Tensor,
        to_spikes: Derivation,
        interp: Interpolation,
        interp_kwargs: Mapping[str, Any] | None,
        current_overbound: float | None,
        spike_overbound: bool | None,
        tolerance: float,
    ) -> None:
        CurrentMixin.__init__(self, currents, interp, interp_kwargs, current_overbound, tolerance)
        self._spike_reader = DelayedReader(interp, interp_kwargs, spike_overbound, tolerance)
        self._to_spikes = to_spikes
        VirtualTensor.create(self, "spike_", "_derived_spike", dtype=torch.bool)

    def _derived_spike(self, dtype: torch.dtype, device: torch.device) -> Tensor:
        return self._to_spikes(self, dtype, device, self.current_.peek())  # type: ignore[attr-defined]

    @property
    def spike(self) -> Tensor:
        """Spikes of the last step, derived from its currents; assigning does nothing."""
        return self.spike_.value  # type: ignore[attr-defined]

    @spike.setter
    def spike(self, value: Tensor) -> None:
        pass

    def spike_at(self, selector: Tensor) -> Tensor:
        """Reads spikes at times before now.

        Args:
            selector: times before now in ms, shape ``(B, *shape)`` or ``(B, *shape, D)``.

        Returns:
            Spikes, boolean, like ``selector``.
        """
        ref = self._spike__ref  # type: ignore[attr-defined]
        return self._spike_reader.read(
            self.current_,  # type: ignore[attr-defined]
            selector,
            lambda currents: self._to_spikes(self, ref.dtype, ref.device, currents),
        ).bool()


def create_record(owner: Any, name: str, value: Tensor) -> None:
    """Gives a synapse a record that reaches back by its delay and follows its batch size."""
    check_instance("self", owner, InfernoSynapse)
    RecordTensor.create(owner, name, owner.dt, owner.delay, value, inclusive=True)
    owner.add_delayed(name)
    owner.add_batched(name)
