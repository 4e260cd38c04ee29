"""What is written down of a matrix of devices while pulses change it."""

from dataclasses import dataclass

from torch import Tensor

__all__ = ["Record"]


@dataclass(frozen=True)
class Record:
    """Weights of single columns or rows between the vectors of a batch.

    Attributes:
        after: number of vectors before each entry, int32 `[entries]`, in increasing order.
        index: column or row of each entry, int32 `[entries]`.
        columns: whether columns are written down, or rows.
        values: written, visible weights, `[d, entries]`, or `[entries, x]` of rows.
    """

    after: Tensor
    index: Tensor
    columns: bool
    values: Tensor
