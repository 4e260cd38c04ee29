"""Cutting a batch into blocks whose whole relaxation stays in the processor's cache."""

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Block", "plan_blocks", "samples_in_cache", "whole"]

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


def samples_in_cache(planes: Tensor, columns: int) -> int:
    """Return how many samples with that many positions all threads relax at once in cache.

    Args:
        planes: Tensor of shape ``[B, C, N]``, of which type and channels count.
        columns: Number of positions of a sample that are iterated.
    """
    return torch.get_num_threads() * max(_fitting(planes, columns), 1)


def _fitting(planes: Tensor, columns: int) -> int:
    return _CACHE_BYTES // max(_column_bytes(planes) * columns, 1)


def _column_bytes(planes: Tensor) -> int:
    return _BUFFERS * planes.shape[1] * planes.element_size()


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
    samples = planes.shape[0]
    columns = planes.shape[2] if planes.dim() == 3 else 1
    width = columns
    if _fitting(planes, columns) == 0 and split_samples:
        width = max(_CACHE_BYTES // _column_bytes(planes), _COLUMN_MULTIPLE)
        width = min(columns, width - width % _COLUMN_MULTIPLE)
    height = samples_in_cache(planes, columns)
    return [
        Block(slice(row, min(row + height, samples)), slice(left, min(left + width, columns)))
        for row in range(0, samples, height)
        for left in range(0, columns, width)
    ]
