"""Which connections of an area share one convolution, decided once when the area is built.

Cells of one density live in one tensor, a *bank*, with their channels side by side. All
connections between two banks that have the same kernel size and are linear become one convolution
whose kernel holds the signed kernels of the single connections as blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bioplnn.functional.spatial import Block, fuse_weights, same_conv, upsample

INPUT, FEEDBACK, SAME, HALF, OUTPUT = "input", "feedback", "same", "half", "output"


@dataclass(frozen=True)
class Bank:
    """Channels that lie side by side in one tensor.

    Args:
        name: One of the constants of this module.
        members: Rows (sources) or columns (destinations) in the connectivity table, in order.
        channels: Channels of every member.
        size: Height and width.
    """

    name: str
    members: tuple[int, ...]
    channels: tuple[int, ...]
    size: tuple[int, int]

    def span(self, members: Sequence[int]) -> tuple[int, int]:
        """First channel and number of channels from the first to the last of some members."""
        first, last = self.members.index(members[0]), self.members.index(members[-1])
        start = sum(self.channels[:first])
        return start, sum(self.channels[first : last + 1])

    def between(self, members: Sequence[int]) -> tuple[int, ...]:
        """All members from the first to the last of some members."""
        first, last = self.members.index(min(members)), self.members.index(max(members))
        return self.members[first : last + 1]

    def width(self, member: int) -> int:
        """Channels of one member."""
        return self.channels[self.members.index(member)]


@dataclass(frozen=True)
class Connection:
    """One connection of the area: from a row to a column of its tables."""

    row: int
    column: int
    sign: int
    kernel: tuple[int, int]
    groups: int
    linear: bool


@dataclass(frozen=True)
class Projection:
    """Connections that are computed together by one convolution.

    ``rows`` and ``columns`` are contiguous in their banks; ``connections`` has one entry unless
    the projection is fused.
    """

    source: Bank
    destination: Bank
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    connections: tuple[Connection, ...]
    fused: bool

    @property
    def stride(self) -> int:
        """Step of the convolution: 2 into a bank of half density."""
        return 2 if self.destination.name == HALF and self.source.name != HALF else 1

    @property
    def fills_destination(self) -> bool:
        """Whether the projection reaches every channel of its destination."""
        return len(self.columns) == len(self.destination.members)

    def weight(self, convs: Mapping[tuple[int, int], Any]) -> Tensor | None:
        """Kernel of the projection from the kernels of its connections.

        ``None`` if a module without a kernel has taken the place of the convolution.
        """
        if not self.fused:
            conv = convs[self.connections[0].row, self.connections[0].column]
            return conv.weight if isinstance(conv, nn.Conv2d) else None
        table: list[list[Block]] = [[None] * len(self.rows) for _ in self.columns]
        for c in self.connections:
            block = (convs[c.row, c.column].weight, c.sign)
            table[self.columns.index(c.column)][self.rows.index(c.row)] = block
        return fuse_weights(
            table,
            [self.destination.width(column) for column in self.columns],
            [self.source.width(row) for row in self.rows],
        )

    def __call__(self, source: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Convolve the projection's part of a source bank."""
        source = self._part(source)
        groups = 1 if self.fused else self.connections[0].groups
        return same_conv(source, weight, bias, self.destination.size, self.stride, groups)

    def through(self, module: nn.Module, source: Tensor) -> Tensor:
        """Send the projection's part of a source bank through a module instead."""
        out: Tensor = module(self._part(source))
        height, width = self.destination.size
        return out[..., :height, :width]

    def _part(self, source: Tensor) -> Tensor:
        start, length = self.source.span(self.rows)
        if length != source.shape[1]:
            source = source.narrow(1, start, length)
        if self.source.name == HALF and self.destination.name != HALF:
            source = upsample(source, self.destination.size)
        return source

    def widen(self, part: Tensor) -> Tensor:
        """Pad the projection's channels to those of the whole destination bank."""
        start, length = self.destination.span(self.columns)
        total = sum(self.destination.channels)
        if length == total:
            return part
        return F.pad(part, (0, 0, 0, 0, start, total - start - length))


def plan_projections(
    connections: Sequence[Connection],
    sources: Sequence[Bank],
    destinations: Sequence[Bank],
) -> list[Projection]:
    """Group connections into as few convolutions as possible.

    Linear connections without channel groups are joined by source bank, destination bank and
    kernel size; every other connection stays alone.
    """
    fused: dict[tuple[str, str, tuple[int, int]], list[Connection]] = {}
    single: list[Projection] = []
    by_row = {row: bank for bank in sources for row in bank.members}
    by_column = {column: bank for bank in destinations for column in bank.members}
    for c in connections:
        source, destination = by_row[c.row], by_column[c.column]
        if c.linear and c.groups == 1:
            fused.setdefault((source.name, destination.name, c.kernel), []).append(c)
        else:
            alone = Projection(source, destination, (c.row,), (c.column,), (c,), False)
            single.append(alone)
    joined = []
    for members in fused.values():
        source, destination = by_row[members[0].row], by_column[members[0].column]
        rows = source.between([c.row for c in members])
        columns = destination.between([c.column for c in members])
        joined.append(Projection(source, destination, rows, columns, tuple(members), True))
    return joined + single


def constant_bias(
    connections: Sequence[Connection],
    destination: Bank,
    convs: Mapping[tuple[int, int], Any],
) -> Tensor | None:
    """Sum the signed biases of all linear connections into a bank, ``(1, C, 1, 1)``."""
    sums: dict[int, Tensor] = {}
    for c in connections:
        if c.column not in destination.members or not c.linear:
            continue
        bias = convs[c.row, c.column].bias
        if bias is None:
            continue
        signed = bias if c.sign > 0 else -bias
        sums[c.column] = sums[c.column] + signed if c.column in sums else signed
    if not sums:
        return None
    template = next(iter(sums.values()))
    parts = [
        sums.get(column, template.new_zeros(destination.width(column)))
        for column in destination.members
    ]
    return torch.cat(parts).view(1, -1, 1, 1)
