"""Leaving out positions at which the circuit stays silent.

Every iteration is the same map. A position whose state is still zero after the first iteration
therefore stays at zero: blank background of an image, for instance, under a convolution without
bias. Only the other positions need the iterations.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from pynsm.functional.blocks import plan_blocks, samples_in_cache
from pynsm.functional.projections import is_relu
from pynsm.functional.step_operator import StepOperator

__all__ = ["MovingPositions", "find_moving"]

# Gathering positions and putting results back takes as long as a few iterations of all.
_FEWEST_ITERATIONS = 16
_WORTHWHILE_SHARE = 0.85
_COLUMN_MULTIPLE = 16


@dataclass(frozen=True)
class MovingPositions:
    """Positions of each sample whose state leaves zero.

    Attributes:
        order: For each sample its positions, the moving ones first; shape ``[B, N]``.
        counts: Number of moving positions of each sample, shape ``[B]``.
    """

    order: Tensor
    counts: Tensor

    def map(self, planes: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        """Apply a function to the moving positions; the others become zero.

        Args:
            planes: Tensor of shape ``[B, C, N]``.
            function: Maps samples of any number of positions, shape ``[b, C, n]``, to the same
                shape. Some of the positions may be silent ones.

        Returns:
            Tensor of shape ``[B, C, N]``.
        """
        y = torch.empty_like(planes, memory_format=torch.contiguous_format)
        for samples, width in self._groups(planes):
            chosen = self.order[samples, :width].unsqueeze(1).expand(-1, planes.shape[1], -1)
            gathered = planes.index_select(0, samples).gather(2, chosen)
            rows = planes.new_zeros(len(samples), *planes.shape[1:])
            y.index_copy_(0, samples, rows.scatter_(2, chosen, function(gathered)))
        return y

    def _groups(self, planes: Tensor) -> Iterator[tuple[Tensor, int]]:
        """Return samples with about as many moving positions, and the largest such number."""
        columns = planes.shape[2]
        samples = self.counts.argsort(descending=True)
        widths = self.counts[samples].tolist()
        start = 0
        while start < len(widths):
            width = -(-widths[start] // _COLUMN_MULTIPLE) * _COLUMN_MULTIPLE
            width = min(max(width, _COLUMN_MULTIPLE), columns)
            stop = start + samples_in_cache(planes, width)
            yield samples[start:stop], width
            start = stop


def find_moving(planes: Tensor, operator: StepOperator, iterations: int) -> MovingPositions | None:
    """Return the moving positions, or `None` where iterating them alone would gain nothing.

    Args:
        planes: Encoded input, shape ``[B, C]`` or ``[B, C, N]``.
        operator: Step of the relaxation.
        iterations: Number of iterations to come.
    """
    if planes.dim() == 2 or planes.device.type != "cpu" or torch.compiler.is_compiling():
        return None
    if iterations < _FEWEST_ITERATIONS or not operator.elementwise:
        return None
    blocks = plan_blocks(planes)
    if len(blocks) == 1:
        return None
    moving = torch.empty(planes.shape[0], planes.shape[2], dtype=torch.bool)
    for block in blocks:
        found = _leaves_zero(block.of(planes), operator)
        # The first block speaks for the batch where nothing can be gained at all.
        if block is blocks[0] and found.float().mean() > _WORTHWHILE_SHARE:
            return None
        moving[block.samples, block.columns] = found
    if moving.float().mean() > _WORTHWHILE_SHARE or math.isnan(operator.growth):
        return None
    order = moving.to(torch.uint8).sort(dim=1, descending=True, stable=True).indices
    return MovingPositions(order, moving.sum(1))


def _leaves_zero(planes: Tensor, operator: StepOperator) -> Tensor:
    """Return the positions that the first iteration moves, NaN included."""
    if is_relu(operator.projection) and operator.step > 0:
        return planes.amax(1).le(0).logical_not_()
    state = operator.first(operator.drive(planes))
    return state.amax(1).ne(0).logical_or_(state.amin(1).ne(0))
