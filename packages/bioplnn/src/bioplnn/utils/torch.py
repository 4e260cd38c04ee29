"""Helpers on tensors, by the reference's import path."""

from bioplnn.utils.activations import get_activation, get_activation_class, init_tensor
from bioplnn.utils.arrays import (
    SPARSE_TENSOR_WARNING_THRESHOLD,
    load_array,
    load_sparse_tensor,
    load_tensor,
)
from bioplnn.utils.connectomes import (
    create_neuron_typed_connectome,
    create_sparse_projection,
    create_sparse_topographic_connectome,
    idx_1D_to_2D_tensor,
    idx_2D_to_1D_tensor,
)
from bioplnn.utils.profiling import count_parameters, print_cuda_mem_stats, profile_fn
from bioplnn.utils.seeding import manual_seed, manual_seed_deterministic

__all__ = [
    "SPARSE_TENSOR_WARNING_THRESHOLD",
    "count_parameters",
    "create_neuron_typed_connectome",
    "create_sparse_projection",
    "create_sparse_topographic_connectome",
    "get_activation",
    "get_activation_class",
    "idx_1D_to_2D_tensor",
    "idx_2D_to_1D_tensor",
    "init_tensor",
    "load_array",
    "load_sparse_tensor",
    "load_tensor",
    "manual_seed",
    "manual_seed_deterministic",
    "print_cuda_mem_stats",
    "profile_fn",
]
