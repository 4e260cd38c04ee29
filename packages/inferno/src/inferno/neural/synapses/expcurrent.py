"""Synapses whose spikes deliver their charge over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from inferno import RecordTensor
from inferno._internal import argtest
from inferno.core.vanishing import SWEEP_STEPS, without_vanishing
from inferno.functional import interp_expdecay
from inferno.neural.base import InfernoSynapse, SynapseConstructor
from inferno.neural.functional.synapse_dynamics import current_decaying
from synaptensor.validation import check_number, check_positive

from .mixins import SpikeCurrentMixin, SpikeMixin, create_record
from .modes import construct, spike_interpolation
from .reading import DelayedReader

__all__ = ["DoubleExponentialCurrent", "SingleExponentialCurrent"]


class _Decaying:
    """Synapses with currents that decay exponentially."""

    # steps taken, which tells when to look for currents that vanish
    _age = 0

    def _grow_older(self) -> None:
        # a number that changes in every step would have every step compiled anew
        if not torch.compiler.is_compiling():
            self._age += 1

    def _decayed(
        self, record: RecordTensor, spikes: Tensor, time_constant: float, jump: float
    ) -> Tensor:
        step_time: float = self.dt  # type: ignore[attr-defined]
        current = current_decaying(
            record.borrow(), spikes, step_time=step_time, time_constant=time_constant, jump=jump
        )
        if torch.compiler.is_compiling() or self._age % SWEEP_STEPS:
            return current
        return without_vanishing(current, math.exp(-step_time / time_constant))


class SingleExponentialCurrent(_Decaying, SpikeCurrentMixin, InfernoSynapse):
    r"""Delivers the charge of each spike as an exponentially decaying current.

    $$
    I(t) = I(t - \Delta t) \, e^{-\Delta t / \tau} + \frac{Q}{\tau} s(t)
    $$

    Args:
        shape: shape of the synapses; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        spike_charge: charge $Q$ of a spike in pC.
        time_constant: time constant $\tau$ in ms.
        delay: longest delay that can be read back, in ms.
        spike_interp_mode: interpolation of spikes between steps, "previous" or "nearest".
        interp_tol: largest distance in ms from a step that counts as that step.
        current_overbound: current read outside of the record; the nearest entry if ``None``.
        spike_overbound: spike read outside of the record; the nearest entry if ``None``.
        batch_size: number of samples simulated side by side.
        inplace: write records in place even when that cuts the gradient.

    Raises:
        ValueError: if a size, time or charge is out of range.
        RuntimeError: if the interpolation mode is unknown.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        spike_charge: float,
        time_constant: float,
        delay: float = 0.0,
        spike_interp_mode: str = "previous",
        interp_tol: float = 0.0,
        current_overbound: float | None = 0.0,
        spike_overbound: bool | None = False,
        batch_size: int = 1,
        inplace: bool = False,
    ) -> None:
        InfernoSynapse.__init__(self, shape, step_time, delay, batch_size, inplace)
        self.spike_charge = argtest.neq("spike_charge", spike_charge, 0, float)
        self.time_constant = check_number("time_constant", time_constant, check_positive)
        interpolation = spike_interpolation("spike_interp_mode", spike_interp_mode)
        spikes = torch.zeros(self.batchedshape, dtype=torch.bool)
        SpikeCurrentMixin.__init__(
            self,
            torch.zeros(self.batchedshape),
            spikes,
            interp_expdecay,  # type: ignore[arg-type]
            {"time_constant": self.time_constant},
            interpolation,
            None,
            current_overbound,
            spike_overbound,
            interp_tol,
        )

    @classmethod
    def partialconstructor(
        cls,
        spike_charge: float,
        time_constant: float,
        spike_interp_mode: str = "previous",
        interp_tol: float = 0.0,
        current_overbound: float | None = 0.0,
        spike_overbound: bool | None = False,
        inplace: bool = False,
    ) -> SynapseConstructor:
        """Returns a constructor ``(shape, step_time, delay, batch_size)`` for connections.

        The arguments are those of the class.
        """
        return partial(
            construct,
            cls,
            dict(
                spike_charge=spike_charge,
                time_constant=time_constant,
                spike_interp_mode=spike_interp_mode,
                interp_tol=interp_tol,
                current_overbound=current_overbound,
                spike_overbound=spike_overbound,
                inplace=inplace,
            ),
        )

    def clear(self, **kwargs: Any) -> None:
        """Forgets all spikes and currents."""
        self.current_.reset(0.0)
        self.spike_.reset(False)

    def forward(self, *inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the synapses by one step.

        Args:
            *inputs: spikes, shape ``(B, *shape)``, graded ones scale the jump; further
                inputs are ignored.
            **kwargs: ignored.

        Returns:
            Currents in nA, shape ``(B, *shape)``.
        """
        self.spike = inputs[0]
        jump = self.spike_charge / self.time_constant
        current = self._decayed(self.current_, inputs[0], self.time_constant, jump)
        self._grow_older()
        self.current = current
        return current


class DoubleExponentialCurrent(_Decaying, SpikeMixin, InfernoSynapse):
    r"""Delivers the charge of each spike as a current that rises and decays exponentially.

    $$
    I = I_+ - I_-, \quad
    I_\pm(t) = I_\pm(t - \Delta t) \, e^{-\Delta t / \tau_\pm}
    + \frac{Q}{\tau_d - \tau_r} s(t)
    $$

    with $\tau_+ = \tau_d$ and $\tau_- = \tau_r$. The current is zero in the step of
    a first spike and greatest $\frac{\tau_d \tau_r}{\tau_d - \tau_r} \ln \frac{\tau_d}{\tau_r}$
    later.

    Args:
        shape: shape of the synapses; an integer means one dimension.
        step_time: length of a simulated step $\Delta t$ in ms.
        spike_charge: charge $Q$ of a spike in pC.
        tc_decay: time constant $\tau_d$ of the decay in ms.
        tc_rise: time constant $\tau_r$ of the rise in ms, shorter than ``tc_decay``.
        delay: longest delay that can be read back, in ms.
        spike_interp_mode: interpolation of spikes between steps, "previous" or "nearest".
        interp_tol: largest distance in ms from a step that counts as that step.
        current_overbound: current read outside of the record; the nearest entry if ``None``.
        spike_overbound: spike read outside of the record; the nearest entry if ``None``.
        batch_size: number of samples simulated side by side.
        inplace: write records in place even when that cuts the gradient.

    Raises:
        ValueError: if a size, time or charge is out of range.
        RuntimeError: if the interpolation mode is unknown.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        step_time: float,
        *,
        spike_charge: float,
        tc_decay: float,
        tc_rise: float,
        delay: float = 0.0,
        spike_interp_mode: str = "previous",
        interp_tol: float = 0.0,
        current_overbound: float | None = 0.0,
        spike_overbound: bool | None = False,
        batch_size: int = 1,
        inplace: bool = False,
    ) -> None:
        InfernoSynapse.__init__(self, shape, step_time, delay, batch_size, inplace)
        self.spike_charge = argtest.neq("spike_charge", spike_charge, 0, float)
        self.tc_rise = check_number("tc_rise", tc_rise, check_positive)
        self.tc_decay = argtest.gt("tc_decay", tc_decay, self.tc_rise, float, "tc_rise")
        interpolation = spike_interpolation("spike_interp_mode", spike_interp_mode)
        spikes = torch.zeros(self.batchedshape, dtype=torch.bool)
        SpikeMixin.__init__(self, spikes, interpolation, None, spike_overbound, interp_tol)
        create_record(self, "pos_current_", torch.zeros(self.batchedshape))
        create_record(self, "neg_current_", torch.zeros(self.batchedshape))
        self._pos_reader, self._neg_reader = (
            DelayedReader(interp_expdecay, {"time_constant": tau}, current_overbound, interp_tol)  # type: ignore[arg-type]
            for tau in (self.tc_decay, self.tc_rise)
        )

    @classmethod
    def partialconstructor(
        cls,
        spike_charge: float,
        tc_decay: float,
        tc_rise: float,
        spike_interp_mode: str = "previous",
        interp_tol: float = 0.0,
        current_overbound: float | None = 0.0,
        spike_overbound: bool | None = False,
        inplace: bool = False,
    ) -> SynapseConstructor:
        """Returns a constructor ``(shape, step_time, delay, batch_size)`` for connections.

        The arguments are those of the class.
        """
        return partial(
            construct,
            cls,
            dict(
                spike_charge=spike_charge,
                tc_decay=tc_decay,
                tc_rise=tc_rise,
                spike_interp_mode=spike_interp_mode,
                interp_tol=interp_tol,
                current_overbound=current_overbound,
                spike_overbound=spike_overbound,
                inplace=inplace,
            ),
        )

    @property
    def pos_current(self) -> Tensor:
        """Decaying part of the currents in nA; assigning records a step."""
        return self.pos_current_.peek()

    @pos_current.setter
    def pos_current(self, value: Tensor) -> None:
        self.pos_current_.push(value, self.inplace)

    @property
    def neg_current(self) -> Tensor:
        """Rising part of the currents in nA; assigning records a step."""
        return self.neg_current_.peek()

    @neg_current.setter
    def neg_current(self, value: Tensor) -> None:
        self.neg_current_.push(value, self.inplace)

    @property
    def current(self) -> Tensor:
        """Currents of the last step in nA; assigning does nothing."""
        return self.pos_current_.borrow() - self.neg_current_.borrow()

    @current.setter
    def current(self, value: Tensor) -> None:
        pass

    def pos_current_at(self, selector: Tensor) -> Tensor:
        """Reads the decaying part at times before now in ms; see `current_at`."""
        return self._pos_reader.read(self.pos_current_, selector)

    def neg_current_at(self, selector: Tensor) -> Tensor:
        """Reads the rising part at times before now in ms; see `current_at`."""
        return self._neg_reader.read(self.neg_current_, selector)

    def current_at(self, selector: Tensor) -> Tensor:
        """Reads currents at times before now.

        Args:
            selector: times before now in ms, shape ``(B, *shape)`` or ``(B, *shape, D)``.

        Returns:
            Currents in nA, like ``selector``.
        """
        pos, bounded = self._pos_reader.select(self.pos_current_, selector)
        neg, _ = self._neg_reader.select(self.neg_current_, selector)
        return self._pos_reader.bound(pos - neg, selector, bounded)

    def delayed_sum(self, weight: Tensor, delay: Tensor) -> Tensor | None:
        """Sums delayed currents over inputs; see `Synapse.delayed_sum`."""
        if type(self).current_at is not DoubleExponentialCurrent.current_at:
            return None
        pos = self._pos_reader.summed(self.pos_current_, weight, delay)
        neg = self._neg_reader.summed(self.neg_current_, weight, delay)
        return None if pos is None or neg is None else pos - neg

    def clear(self, **kwargs: Any) -> None:
        """Forgets all spikes and currents."""
        self.spike_.reset(False)
        self.pos_current_.reset(0.0)
        self.neg_current_.reset(0.0)

    def forward(self, *inputs: Tensor, **kwargs: Any) -> Tensor:
        """Advances the synapses by one step.

        Args:
            *inputs: spikes, shape ``(B, *shape)``, graded ones scale the jump; further
                inputs are ignored.
            **kwargs: ignored.

        Returns:
            Currents in nA, shape ``(B, *shape)``.
        """
        self.spike = inputs[0]
        jump = self.spike_charge / (self.tc_decay - self.tc_rise)
        pos = self._decayed(self.pos_current_, inputs[0], self.tc_decay, jump)
        neg = self._decayed(self.neg_current_, inputs[0], self.tc_rise, jump)
        self._grow_older()
        self.pos_current, self.neg_current = pos, neg
        return pos - neg
