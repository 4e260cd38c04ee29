"""Cutting a batch into blocks whose whole relaxation stays in the processor's cache."""

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Block", "plan_blocks", "whole"]

# Input, state and next state of one thread's share of a block must fit into its level-2
# cache together with the working memory of the matrix product; 1 to 2 MB is usual.
_CACHE_BYTES = 1_300_000
_BUFFERS = 3
_COLUMN_MULTIPLE = 16


class Block(NamedTuple):
    """A range of samples and a range of positions."""

    samples: slice
    columns: slice

    def of(self, tensor: Tensor) -> Tensor:
        """Return the block of a tensor of shape ``[B, C]`` or ``[B, C, N]``, as a view."""
        part = tensor[self.samples]
        return part if tensor.dim() == 2 else part[:, :, self.columns]


def whole(planes: Tensor) -> list[Block]:
    """Return the one block that holds everything."""
    columns = planes.shape[2] if planes.dim() == 3 else 1
    return [Block(slice(0, planes.shape[0]), slice(0, columns))]


def plan_blocks(planes: Tensor, *, split_samples: bool = True) -> list[Block]:
    """Cut a batch into blocks for the processor that it is on.

    Args:
        planes: Tensor of shape ``[B, C]`` or ``[B, C, N]``.
        split_samples: Whether one sample may be spread over several blocks.

    Returns:
        The blocks, which cover every element once. One block where cutting gains nothing:
        on accelerators, for a batch that fits, and while a compiler traces.
    """
    if planes.device.type != "cpu" or torch.compiler.is_compiling():
        return whole(planes)
    samples, channels = planes.shape[:2]
    columns = planes.shape[2] if planes.dim() == 3 else 1
    threads = torch.get_num_threads()
    column_bytes = _BUFFERS * channels * planes.element_size()
    fitting = _CACHE_BYTES // max(column_bytes * columns, 1)
    width = columns
    if fitting == 0 and split_samples:
        width = max(_CACHE_BYTES // column_bytes, _COLUMN_MULTIPLE)
        width = min(columns, width - width % _COLUMN_MULTIPLE)
    height = threads * max(fitting, 1)
    return [
        Block(slice(row, min(row + height, samples)), slice(left, min(left + width, columns)))
        for row in range(0, samples, height)
        for left in range(0, columns, width)
    ]
