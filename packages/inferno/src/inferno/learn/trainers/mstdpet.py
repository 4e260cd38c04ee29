"""Spike-timing dependent plasticity modulated by reward, with eligibility traces."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

from inferno._internal.weak import WeakReference
from inferno.functional import interp_expdecay
from inferno.learn.base import IndependentCellTrainer
from inferno.learn.functional import BatchReduction, correlate_samples
from inferno.neural import Cell
from inferno.observe import FoldReducer, Monitor, StateMonitor
from synaptensor.validation import check_number, check_positive

from .hyperparameters import positive, rate
from .modulation import ModulatedTrainer, Signal, modulated_samples
from .monitors import recorded
from .pairing import PairTrainer

__all__ = ["MSTDPET", "EligibilityTraceReducer"]

Reshape = Callable[[Tensor], Tensor]


class EligibilityTraceReducer(FoldReducer):
    r"""Keeps the trace of the products of a trace with spikes.

    $$
    z(t) = z(t - \Delta t) \, e^{-\Delta t / \tau_z}
    + \frac{1}{\tau_z} \sum_l x_l(t) \, [t = t^f_l]
    $$

    Args:
        step_time: time between observations in ms.
        time_constant: time constant $\tau_z$ of the eligibility in ms.
        obs_reshape: method that makes the trace receptive; its object is held weakly.
        cond_reshape: method that makes the spikes receptive; its object is held weakly.
        duration: time that is remembered in ms.
        inclusive: whether the state exactly ``duration`` ago can be read.

    Raises:
        ValueError: if a time is out of range.
    """

    def __init__(
        self,
        step_time: float,
        time_constant: float,
        *,
        obs_reshape: Reshape,
        cond_reshape: Reshape,
        duration: float = 0.0,
        inclusive: bool = True,
    ) -> None:
        FoldReducer.__init__(self, step_time, duration, inclusive)
        self.time_constant = check_number("time_constant", time_constant, check_positive)
        self.decay = math.exp(-step_time / self.time_constant)
        self.scale = 1.0 / self.time_constant
        self._reshapes = _WeakMethod(obs_reshape), _WeakMethod(cond_reshape)

    def fold(self, obs: Tensor, cond: Tensor, state: Tensor | None) -> Tensor:  # type: ignore[override]
        """Returns the eligibility.

        Args:
            obs: trace of one side.
            cond: spikes of the other side.
            state: eligibility before the step, if any.
        """
        obs_reshape, cond_reshape = self._reshapes
        gained = self.scale * correlate_samples(obs_reshape(obs), cond_reshape(cond))
        return gained if state is None else state * self.decay + gained

    def interpolate(
        self, prev_data: Tensor, next_data: Tensor, sample_at: Tensor, step_time: float
    ) -> Tensor:
        """Lets the older state decay."""
        return interp_expdecay(
            prev_data, next_data, sample_at, step_time, time_constant=self.time_constant
        )


class MSTDPET(ModulatedTrainer, PairTrainer):
    r"""Reward-modulated spike-timing dependent plasticity with eligibility traces.

    $$
    w(t + \Delta t) - w(t) = \gamma M(t) \left( z_\text{post}(t) + z_\text{pre}(t) \right)
    $$

    $$
    z_\text{post}(t) = z_\text{post}(t - \Delta t) \, e^{-\Delta t / \tau_z}
    + \frac{1}{\tau_z} \, x_\text{pre}(t) \, [t = t^f_\text{post}]
    $$

    and $z_\text{pre}$ likewise, with the traces of `STDP`, the signal $M$ and the scale
    $\gamma$. The step time is not a factor of the update; put it into the scale for steps other
    than 1 ms.

    Args:
        lr_post: learning rate of postsynaptic spikes.
        lr_pre: learning rate of presynaptic spikes.
        tc_post: time constant of the postsynaptic trace in ms.
        tc_pre: time constant of the presynaptic trace in ms.
        tc_eligibility: time constant $\tau_z$ of the eligibility in ms.
        interp_tolerance: largest distance in ms from a recorded time that counts as that time.
        trace_mode: "cumulative" for traces of all spikes, "nearest" of the last one.
        batch_reduction: reduces updates over the samples of a part, ``(tensor, dim) -> tensor``;
            the sum if ``None``.
        step_time: length of a simulated step in ms; cells with another one are refused.

    Raises:
        ValueError: if a time or tolerance is out of range or the trace mode unknown.

    Reference:
        Florian (2007), Neural Computation 19, 1468-1502.
    """

    _checks: ClassVar = {
        "lr_post": rate,
        "lr_pre": rate,
        "tc_post": positive,
        "tc_pre": positive,
        "tc_eligibility": positive,
    }

    def __init__(
        self,
        lr_post: float,
        lr_pre: float,
        tc_post: float,
        tc_pre: float,
        tc_eligibility: float,
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
            tc_eligibility=tc_eligibility,
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
        self._register_pairs(name, cell, kwargs)
        state, connection = self.get_cell(name)[1], cell.connection
        post, pre = connection.postsyn_receptive, connection.presyn_receptive
        sides = (
            ("elig_post", "trace_pre", "spike_post", pre, post),
            ("elig_pre", "trace_post", "spike_pre", post, pre),
        )
        for elig, trace, spike, trace_reshape, spike_reshape in sides:
            reducer = EligibilityTraceReducer(
                connection.dt,
                state.tc_eligibility,  # type: ignore[union-attr,arg-type]
                obs_reshape=trace_reshape,
                cond_reshape=spike_reshape,
            )
            # bound to the monitors themselves: names could later mean those of other trainers
            latest = _Latest(self.get_monitor(name, trace), self.get_monitor(name, spike))
            constructor = StateMonitor.partialconstructor(
                reducer, train_update=True, eval_update=False, prepend=False, map_=latest
            )
            self.add_monitor(name, elig, "neuron.spike", constructor, True)
        return self.get_unit(name)

    def _update(
        self, cell: Cell, state: Any, monitors: dict[str, Any], signal: Signal, scale: float
    ) -> None:
        samples = recorded(monitors["elig_post"]), recorded(monitors["elig_pre"])
        samples = (
            samples[0] if state.lr_post else torch.zeros_like(samples[0]),
            samples[1] if state.lr_pre else torch.zeros_like(samples[1]),
        )
        rates = (state.lr_post, state.lr_pre)
        cell.updater.weight = modulated_samples(rates, samples, signal, scale, state.batchreduce)  # type: ignore[union-attr]


class _Latest:
    """What two monitors recorded last, in place of what a third one observes."""

    def __init__(self, trace: Monitor | None, spike: Monitor | None) -> None:
        self._monitors = WeakReference(trace), WeakReference(spike)

    def __call__(self, value: Any) -> tuple[Tensor, ...]:
        return tuple(recorded(monitor()) for monitor in self._monitors)


class _WeakMethod:
    """A method of an object that is held weakly."""

    def __init__(self, method: Callable[..., Tensor]) -> None:
        self._owner = WeakReference(method.__self__)  # type: ignore[attr-defined]
        self._name = method.__name__

    def __call__(self, data: Tensor) -> Tensor:
        return getattr(self._owner(), self._name)(data)
