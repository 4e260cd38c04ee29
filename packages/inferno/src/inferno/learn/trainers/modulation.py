"""Modulation of plasticity by a signal, such as reward."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor

from inferno.learn.functional import (
    BatchReduction,
    Update,
    correlate,
    correlate_samples,
    route_signed,
    split_by_signal,
)
from inferno.neural import Cell

from .hyperparameters import TunedTrainer

__all__ = ["ModulatedTrainer", "modulated_pairs", "modulated_samples"]

Signal = float | Tensor
Parts = tuple[Update | None, Update | None]


class ModulatedTrainer(TunedTrainer):
    """A trainer whose updates are scaled, and their direction set, by a signal."""

    _reduction = staticmethod(torch.sum)

    def _update(
        self, cell: Cell, state: Any, monitors: dict[str, Any], signal: Signal, scale: float
    ) -> None:
        """Computes the update of one cell and hands it to its updater."""
        raise NotImplementedError(f"{type(self).__name__} must define `_update`")

    @torch.no_grad()
    def forward(
        self, signal: Signal, scale: float = 1.0, cells: Collection[str] | None = None
    ) -> None:
        """Computes the updates of cells and hands them to their updaters.

        Args:
            signal: signal, one for all samples or one for each, shape ``(B,)``. A negative one
                exchanges potentiation and depression.
            scale: factor of the update, of which only the magnitude counts.
            cells: names of the cells to update; all if ``None``.

        Raises:
            RuntimeError: if nothing was recorded for a cell.
            ValueError: if there is not one signal for each sample.
        """
        if isinstance(signal, Tensor) and signal.ndim == 0:
            signal = float(signal)
        units = zip(tuple(self.cells_), self, strict=True)
        for name, (cell, state, monitors) in units:
            if self._active(cell) and (cells is None or name in cells):
                if isinstance(signal, Tensor) and tuple(signal.shape) != (cell.connection.batchsz,):
                    raise ValueError(
                        f"`signal` must be a number or of shape {(cell.connection.batchsz,)}, "
                        f"got {tuple(signal.shape)}"
                    )
                self._update(cell, state, monitors, signal, scale)


def modulated_pairs(
    rates: tuple[float, float],
    pairs: tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]],
    signal: Signal,
    scale: float,
    reduction: BatchReduction,
) -> Parts:
    """Pairs postsynaptic with presynaptic quantities under a signal.

    Args:
        rates: signed learning rates of the two terms.
        pairs: receptive postsynaptic and presynaptic quantity of each term.
        signal: one signal for all samples, or one for each.
        scale: factor of the update.
        reduction: reduction over the batch.

    Returns:
        Potentiating and depressing part.
    """
    if not isinstance(signal, Tensor):
        factor = abs(signal * scale)
        terms = tuple(correlate(post, pre, reduction) * factor for post, pre in pairs)
        return route_signed((rates[0] * signal, rates[1] * signal), terms)  # type: ignore[arg-type]
    amount = (signal * scale).abs()
    if reduction is not torch.sum:
        samples = tuple(correlate_samples(post, pre) for post, pre in pairs)
        return modulated_samples(rates, samples, signal, scale, reduction)  # type: ignore[arg-type]
    # a sum takes samples of the other side with weight zero instead of leaving them out
    parts: tuple[list[Any], list[Any]] = ([], [])
    for rate, (post, pre) in zip(rates, pairs, strict=True):
        potentiating = signal >= 0 if rate >= 0 else signal < 0
        for side, chosen in zip(parts, (potentiating, ~potentiating), strict=True):
            weights = (amount * chosen).view(-1, *(1 for _ in range(post.ndim - 1)))
            side.append(correlate(post * weights, pre, reduction))
    return tuple(first + second for first, second in parts)


def modulated_samples(
    rates: tuple[float, float],
    samples: tuple[Tensor, Tensor],
    signal: Signal,
    scale: float,
    reduction: BatchReduction,
) -> Parts:
    """Combines updates per sample under a signal.

    Args:
        rates: signed learning rates of the two terms.
        samples: magnitudes of each term, shape ``(B, *weight.shape)``.
        signal: one signal for all samples, or one for each.
        scale: factor of the update.
        reduction: reduction over the batch.

    Returns:
        Potentiating and depressing part.
    """
    if not isinstance(signal, Tensor):
        factor = abs(signal * scale)
        terms = tuple(reduction(term, 0) * factor for term in samples)
        return route_signed((rates[0] * signal, rates[1] * signal), terms)  # type: ignore[arg-type]
    amount = (signal * scale).abs().view(-1, *(1 for _ in range(samples[0].ndim - 1)))
    weighted = samples[0] * amount, samples[1] * amount
    return split_by_signal(rates, signal, weighted, reduction)
