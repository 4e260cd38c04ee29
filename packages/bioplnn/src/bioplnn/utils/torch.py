"""Helpers on tensors, by the reference's import path."""

from bioplnn.utils.activations import get_activation, get_activation_class, init_tensor
from bioplnn.utils.profiling import count_parameters, print_cuda_mem_stats, profile_fn
from bioplnn.utils.seeding import manual_seed, manual_seed_deterministic

__all__ = [
    "count_parameters",
    "get_activation",
    "get_activation_class",
    "init_tensor",
    "manual_seed",
    "manual_seed_deterministic",
    "print_cuda_mem_stats",
    "profile_fn",
]
