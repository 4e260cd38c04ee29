"""Pulses whose numbers are not those of an outer product."""

from dataclasses import dataclass

import torch
from torch import Tensor

from aihwkit.functional.pulses_base import Pulses

__all__ = ["PulseCounts"]

_ALL = slice(None)


@dataclass(frozen=True)
class PulseCounts(Pulses):
    """Numbers of pulses that all cross points get at the same time, as if by one vector.

    Attributes:
        signed: numbers of pulses, positive up, `[rows, columns]`.
    """

    signed: Tensor

    @property
    def n_vectors(self) -> int:
        """One."""
        return 1

    def counts(self, vector: int, rows: slice = _ALL, columns: slice = _ALL) -> Tensor:
        """Return the signed numbers of pulses."""
        return self.signed[rows, columns]

    def points(self, vector: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the signed numbers of pulses at some cross points."""
        return self.signed[rows, columns]

    def totals(self, rows: slice = _ALL, columns: slice = _ALL) -> tuple[Tensor, Tensor]:
        """Return the numbers of up and of down pulses."""
        part = self.signed[rows, columns]
        return part.clamp(min=0), (-part).clamp(min=0)

    def select(self, vectors: Tensor | slice) -> "PulseCounts":
        """Return the pulses, if their only vector is among the given ones."""
        chosen = torch.arange(1, device=self.signed.device)[vectors].numel()
        return PulseCounts(self.signed if chosen else torch.zeros_like(self.signed))

    def turned(self, x_signs: Tensor, d_signs: Tensor) -> "PulseCounts":
        """Return the same with directions multiplied by signs of the columns and rows."""
        return PulseCounts(self.signed * x_signs.view(1, -1) * d_signs.view(-1, 1))
