"""Spike-timing dependent plasticity of delay-adjusted time differences."""

from __future__ import annotations

import torch

from inferno.learn.functional import BatchReduction, route_signed

from .delay_adjustment import DelayAdjustedTrainer

__all__ = ["DelayAdjustedSTDP", "DelayAdjustedSTDPD"]


class _TwoFactorTrainer(DelayAdjustedTrainer):
    """What the rules without a signal share."""

    @torch.no_grad()
    def forward(self) -> None:
        """Computes the updates of all cells and hands them to their updaters.

        Raises:
            RuntimeError: if nothing was recorded for a cell.
        """
        for cell, state, monitors in self:
            if not self._active(cell):
                continue
            causal, anticausal = self._windows(cell, state, monitors)
            terms = state.batchreduce(causal, 0), state.batchreduce(anticausal, 0)
            rates = state.lr_pos, state.lr_neg
            if self._causal == "neg":
                rates = rates[::-1]
            setattr(cell.updater, self._param, route_signed(rates, terms))


class DelayAdjustedSTDP(_TwoFactorTrainer):
    r"""Spike-timing dependent plasticity of weights with delay-adjusted differences.

    $$
    w(t + \Delta t) - w(t) = \eta_+ e^{-|\Delta| / \tau_+} \, [\Delta \geq 0]
    + \eta_- e^{-|\Delta| / \tau_-} \, [\Delta < 0], \quad
    \Delta = t_\text{post} - t_\text{pre} - d
    $$

    for the last spikes of both sides, at the synapse. The update is added in every step after
    both sides have spiked, not only on spikes.

    Args:
        lr_pos: learning rate $\eta_+$ of differences $\Delta \geq 0$.
        lr_neg: learning rate $\eta_-$ of differences $\Delta < 0$.
        tc_pos: time constant $\tau_+$ in ms.
        tc_neg: time constant $\tau_-$ in ms.
        interp_tolerance: kept for compatibility; times are not interpolated.
        batch_reduction: reduces updates over the batch, ``(tensor, dim) -> tensor``; the mean
            if ``None``.
        inplace: write records in place.
        step_time: length of a simulated step in ms; cells with another one are refused.

    Raises:
        ValueError: if a time or tolerance is out of range.
    """

    def __init__(
        self,
        lr_pos: float,
        lr_neg: float,
        tc_pos: float,
        tc_neg: float,
        interp_tolerance: float = 0.0,
        batch_reduction: BatchReduction | None = None,
        inplace: bool = False,
        *,
        step_time: float | None = None,
    ) -> None:
        DelayAdjustedTrainer.__init__(self, step_time=step_time)
        self._set_defaults(
            lr_pos=lr_pos,
            lr_neg=lr_neg,
            tc_pos=tc_pos,
            tc_neg=tc_neg,
            interp_tolerance=interp_tolerance,
            batch_reduction=batch_reduction,
            inplace=inplace,
        )


class DelayAdjustedSTDPD(_TwoFactorTrainer):
    r"""Spike-timing dependent plasticity of delays with delay-adjusted differences.

    $$
    d(t + \Delta t) - d(t) = \eta_- e^{-|\Delta| / \tau_-} \, [\Delta \geq 0]
    + \eta_+ e^{-|\Delta| / \tau_+} \, [\Delta < 0], \quad
    \Delta = t_\text{post} - t_\text{pre} - d
    $$

    for the last spikes of both sides, at the synapse. The update is added in every step after
    both sides have spiked, not only on spikes.

    Args:
        lr_neg: learning rate $\eta_-$ of differences $\Delta \geq 0$.
        lr_pos: learning rate $\eta_+$ of differences $\Delta < 0$.
        tc_neg: time constant $\tau_-$ in ms.
        tc_pos: time constant $\tau_+$ in ms.
        interp_tolerance: kept for compatibility; times are not interpolated.
        batch_reduction: reduces updates over the batch, ``(tensor, dim) -> tensor``; the mean
            if ``None``.
        inplace: write records in place.
        step_time: length of a simulated step in ms; cells with another one are refused.

    Raises:
        ValueError: if a time or tolerance is out of range.
    """

    _param = "delay"
    _causal = "neg"

    def __init__(
        self,
        lr_neg: float,
        lr_pos: float,
        tc_neg: float,
        tc_pos: float,
        interp_tolerance: float = 0.0,
        batch_reduction: BatchReduction | None = None,
        inplace: bool = False,
        *,
        step_time: float | None = None,
    ) -> None:
        DelayAdjustedTrainer.__init__(self, step_time=step_time)
        self._set_defaults(
            lr_neg=lr_neg,
            lr_pos=lr_pos,
            tc_neg=tc_neg,
            tc_pos=tc_pos,
            interp_tolerance=interp_tolerance,
            batch_reduction=batch_reduction,
            inplace=inplace,
        )
