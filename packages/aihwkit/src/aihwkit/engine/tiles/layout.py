"""Between tensors of any number of dimensions and the rows of vectors that a crossbar sees."""

import torch
from torch import Tensor

__all__ = ["append_ones", "from_rows", "to_rows"]


def to_rows(
    name: str, value: Tensor, size: int, transposed: bool, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, tuple[int, ...]]:
    """Return vectors as rows `[n, size]`, and the shape of the other dimensions.

    Args:
        name: of the argument, for messages.
        value: `[..., size]`, or `[size, ...]` if transposed.
        size: expected length of a vector.
        transposed: vectors run along the first dimension.
        dtype: expected data type.
        device: expected device.

    Raises:
        RuntimeError: if size, data type or device differ from the tile's.
    """
    if value.dtype != dtype:
        raise RuntimeError(
            f"{name} must be of the right data type. Expected {dtype}, got {value.dtype}"
        )
    if value.device != device:
        raise RuntimeError(f"{name} must be on {device}, where the tile is, got {value.device}")
    dim = 0 if transposed else -1
    if value.dim() == 0 or value.shape[dim] != size:
        form = f"[{size}, ...]" if transposed else f"[..., {size}]"
        raise RuntimeError(f"Invalid {name} dimensions: expected {form}, got {list(value.shape)}")
    if transposed:
        return value.reshape(size, -1).t(), tuple(value.shape[1:])
    return value.reshape(-1, size), tuple(value.shape[:-1])


def from_rows(rows: Tensor, shape: tuple[int, ...], transposed: bool) -> Tensor:
    """Return rows `[n, size]` as `[*shape, size]`, or `[size, *shape]` if transposed."""
    if transposed:
        return rows.t().reshape(rows.shape[1], *shape)
    return rows.reshape(*shape, rows.shape[1])


def append_ones(rows: Tensor) -> Tensor:
    """Append the constant input of the bias column."""
    return torch.cat((rows, rows.new_ones(rows.shape[0], 1)), dim=1)
