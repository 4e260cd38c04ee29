"""Class labels as the label encoder takes them."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["as_one_hot"]


def as_one_hot(label: Tensor, num_classes: int, dtype: torch.dtype, *, batched: bool) -> Tensor:
    """Return labels as floating-point one-hot vectors.

    Args:
        label: Integer class indices ``[B]``, or one-hot or soft labels ``[B, num_classes]`` of
            any type; without the batch dimension for an unbatched input.
        num_classes: Number of classes.
        dtype: Floating-point type of the result.
        batched: Whether the input that the labels belong to has a batch dimension.

    Returns:
        Tensor of shape ``[B, num_classes]``, or ``[num_classes]``.

    Raises:
        TypeError: If `label` is not a tensor.
        ValueError: If its shape or one of its indices does not fit.
    """
    if not isinstance(label, Tensor):
        raise TypeError(f"`label` must be a tensor, got {label!r} of type {type(label).__name__}")
    dimensions = int(batched)
    if label.dim() == dimensions + 1 and label.shape[-1] == num_classes:
        return label.to(dtype)
    is_index = not label.dtype.is_floating_point and not label.dtype.is_complex
    if label.dim() == dimensions and is_index and label.dtype != torch.bool:
        return F.one_hot(_checked(label, num_classes), num_classes).to(dtype)
    batch = "B, " if batched else ""
    raise ValueError(
        f"`label` must be integer class indices of shape [{batch.removesuffix(', ')}] or one-hot "
        f"labels of shape [{batch}{num_classes}], got shape {tuple(label.shape)}, {label.dtype}"
    )


def _checked(label: Tensor, num_classes: int) -> Tensor:
    if torch.compiler.is_compiling():
        return label.long()
    outside = (label < 0) | (label >= num_classes)
    if bool(outside.any()):
        raise ValueError(
            f"`label` must hold class indices in [0, {num_classes - 1}], "
            f"got {label[outside].flatten()[0].item()}"
        )
    return label.long()
