"""Coincidences of random pulse trains that are kept as bits."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from aihwkit.functional.pulse_trains import unpacked
from aihwkit.functional.pulses_base import Pulses

__all__ = ["PackedTrains", "StochasticPulses"]

_ALL = slice(None)


@dataclass(frozen=True)
class StochasticPulses(Pulses):
    """Coincidences of random trains.

    Attributes:
        x_bits: sign of each input where its train has a pulse, else 0, float `[batch, slots, x]`.
        d_bits: opposite of the sign of each gradient where its train has a pulse, `[batch, slots,
            d]`.
    """

    x_bits: Tensor
    d_bits: Tensor

    @property
    def n_vectors(self) -> int:
        """Number of vectors."""
        return self.x_bits.shape[0]

    def counts(self, vector: int, rows: slice = _ALL, columns: slice = _ALL) -> Tensor:
        """Return the signed numbers of coincidences of one vector."""
        return self.d_bits[vector, :, rows].t() @ self.x_bits[vector, :, columns]

    def several(self, vectors: slice, rows: slice = _ALL) -> Tensor:
        """Return the signed numbers of coincidences of some vectors."""
        return torch.bmm(self.d_bits[vectors, :, rows].transpose(1, 2), self.x_bits[vectors])

    def points(self, vector: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the signed numbers of coincidences of one vector at some cross points."""
        return (self.d_bits[vector][:, rows] * self.x_bits[vector][:, columns]).sum(dim=0)

    def totals(self, rows: slice = _ALL, columns: slice = _ALL) -> tuple[Tensor, Tensor]:
        """Return the numbers of up and down coincidences: two products of bit matrices."""
        d, x = self.d_bits[:, :, rows].flatten(0, 1), self.x_bits[:, :, columns].flatten(0, 1)
        net, total = d.t() @ x, d.abs().t() @ x.abs()
        return (total + net) * 0.5, (total - net) * 0.5

    def select(self, vectors: Tensor | slice) -> "StochasticPulses":
        """Return the trains of some of the vectors."""
        return StochasticPulses(self.x_bits[vectors], self.d_bits[vectors])

    def turned(self, x_signs: Tensor, d_signs: Tensor) -> "StochasticPulses":
        """Return the same with directions multiplied by signs of the columns and rows."""
        return StochasticPulses(
            self.x_bits * x_signs.unsqueeze(-2), self.d_bits * d_signs.unsqueeze(-2)
        )


@dataclass(frozen=True)
class PackedTrains(Pulses):
    """Coincidences of random trains, 32 slots to a word.

    Attributes:
        x_words: bits of the inputs' trains, int32 `[batch, words, x]`.
        d_words: bits of the gradients' trains, int32 `[batch, words, d]`.
        x_signs: numbers with the signs of the inputs, `[batch, x]`.
        d_signs: numbers with the opposite signs of the gradients, `[batch, d]`.
        slots: largest number of slots of a train.
    """

    x_words: Tensor
    d_words: Tensor
    x_signs: Tensor
    d_signs: Tensor
    slots: int

    @property
    def n_vectors(self) -> int:
        """Number of vectors."""
        return self.x_words.shape[0]

    @cached_property
    def trains(self) -> StochasticPulses:
        """The same with a number for each slot."""
        slots = max(self.slots, 1)
        return StochasticPulses(
            unpacked(self.x_words, slots) * self.x_signs.sign().float().unsqueeze(1),
            unpacked(self.d_words, slots) * self.d_signs.sign().float().unsqueeze(1),
        )

    def counts(self, vector: int, rows: slice = _ALL, columns: slice = _ALL) -> Tensor:
        """Return the signed numbers of coincidences of one vector."""
        return self.trains.counts(vector, rows, columns)

    def several(self, vectors: slice, rows: slice = _ALL) -> Tensor:
        """Return the signed numbers of coincidences of some vectors."""
        return self.trains.several(vectors, rows)

    def points(self, vector: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the signed numbers of coincidences of one vector at some cross points."""
        return self.trains.points(vector, rows, columns)

    def totals(self, rows: slice = _ALL, columns: slice = _ALL) -> tuple[Tensor, Tensor]:
        """Return the numbers of up and down coincidences."""
        return self.trains.totals(rows, columns)

    def select(self, vectors: Tensor | slice) -> "PackedTrains":
        """Return the trains of some of the vectors."""
        return PackedTrains(
            self.x_words[vectors],
            self.d_words[vectors],
            self.x_signs[vectors],
            self.d_signs[vectors],
            self.slots,
        )

    def turned(self, x_signs: Tensor, d_signs: Tensor) -> "PackedTrains":
        """Return the same with directions multiplied by signs of the columns and rows."""
        return PackedTrains(
            self.x_words, self.d_words, self.x_signs * x_signs, self.d_signs * d_signs, self.slots
        )
