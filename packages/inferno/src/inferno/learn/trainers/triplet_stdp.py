"""Spike-timing dependent plasticity of triplets of spikes."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from inferno._internal import argtest
from inferno.functional import interp_expdecay
from inferno.learn.base import IndependentCellTrainer
from inferno.learn.functional import BatchReduction, correlate, route_signed
from inferno.neural import Cell
from synaptensor.validation import check_number, check_positive

from .hyperparameters import TunedTrainer, nonzero, positive
from .monitors import add_spikes, add_trace, recorded, tracks_delays

__all__ = ["StableTripletSTDP", "TripletSTDP"]


def _magnitude(name: str, value: float) -> float:
    return abs(check_number(name, value))


class TripletSTDP(TunedTrainer):
    r"""Triplet-based spike-timing dependent plasticity.

    $$
    w(t + \Delta t) - w(t) = r_a(t) \left( A_2^+ + A_3^+ \, o_b(t - \Delta t) \right)
    [t = t^f_\text{post}]
    + o_a(t) \left( A_2^- + A_3^- \, r_b(t - \Delta t) \right) [t = t^f_\text{pre}]
    $$

    with fast traces $r_a$, $o_a$ and slow traces $r_b$, $o_b$ of presynaptic and postsynaptic
    spikes; the slow ones are read one step earlier. The signs of the pair rates route the terms
    into the potentiating and the depressing part; triplet rates count by their magnitude.

    Args:
        lr_post_pair: pair rate $A_2^+$ of postsynaptic spikes.
        lr_post_triplet: triplet rate $A_3^+$ of postsynaptic spikes.
        lr_pre_pair: pair rate $A_2^-$ of presynaptic spikes.
        lr_pre_triplet: triplet rate $A_3^-$ of presynaptic spikes.
        tc_post_fast: time constant of the fast postsynaptic trace in ms.
        tc_post_slow: time constant of the slow postsynaptic trace in ms.
        tc_pre_fast: time constant of the fast presynaptic trace in ms.
        tc_pre_slow: time constant of the slow presynaptic trace in ms.
        delayed: record presynaptic spikes before the delays and read them with the present
            delays, rather than record them after the delays.
        interp_tolerance: largest distance in ms from a recorded time that counts as that time.
        trace_mode: "cumulative" for traces of all spikes, "nearest" of the last one.
        batch_reduction: reduces updates over the batch, ``(tensor, dim) -> tensor``; the mean
            if ``None``.
        inplace: write records in place.
        step_time: length of a simulated step in ms; cells with another one are refused.

    Raises:
        ValueError: if a pair rate is zero, a time or tolerance is out of range, a slow time
            constant is not longer than the fast one, or the trace mode is unknown.

    Reference:
        Pfister and Gerstner (2006), Journal of Neuroscience 26, 9673-9682.
    """

    _checks: ClassVar = {
        "lr_post_pair": nonzero,
        "lr_post_triplet": _magnitude,
        "lr_pre_pair": nonzero,
        "lr_pre_triplet": _magnitude,
        "tc_post_fast": positive,
        "tc_post_slow": positive,
        "tc_pre_fast": positive,
        "tc_pre_slow": positive,
    }

    def __init__(
        self,
        lr_post_pair: float,
        lr_post_triplet: float,
        lr_pre_pair: float,
        lr_pre_triplet: float,
        tc_post_fast: float,
        tc_post_slow: float,
        tc_pre_fast: float,
        tc_pre_slow: float,
        delayed: bool = False,
        interp_tolerance: float = 0.0,
        trace_mode: str = "cumulative",
        batch_reduction: BatchReduction | None = None,
        inplace: bool = False,
        *,
        step_time: float | None = None,
    ) -> None:
        TunedTrainer.__init__(self, step_time=step_time)
        self._set_defaults(
            lr_post_pair=lr_post_pair,
            lr_post_triplet=lr_post_triplet,
            lr_pre_pair=lr_pre_pair,
            lr_pre_triplet=lr_pre_triplet,
            tc_post_fast=tc_post_fast,
            tc_post_slow=tc_post_slow,
            tc_pre_fast=tc_pre_fast,
            tc_pre_slow=tc_pre_slow,
            delayed=delayed,
            interp_tolerance=interp_tolerance,
            trace_mode=trace_mode,
            batch_reduction=batch_reduction,
            inplace=inplace,
        )

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        checked = super()._checked(values)
        for side in ("post", "pre"):
            fast, slow = f"tc_{side}_fast", f"tc_{side}_slow"
            check_positive(fast, checked[fast])
            argtest.gt(slow, checked[slow], checked[fast], float, fast)
        return checked

    def _amplitudes(self, state: Any) -> dict[str, float]:
        return {
            "trace_post_fast": abs(state.lr_pre_pair),
            "trace_post_slow": state.lr_post_triplet / abs(state.lr_post_pair),
            "trace_pre_fast": abs(state.lr_post_pair),
            "trace_pre_slow": state.lr_pre_triplet / abs(state.lr_pre_pair),
        }

    def _weights(self, state: Any) -> tuple[tuple[float, float], tuple[float, float]]:
        """Factors of the pair and the triplet term, for spikes of either side."""
        return (1.0, float(state.lr_post_triplet != 0)), (1.0, float(state.lr_pre_triplet != 0))

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
        self._pop_step_time(kwargs)
        state = self._state_of_cell(kwargs)
        self.add_cell(name, cell, state, ["weight"])
        dt, delayed = cell.connection.dt, tracks_delays(state, cell)
        longest = float(cell.connection.delayedby or 0.0) if delayed else 0.0
        amplitudes = self._amplitudes(state)
        for side, kwargs in (("post", {}), ("pre", {"delayed": delayed})):
            past = longest if side == "pre" and delayed else None
            for timing, duration in (("fast", dt), ("slow", 2 * dt)):
                if past is not None:
                    duration = past + (dt if timing == "slow" else 0.0)
                add_trace(
                    self,
                    name,
                    f"trace_{side}_{timing}",
                    state.tracecls,
                    dt=dt,
                    time_constant=getattr(state, f"tc_{side}_{timing}"),
                    amplitude=amplitudes[f"trace_{side}_{timing}"],
                    duration=duration,
                    inplace=state.inplace,
                    timing=timing,
                    **kwargs,
                )
            add_spikes(self, name, f"spike_{side}", dt=dt, duration=past or 0.0, **kwargs)
        return self.get_unit(name)

    @torch.no_grad()
    def forward(self) -> None:
        """Computes the updates of all cells and hands them to their updaters.

        Raises:
            RuntimeError: if nothing was recorded for a cell.
        """
        for cell, state, monitors in self:
            if not self._active(cell):
                continue
            connection = cell.connection
            time = connection.selector if state.delayed and connection.delayedby else None
            (pair_post, triplet_post), (pair_pre, triplet_pre) = self._weights(state)
            i_post = recorded(monitors["spike_post"])
            i_pre = recorded(monitors["spike_pre"], time, state.tolerance)
            y_slow = _previous(monitors["trace_post_slow"], None, state)
            x_slow = _previous(monitors["trace_pre_slow"], time, state)
            y = connection.postsyn_receptive((pair_post + triplet_post * y_slow) * i_post)
            x = connection.presyn_receptive((pair_pre + triplet_pre * x_slow) * i_pre)
            y_fast = connection.postsyn_receptive(recorded(monitors["trace_post_fast"]))
            x_fast = connection.presyn_receptive(
                recorded(monitors["trace_pre_fast"], time, state.tolerance)
            )
            terms = (
                correlate(y, x_fast, state.batchreduce),
                correlate(y_fast, x, state.batchreduce),
            )
            rates = (state.lr_post_pair, state.lr_pre_pair)
            cell.updater.weight = route_signed(rates, terms)  # type: ignore[union-attr]


class StableTripletSTDP(TripletSTDP):
    """Triplet-based spike-timing dependent plasticity, with rates applied to unit traces.

    As `TripletSTDP` up to rounding. The rates are not part of the traces, so they can be changed
    between steps without changing what spikes of the past count.
    """

    def _amplitudes(self, state: Any) -> dict[str, float]:
        names = ("post_fast", "post_slow", "pre_fast", "pre_slow")
        return {f"trace_{name}": 1.0 for name in names}

    def _weights(self, state: Any) -> tuple[tuple[float, float], tuple[float, float]]:
        post = abs(state.lr_post_pair), float(state.lr_post_triplet)
        pre = abs(state.lr_pre_pair), float(state.lr_pre_triplet)
        return post, pre


def _previous(monitor: Any, time: Tensor | None, state: Any) -> Tensor:
    """Reads a trace one step before now, or before times before now."""
    record = monitor.reducer.data_
    if monitor.peek() is None:
        recorded(monitor)
    if time is None:
        return record.read(2)
    time = time.clamp(0.0, monitor.reducer.duration - monitor.reducer.dt)
    return record.select(
        time,
        interp_expdecay,
        tolerance=state.tolerance,
        offset=2,
        interp_kwargs={"time_constant": state.tc_pre_slow},
        validate=False,
    )
