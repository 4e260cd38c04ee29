"""Readings of slices of a device, whose values are written to another one."""

from typing import NamedTuple

from torch import Tensor

__all__ = ["Read", "written_together"]


class Read(NamedTuple):
    """A reading of one slice of a device.

    Attributes:
        after: number of vectors of the batch before it.
        device: which device is read.
        line: column or row.
        first: first slice of those read at the same time.
        flips: whether the chopper of the slice flips afterwards.
        out_flips: which choppers of the other side flip afterwards, `[n_out]`, if there are any.
    """

    after: int
    device: int
    line: int
    first: int
    flips: bool = False
    out_flips: Tensor | None = None


def written_together(reads: list[Read], n_in: int) -> list[list[Read]]:
    """Divide readings into those that are written at once.

    Args:
        reads: in order.
        n_in: number of slices of a device.

    Returns:
        Runs of readings of different slices of the fast device, up to the last slice, or of one
        slice of another device.
    """
    runs: list[list[Read]] = []
    seen: set[int] = set()
    for read in reads:
        if read.device > 0 or not seen or read.line in seen:
            runs.append([])
            seen = set()
        runs[-1].append(read)
        if read.device == 0 and read.line < n_in - 1:
            seen.add(read.line)
        else:
            seen = set()
    return runs
