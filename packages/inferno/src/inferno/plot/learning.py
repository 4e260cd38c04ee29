"""Learning windows: the weight change of a rule by the time between two spikes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from inferno._internal import argtest

from ._axes import axes, toarray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from inferno.learn import IndependentCellTrainer

__all__ = ["learning_window", "measure_learning_window"]


@torch.no_grad()
def measure_learning_window(
    trainer: IndependentCellTrainer,
    differences: Sequence[float] | Tensor,
    *,
    step_time: float = 1.0,
    weight: float = 0.5,
    tail: float = 0.0,
    forward_args: tuple[Any, ...] = (),
    delay: float | None = None,
    param: str = "weight",
) -> Tensor:
    """Measures how a rule changes a weight, for one pair of spikes at each difference.

    For each difference a synapse onto a neuron of its own gets one presynaptic and one
    postsynaptic spike; the rule is applied in each step up to the later of them, without bounds.
    The trainer should have no cells; one is registered for the measurement and removed again.

    Args:
        trainer: trainer of the rule.
        differences: times $t_{post} - t_{pre}$ in ms; they are rounded to steps.
        step_time: length of a simulated step in ms.
        weight: weight before the spikes.
        tail: time to go on after the later spike in ms, for rules that act later.
        forward_args: positional arguments of each call of the trainer, such as a reward.
        delay: delay of the synapses in ms, for rules that adjust for it; ``None`` for none.
        param: what changes, ``"weight"`` or ``"delay"``.

    Returns:
        Changes, one for each difference.

    Raises:
        ValueError: if the step time is not positive, the tail or the delay negative, or there is
            no such parameter.
    """
    from inferno.extra import ExactNeuron
    from inferno.neural import DeltaCurrent, LinearDirect, Serial

    step_time = argtest.gt("step_time", step_time, 0, float)
    tail = argtest.gte("tail", tail, 0, float)
    param = argtest.oneof("param", param, "weight", *(() if delay is None else ("delay",)))
    steps = torch.round(torch.as_tensor(differences, dtype=torch.float64) / step_time).long()
    count = steps.numel()
    connection = LinearDirect(
        (count,),
        step_time,
        synapse=DeltaCurrent.partialconstructor(1.0),
        delay=delay,
        weight_init=lambda w: torch.full_like(w, weight),
        delay_init=lambda d: torch.full_like(d, delay or 0.0),
    )
    before = getattr(connection, param).detach().clone()
    after = before.clone()
    neuron = ExactNeuron((count,), step_time, rest_v=-60.0, thresh_v=-50.0)
    layer = Serial(connection, neuron)
    connection.updater = connection.defaultupdater()
    name = "_learning_window"
    training = trainer.training
    trainer.train()
    trainer.register_cell(name, layer.cell)
    # the earlier spike of each pair comes one step after the start
    pre, post = 1 - steps.clamp(max=0), 1 + steps.clamp(min=0)
    end = torch.maximum(pre, post) + round(tail / step_time)
    try:
        for t in range(int(end.max()) + 1):
            fired = (post == t).unsqueeze(0)
            layer((pre == t).unsqueeze(0), neuron_kwargs={"override": fired})
            trainer(*forward_args)
            connection.update()
            after = torch.where(end == t, getattr(connection, param).detach(), after)
    finally:
        trainer.del_cell(name)
        trainer.train(training)
    return after - before


def learning_window(
    trainer: IndependentCellTrainer,
    differences: Sequence[float] | Tensor | None = None,
    *,
    step_time: float = 1.0,
    weight: float = 0.5,
    tail: float = 0.0,
    forward_args: tuple[Any, ...] = (),
    delay: float | None = None,
    param: str = "weight",
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draws the learning window of a rule: weight change by difference of spike times.

    Args:
        trainer: trainer of the rule; see ``measure_learning_window``.
        differences: times $t_{post} - t_{pre}$ in ms, by default from -80 to 80 steps.
        step_time: length of a simulated step in ms.
        weight: weight before the spikes.
        tail: time to go on after the later spike in ms, for rules that act later.
        forward_args: positional arguments of each call of the trainer, such as a reward.
        delay: delay of the synapses in ms, for rules that adjust for it; ``None`` for none.
        param: what changes, ``"weight"`` or ``"delay"``.
        ax: axes to draw on, new ones by default.
        **kwargs: passed to ``Axes.plot``.

    Returns:
        The axes.

    Example:
        >>> from inferno import learn
        >>> rule = learn.STDP(lr_post=1e-3, lr_pre=-1e-3, tc_post=20.0, tc_pre=20.0)
        >>> ax = learning_window(rule)
    """
    if differences is None:
        differences = torch.arange(-80, 81) * step_time
    change = measure_learning_window(
        trainer,
        differences,
        step_time=step_time,
        weight=weight,
        tail=tail,
        forward_args=forward_args,
        delay=delay,
        param=param,
    )
    ax = axes(ax)
    ax.axhline(0.0, color="grey", linewidth=0.8)
    ax.axvline(0.0, color="grey", linewidth=0.8)
    ax.plot(toarray(differences), toarray(change), **{"marker": ".", "linestyle": "", **kwargs})
    ax.set_xlabel("$t_{post} - t_{pre}$ (ms)")
    ax.set_ylabel("weight change" if param == "weight" else "delay change (ms)")
    return ax
