"""Counting parameters, memory reports and profiling."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn


def print_cuda_mem_stats(device: torch.device | str | int | None = None) -> None:
    """Print the free and the total memory of a CUDA device in GB."""
    free, total = torch.cuda.mem_get_info(device)
    print(f"Free: {free / 1024**3:.2f} GB, total: {total / 1024**3:.2f} GB")


def count_parameters(model: nn.Module, trainable_only: bool = False) -> int:
    """Count the parameters of a model; sparse ones by their stored values.

    Args:
        model: Any module.
        trainable_only: Leave out parameters without gradient.
    """
    total = 0
    for parameter in model.parameters():
        if trainable_only and not parameter.requires_grad:
            continue
        dense = parameter.layout == torch.strided
        total += parameter.numel() if dense else parameter._nnz()
    return total


def profile_fn(
    fn: Callable[..., Any],
    sort_by: str = "cuda_time_total",
    row_limit: int = 50,
    profile_kwargs: Mapping[str, Any] | None = None,
    fn_kwargs: Mapping[str, Any] | None = None,
) -> None:
    """Run ``fn`` once under ``torch.profiler`` and print the table."""
    from torch.profiler import ProfilerActivity, profile

    activities = [ProfilerActivity.CPU]
    if torch.cuda.is_available():
        activities.append(ProfilerActivity.CUDA)
    with profile(**{"activities": activities, **(profile_kwargs or {})}) as profiler:
        fn(**(fn_kwargs or {}))
    print(profiler.key_averages().table(sort_by=sort_by, row_limit=row_limit))
