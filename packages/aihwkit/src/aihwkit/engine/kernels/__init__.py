"""Interchangeable implementations of products and updates."""

from aihwkit.engine.kernels.registry import MVM_KERNEL, PASS_KERNEL, TRAIN_KERNEL, UPDATE_KERNEL

__all__ = ["MVM_KERNEL", "PASS_KERNEL", "TRAIN_KERNEL", "UPDATE_KERNEL"]
