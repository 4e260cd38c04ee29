"""Monitoring and pairing of spikes with traces, the core of pair-based rules."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from inferno.functional import interp_expdecay, interp_previous
from inferno.learn.base import IndependentCellTrainer
from inferno.learn.functional import Update, correlate, correlate_flat, is_linear
from inferno.neural import Cell
from inferno.neural.connections.linear.matrix import MatrixConnection
from inferno.neural.synapses.reading import DelayedReader

from .hyperparameters import TunedTrainer
from .monitors import add_spikes, add_trace, recorded, tracks_delays

__all__ = ["PairTrainer", "Pairs"]

# postsynaptic and presynaptic quantities to pair, for the term of postsynaptic spikes (with the
# presynaptic trace) and for the term of presynaptic spikes (with the postsynaptic trace)
Pairs = tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]


class PairTrainer(TunedTrainer):
    """A trainer that pairs spikes of one side with the trace of the other."""

    def _amplitudes(self, state: Any) -> tuple[float, float]:
        """Amplitudes of the postsynaptic and the presynaptic trace."""
        return abs(state.lr_pre), abs(state.lr_post)

    def _register_pairs(
        self, name: str, cell: Cell, overrides: dict[str, Any], param: str = "weight"
    ) -> IndependentCellTrainer.Unit:
        self._pop_step_time(overrides)
        state = self._state_of_cell(overrides)
        self.add_cell(name, cell, state, [param])
        connection = cell.connection
        delayed = tracks_delays(state, cell)
        duration = float(connection.delayedby or 0.0) if delayed else 0.0
        post, pre = self._amplitudes(state)
        common: dict[str, Any] = {"dt": connection.dt}
        before: dict[str, Any] = common | {"delayed": delayed, "duration": duration}
        add_trace(
            self, name, "trace_post", state.tracecls,
            time_constant=state.tc_post, amplitude=post, **common,
        )  # fmt: skip
        add_spikes(self, name, "spike_post", **common)
        add_trace(
            self, name, "trace_pre", state.tracecls,
            time_constant=state.tc_pre, amplitude=pre, **before,
        )  # fmt: skip
        add_spikes(self, name, "spike_pre", **before)
        return self.get_unit(name)

    def _pairs(self, cell: Cell, state: Any, monitors: dict[str, Any]) -> Pairs:
        """Reads the receptive quantities to pair."""
        connection = cell.connection
        time = None
        if getattr(state, "delayed", False) and connection.delayedby:
            time = connection.selector
        x_post = connection.postsyn_receptive(recorded(monitors["trace_post"]))
        i_post = connection.postsyn_receptive(recorded(monitors["spike_post"]))
        x_pre = connection.presyn_receptive(recorded(monitors["trace_pre"], time, state.tolerance))
        i_pre = connection.presyn_receptive(recorded(monitors["spike_pre"], time, state.tolerance))
        return (i_post, x_pre), (x_post, i_pre)

    def _terms(self, cell: Cell, state: Any, monitors: dict[str, Any]) -> tuple[Update, Update]:
        """Magnitudes of the term of postsynaptic and of that of presynaptic spikes."""
        reduction = state.batchreduce
        if _is_matrix(type(cell.connection)) and is_linear(reduction):
            # without delays the records are the factors, and need not be brought into shape
            trace, spike = recorded(monitors["trace_pre"]), recorded(monitors["spike_pre"])
            post = recorded(monitors["spike_post"]).flatten(1)
            past = recorded(monitors["trace_post"]).flatten(1)
            if trace.ndim == spike.ndim == 2 and not state.delayed:
                return (
                    correlate_flat(post, trace, reduction),
                    correlate_flat(past, spike, reduction),
                )
            if tracks_delays(state, cell):
                terms = _delayed_terms(cell, state, monitors, post, past)
                if terms is not None:
                    return terms
        after, before = self._pairs(cell, state, monitors)
        return correlate(*after, reduction), correlate(*before, reduction)


def _delayed_terms(
    cell: Cell, state: Any, monitors: dict[str, Any], post: Tensor, past: Tensor
) -> tuple[Tensor, Tensor] | None:
    """The terms for spikes recorded before the delays, without a tensor for every sample."""
    delay: Tensor = cell.connection.delay  # type: ignore[assignment]
    decaying: Any = interp_expdecay
    at_trace = DelayedReader(decaying, {"time_constant": state.tc_pre}, None, state.tolerance)
    at_spike = DelayedReader(interp_previous, None, None, state.tolerance)
    causal = at_trace.correlated(monitors["trace_pre"].reducer.data_, post, delay)
    anticausal = at_spike.correlated(monitors["spike_pre"].reducer.data_, past, delay)
    if causal is None or anticausal is None:
        return None
    if state.batchreduce is torch.sum:
        return causal, anticausal
    return causal / post.shape[0], anticausal / post.shape[0]


@cache
def _is_matrix(connection: type) -> bool:
    """Whether connections of a class pair all outputs with all inputs."""
    plain = MatrixConnection
    return (
        issubclass(connection, plain)
        and connection.presyn_receptive is plain.presyn_receptive
        and connection.postsyn_receptive is plain.postsyn_receptive
    )
