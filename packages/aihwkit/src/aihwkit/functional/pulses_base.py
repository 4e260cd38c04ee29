"""What all kinds of pulses have in common."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

__all__ = ["Pulses"]

_ALL = slice(None)


class Pulses(ABC):
    """Pulses of some vectors, in order.

    Within one vector all pulses of a cross point have the same direction, so a signed number says
    everything: positive numbers are up pulses, which increase the weight.
    """

    @property
    @abstractmethod
    def n_vectors(self) -> int:
        """Number of vectors."""

    @abstractmethod
    def counts(self, vector: int, rows: slice = _ALL, columns: slice = _ALL) -> Tensor:
        """Return the signed numbers of pulses of one vector, `[rows, columns]`."""

    def several(self, vectors: slice, rows: slice = _ALL) -> Tensor:
        """Return the signed numbers of pulses of some vectors, `[vectors, rows, columns]`."""
        order = range(self.n_vectors)[vectors]
        return torch.stack([self.counts(vector, rows) for vector in order])

    @abstractmethod
    def points(self, vector: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the signed numbers of pulses of one vector at some cross points, `[n]`."""

    @abstractmethod
    def totals(self, rows: slice = _ALL, columns: slice = _ALL) -> tuple[Tensor, Tensor]:
        """Return the numbers of up and of down pulses over all vectors, each `[rows, columns]`."""

    @abstractmethod
    def select(self, vectors: Tensor | slice) -> "Pulses":
        """Return the pulses of some of the vectors (in increasing order)."""

    @abstractmethod
    def turned(self, x_signs: Tensor, d_signs: Tensor) -> "Pulses":
        """Return the pulses with directions multiplied by signs of the columns and rows.

        Args:
            x_signs: `[columns]`, or `[vectors, columns]`.
            d_signs: `[rows]`, or `[vectors, rows]`.
        """
