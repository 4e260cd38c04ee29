"""Helpers: containers, activations, seeding, profiling, objects by name."""

from bioplnn.utils.activations import get_activation, get_activation_class, init_tensor
from bioplnn.utils.common import (
    check_possible_values,
    dict_flatten,
    expand_array_2d,
    expand_list,
    is_list_like,
    pass_fn,
    without_keys,
)
from bioplnn.utils.initializers import (
    initialize_criterion,
    initialize_model,
    initialize_optimizer,
    initialize_scheduler,
)
from bioplnn.utils.profiling import count_parameters, print_cuda_mem_stats, profile_fn
from bioplnn.utils.seeding import manual_seed, manual_seed_deterministic

__all__ = [
    "check_possible_values",
    "count_parameters",
    "dict_flatten",
    "expand_array_2d",
    "expand_list",
    "get_activation",
    "get_activation_class",
    "init_tensor",
    "initialize_criterion",
    "initialize_model",
    "initialize_optimizer",
    "initialize_scheduler",
    "is_list_like",
    "manual_seed",
    "manual_seed_deterministic",
    "pass_fn",
    "print_cuda_mem_stats",
    "profile_fn",
    "without_keys",
]
