"""Convolution on a crossbar: input images are unfolded by a table of indices."""

import torch
from torch import Tensor

__all__ = ["fold", "unfold"]


def unfold(images: Tensor, indices: Tensor, x_size: int) -> Tensor:
    """Gather the input vectors of all output positions.

    Args:
        images: `[n, C, ...]`.
        indices: `[x_size * L]`; entry `k * L + l` belongs to matrix column `k` and position `l`: 0
            is zero
            padding, 1 the constant one of a bias, `m >= 2` element `m - 2` of the flattened image.
        x_size: number of matrix columns.

    Returns:
        `[n * L, x_size]`, positions running fastest.
    """
    flat = images.reshape(images.shape[0], -1)
    constants = flat.new_tensor([0.0, 1.0]).expand(flat.shape[0], 2)
    table = indices.long().view(x_size, -1).t().reshape(-1)
    gathered = torch.cat((constants, flat), dim=1).index_select(1, table)
    return gathered.view(-1, x_size)


def fold(rows: Tensor, indices: Tensor, n_images: int, n_elements: int) -> Tensor:
    """Add vectors of all positions back to the elements they were gathered from.

    Args:
        rows: `[n * L, x_size]`.
        indices: as in `unfold`.
        n_images: number of images `n`.
        n_elements: elements of one image.

    Returns:
        `[n, n_elements]`; what belongs to padding and bias is dropped.
    """
    x_size = rows.shape[1]
    table = indices.long().view(x_size, -1).t().reshape(-1)
    result = rows.new_zeros(n_images, n_elements + 2)
    result.index_add_(1, table, rows.reshape(n_images, -1))
    return result[:, 2:]
