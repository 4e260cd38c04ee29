"""Trainers that learn from the samples of all processes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from inferno.learn.base import CellTrainer
from inferno.neural import Updater
from inferno.neural.modeling import Accumulator

from .exchange import Contribution, exchange
from .reductions import ProcessReduction, reduction_kind

__all__ = ["DataParallelPlasticity"]

_ADAPTATIONS = ("threshold_adaptation_", "current_adaptation_")


class DataParallelPlasticity:
    r"""Makes processes with a part of the batch each learn as one process with all of it.

    After every call of a trainer the contributions of all processes are put together, before
    bounds apply; adaptations that the samples share are reduced over all processes in every step.
    So weights and adaptations stay those of one process with the whole batch, up to the order of
    sums, and are the same in all processes to the last bit. Samples may be split unevenly.

    Reductions over the batch that can be done in parts are `torch.mean`, `torch.sum`,
    `torch.amax` and `torch.amin`; a mean under a signal for each sample is none of them, since
    it counts the samples of either sign. Every process must make the same calls.

    Communication for a call of a trainer are two or three collectives, however many cells there
    are: headers; the factors of outer products, of $B (O + I)$ numbers a connection, gathered;
    other updates, of the size of the weights, reduced. Neurons that adapt take one more a step.

    Args:
        model: module whose neurons adapt and whose parameters learn.
        trainers: trainers of its cells, all of which must be registered before.
        process_group: processes that take part; all if ``None``.
        broadcast: take parameters and adaptations of the first process for all.

    Raises:
        RuntimeError: if `torch.distributed` is not initialised.
        ValueError: if a reduction over the batch cannot be done in parts.

    Example:
        >>> torch.distributed.init_process_group("gloo")  # doctest: +SKIP
        >>> DataParallelPlasticity(model, trainer)  # doctest: +SKIP
    """

    def __init__(
        self,
        model: nn.Module,
        trainers: CellTrainer | Iterable[CellTrainer],
        process_group: Any = None,
        *,
        broadcast: bool = True,
    ) -> None:
        if not (dist.is_available() and dist.is_initialized()):
            raise RuntimeError(
                "torch.distributed must be initialised first, see init_process_group"
            )
        self.process_group = process_group
        trainers = (trainers,) if isinstance(trainers, CellTrainer) else tuple(trainers)
        for trainer in trainers:
            for name, (_, state) in trainer.named_cells:
                reduction_kind(f"updates of cell {name!r}", _reduction(state))
        neurons: list[Any] = [m for m in model.modules() if hasattr(m, "_adaptation_reduction")]
        reductions = [ProcessReduction(n._adaptation_reduction, process_group) for n in neurons]
        self._neurons = [(n, n._adaptation_reduction) for n in neurons]
        for neuron, reduction in zip(neurons, reductions, strict=True):
            neuron._adaptation_reduction = reduction
        self._before: dict[int, dict[tuple[int, str], int]] = {}
        self._handles = [
            handle
            for trainer in trainers
            for handle in (
                trainer.register_forward_pre_hook(self._start, with_kwargs=True),
                trainer.register_forward_hook(self._finish),
            )
        ]
        if broadcast:
            self._broadcast(model, neurons)

    def remove(self) -> None:
        """Lets every process learn from its own samples again."""
        for handle in self._handles:
            handle.remove()
        for neuron, reduction in self._neurons:
            neuron._adaptation_reduction = reduction

    @torch.no_grad()
    def _broadcast(self, model: nn.Module, neurons: list[Any]) -> None:
        shared = [p.data for p in model.parameters()]
        shared += [n._buffers[name] for n in neurons for name in _ADAPTATIONS if name in n._buffers]
        source = 0
        if self.process_group is not None:
            source = dist.get_global_rank(self.process_group, 0)
        for tensor in shared:
            dist.broadcast(tensor, source, group=self.process_group)

    def _start(self, trainer: CellTrainer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        signal = kwargs.get("signal", args[0] if args else None)
        if isinstance(signal, Tensor) and signal.ndim:
            for name, (_, state) in trainer.named_cells:
                if reduction_kind(name, _reduction(state)) == "mean":
                    raise ValueError(
                        f"updates of cell {name!r} must be reduced over the batch by torch.sum "
                        "for a signal for each sample in several processes, got torch.mean"
                    )
        self._before[id(trainer)] = {
            (id(accumulator), side): len(terms.entries)
            for accumulator, *_ in _accumulators(trainer)
            for side, terms in _sides(accumulator)
        }

    def _finish(self, trainer: CellTrainer, args: Any, output: Any) -> None:
        before = self._before.pop(id(trainer))
        contributions, targets = [], []
        for accumulator, parameter, kind, batch in _accumulators(trainer):
            for side, terms in _sides(accumulator):
                count = before[id(accumulator), side]
                new, terms.entries = terms.entries[count:], terms.entries[:count]
                contributions.append(Contribution(new, parameter, kind, batch))
                targets.append((accumulator, side))
        with torch.no_grad():
            results = exchange(contributions, self.process_group)
        for (accumulator, side), term in zip(targets, results, strict=True):
            accumulator._reduced.pop(side, None)
            setattr(accumulator, side, term)


def _reduction(state: Any) -> Any:
    return getattr(state, "batchreduce", torch.mean)


def _sides(accumulator: Accumulator) -> tuple[tuple[str, Any], ...]:
    return ("pos", accumulator._pos), ("neg", accumulator._neg)


def _accumulators(trainer: CellTrainer) -> list[tuple[Any, Tensor, str, int]]:
    """Accumulator, parameter, kind of reduction and number of samples of all that is trained."""
    found, seen = [], set()
    for name, (cell, state) in trainer.named_cells:
        updater: Updater | None = cell.updater
        if updater is None:
            continue
        kind = reduction_kind(f"updates of cell {name!r}", _reduction(state))
        for parameter in updater.names:
            accumulator = updater.updates_[parameter]
            if id(accumulator) not in seen:
                seen.add(id(accumulator))
                value = getattr(cell.connection, parameter)
                found.append((accumulator, value, kind, cell.connection.batchsz))
    return found
