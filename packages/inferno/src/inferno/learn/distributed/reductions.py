"""Reductions over the samples of all processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from inferno import functional

__all__ = ["ProcessReduction", "gather_batch", "reduction_kind"]

_KINDS: dict[Callable[..., Tensor], str] = {
    torch.mean: "mean",
    torch.sum: "sum",
    torch.amax: "max",
    torch.amin: "min",
    functional.mean: "mean",
    functional.sum: "sum",
    functional.max: "max",
    functional.min: "min",
}


def reduction_kind(name: str, reduction: Callable[..., Tensor]) -> str:
    """Returns what a reduction over a batch does, if it can be done in parts.

    Args:
        name: name of what is reduced, for the message.
        reduction: function ``(tensor, dim) -> tensor``.

    Returns:
        "mean", "sum", "max" or "min".

    Raises:
        ValueError: if the reduction of the whole does not follow from those of parts.
    """
    try:
        return _KINDS[reduction]
    except (KeyError, TypeError):
        raise ValueError(
            f"{name} must be reduced over the batch by torch.mean, torch.sum, torch.amax or "
            f"torch.amin to be reduced over processes, got {reduction!r}"
        ) from None


class ProcessReduction:
    """Reduces over the batch of all processes what each has of its own samples.

    A ``batch_reduction`` for neurons with adaptation. Means weigh processes by their number of
    samples and are accumulated in double precision.

    Args:
        reduction: what to do: `torch.mean`, `torch.sum`, `torch.amax` or `torch.amin`.
        process_group: processes that take part; all if ``None``.

    Raises:
        ValueError: if the reduction cannot be done in parts.
    """

    def __init__(
        self, reduction: Callable[..., Tensor] = torch.mean, process_group: Any = None
    ) -> None:
        self.kind = reduction_kind("`reduction`", reduction)
        self.reduction = reduction
        self.process_group = process_group

    def __call__(self, values: Tensor, dim: int = 0) -> Tensor:
        """Reduces the dimension ``dim`` and over processes."""
        values = values.detach()
        if self.kind in ("max", "min"):
            result = self.reduction(values, dim)
            operation = dist.ReduceOp.MAX if self.kind == "max" else dist.ReduceOp.MIN
            dist.all_reduce(result, operation, group=self.process_group)
            return result
        total = values.sum(dim, dtype=torch.float64)
        packed = torch.cat((total.flatten(), total.new_full((1,), values.shape[dim])))
        dist.all_reduce(packed, group=self.process_group)
        result = packed[:-1].view_as(total)
        return (result / packed[-1] if self.kind == "mean" else result).to(values.dtype)


def gather_batch(*tensors: Tensor, process_group: Any = None) -> tuple[Tensor, ...] | Tensor:
    """Joins the samples of all processes, in the order of their ranks.

    What a classifier takes that is trained on the whole batch. Gradients are cut off.

    Args:
        *tensors: tensors with the samples along the first dimension, whose number may differ
            between processes.
        process_group: processes that take part; all if ``None``.

    Returns:
        The joined tensors, or the one tensor, the same in all processes.

    Example:
        >>> classifier(*gather_batch(rates, labels))  # doctest: +SKIP
    """
    world = dist.get_world_size(process_group)
    joined = []
    for tensor in tensors:
        values = tensor.detach()
        count = torch.tensor([values.shape[0]], device=values.device)
        counts = [torch.empty_like(count) for _ in range(world)]
        dist.all_gather(counts, count, group=process_group)
        sizes = [int(c) for c in counts]
        padded = values.new_zeros((max(sizes), *values.shape[1:]))
        padded[: values.shape[0]] = values
        if values.dtype == torch.bool:
            padded = padded.to(torch.uint8)
        parts = [torch.empty_like(padded) for _ in range(world)]
        dist.all_gather(parts, padded, group=process_group)
        whole = torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])
        joined.append(whole.to(values.dtype))
    return tuple(joined) if len(joined) != 1 else joined[0]
