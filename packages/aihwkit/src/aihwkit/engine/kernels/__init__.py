"""Interchangeable implementations of products and updates."""

from aihwkit.engine.kernels.registry import (
    COUNTED_KERNEL,
    MVM_KERNEL,
    PASS_KERNEL,
    TRAIN_KERNEL,
    UPDATE_KERNEL,
    has_loops,
)

__all__ = [
    "COUNTED_KERNEL",
    "MVM_KERNEL",
    "PASS_KERNEL",
    "TRAIN_KERNEL",
    "UPDATE_KERNEL",
    "has_loops",
]
