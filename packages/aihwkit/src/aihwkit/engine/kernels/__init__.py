"""Interchangeable implementations of the two inner loops of the pulsed update."""

from aihwkit.engine.kernels.registry import PASS_KERNEL, TRAIN_KERNEL

__all__ = ["PASS_KERNEL", "TRAIN_KERNEL"]
