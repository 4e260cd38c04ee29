"""Spike-timing dependent plasticity of pairs of spikes."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from inferno.learn.base import IndependentCellTrainer
from inferno.learn.functional import BatchReduction, Update, route_signed
from inferno.neural import Cell

from .hyperparameters import positive, rate
from .pairing import PairTrainer

__all__ = ["STDP", "StableSTDP"]


class STDP(PairTrainer):
    r"""Pair-based spike-timing dependent plasticity.

    $$
    w(t + \Delta t) - w(t) = x_\text{pre}(t) \, [t = t^f_\text{post}]
    + x_\text{post}(t) \, [t = t^f_\text{pre}]
    $$

    $$
    x_\text{pre}(t) = x_\text{pre}(t - \Delta t) \, e^{-\Delta t / \tau_\text{pre}}
    + \eta_\text{post} \, [t = t^f_\text{pre}], \quad
    x_\text{post}(t) = x_\text{post}(t - \Delta t) \, e^{-\Delta t / \tau_\text{post}}
    + \eta_\text{pre} \, [t = t^f_\text{post}]
    $$

    Traces hold magnitudes; the signs of the rates route the terms into the potentiating and the
    depressing part of the update: Hebbian learning takes $\eta_\text{post} > 0$ and
    $\eta_\text{pre} < 0$. Spikes of the same step count for both terms.

    Args:
        lr_post: learning rate $\eta_\text{post}$ of postsynaptic spikes.
        lr_pre: learning rate $\eta_\text{pre}$ of presynaptic spikes.
        tc_post: time constant $\tau_\text{post}$ of the postsynaptic trace in ms.
        tc_pre: time constant $\tau_\text{pre}$ of the presynaptic trace in ms.
        delayed: record presynaptic spikes before the delays and read them with the present
            delays, rather than record them after the delays.
        interp_tolerance: largest distance in ms from a recorded time that counts as that time.
        trace_mode: "cumulative" for traces of all spikes, "nearest" of the last one.
        batch_reduction: reduces updates over the batch, ``(tensor, dim) -> tensor``; the mean
            if ``None``.
        step_time: length of a simulated step in ms; cells with another one are refused.

    Raises:
        ValueError: if a time or tolerance is out of range or the trace mode unknown.

    Reference:
        Morrison, Diesmann and Gerstner (2008), Biological Cybernetics 98, 459-478.
    """

    _checks: ClassVar = {"lr_post": rate, "lr_pre": rate, "tc_post": positive, "tc_pre": positive}

    def __init__(
        self,
        lr_post: float,
        lr_pre: float,
        tc_post: float,
        tc_pre: float,
        delayed: bool = False,
        interp_tolerance: float = 0.0,
        trace_mode: str = "cumulative",
        batch_reduction: BatchReduction | None = None,
        *,
        step_time: float | None = None,
    ) -> None:
        PairTrainer.__init__(self, step_time=step_time)
        self._set_defaults(
            lr_post=lr_post,
            lr_pre=lr_pre,
            tc_post=tc_post,
            tc_pre=tc_pre,
            delayed=delayed,
            interp_tolerance=interp_tolerance,
            trace_mode=trace_mode,
            batch_reduction=batch_reduction,
        )

    def register_cell(self, name: str, cell: Cell, /, **kwargs: Any) -> IndependentCellTrainer.Unit:
        """Adds a cell for training.

        Args:
            name: name of the cell in the trainer.
            cell: cell to train, with an updater for ``weight``.
            **kwargs: hyperparameters of this cell, named as in the constructor.

        Returns:
            The cell with its state and monitors.

        Raises:
            ValueError: if the name is taken or a hyperparameter is out of range.
            RuntimeError: if the cell has no updater for ``weight``.
            TypeError: if there is no hyperparameter of a name.
        """
        return self._register_pairs(name, cell, kwargs)

    def _factors(self, state: Any) -> tuple[float, float]:
        """Factors of the two terms, beyond the amplitudes of the traces."""
        return float(state.lr_post != 0), float(state.lr_pre != 0)

    def forward(self) -> None:
        """Computes the updates of all cells and hands them to their updaters.

        Raises:
            RuntimeError: if nothing was recorded for a cell.
        """
        # entering a context takes as long as the rest, and most who train are in one
        if torch.is_grad_enabled():
            with torch.no_grad():
                return self.forward()
        for cell, state, monitors in self:
            if self._active(cell):
                post, pre = self._terms(cell, state, monitors)
                first, second = self._factors(state)
                terms = _scaled(post, first), _scaled(pre, second)
                rates = state.lr_post, state.lr_pre
                cell.updater.weight = route_signed(rates, terms)  # type: ignore[union-attr]


class StableSTDP(STDP):
    """Pair-based spike-timing dependent plasticity, with rates applied to unit traces.

    As `STDP` up to rounding. The rates are not part of the traces, so they can be changed
    between steps without changing what spikes of the past count.
    """

    def _amplitudes(self, state: Any) -> tuple[float, float]:
        return 1.0, 1.0

    def _factors(self, state: Any) -> tuple[float, float]:
        return abs(state.lr_post), abs(state.lr_pre)


def _scaled(update: Update, factor: float) -> Update:
    return update if factor == 1.0 else update * factor
