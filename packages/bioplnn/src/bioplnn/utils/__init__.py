"""Helpers: containers, activations, seeding, profiling, objects by name."""

from bioplnn.utils.activations import get_activation, get_activation_class, init_tensor
from bioplnn.utils.arrays import (
    SPARSE_TENSOR_WARNING_THRESHOLD,
    load_array,
    load_sparse_tensor,
    load_tensor,
)
from bioplnn.utils.common import (
    check_possible_values,
    dict_flatten,
    expand_array_2d,
    expand_list,
    is_list_like,
    pass_fn,
    without_keys,
)
from bioplnn.utils.connectomes import (
    create_neuron_typed_connectome,
    create_sparse_projection,
    create_sparse_topographic_connectome,
    idx_1D_to_2D_tensor,
    idx_2D_to_1D_tensor,
)
from bioplnn.utils.dataloaders import (
    get_cabc_dataloaders,
    get_cifar10_dataloaders,
    get_cifar10_v1_dataloaders,
    get_cifar100_dataloaders,
    get_cifar100_v1_dataloaders,
    get_correlated_dots_dataloaders,
    get_image_classification_dataloaders,
    get_mazes_dataloaders,
    get_mnist_dataloaders,
    get_mnist_v1_dataloaders,
    get_qclevr_dataloaders,
    get_v1_dataloaders,
    rescale_to_range,
)
from bioplnn.utils.initializers import (
    initialize_criterion,
    initialize_dataloader,
    initialize_model,
    initialize_optimizer,
    initialize_scheduler,
)
from bioplnn.utils.profiling import count_parameters, print_cuda_mem_stats, profile_fn
from bioplnn.utils.seeding import manual_seed, manual_seed_deterministic

__all__ = [
    "SPARSE_TENSOR_WARNING_THRESHOLD",
    "check_possible_values",
    "count_parameters",
    "create_neuron_typed_connectome",
    "create_sparse_projection",
    "create_sparse_topographic_connectome",
    "dict_flatten",
    "expand_array_2d",
    "expand_list",
    "get_activation",
    "get_activation_class",
    "get_cabc_dataloaders",
    "get_cifar10_dataloaders",
    "get_cifar10_v1_dataloaders",
    "get_cifar100_dataloaders",
    "get_cifar100_v1_dataloaders",
    "get_correlated_dots_dataloaders",
    "get_image_classification_dataloaders",
    "get_mazes_dataloaders",
    "get_mnist_dataloaders",
    "get_mnist_v1_dataloaders",
    "get_qclevr_dataloaders",
    "get_v1_dataloaders",
    "idx_1D_to_2D_tensor",
    "idx_2D_to_1D_tensor",
    "init_tensor",
    "initialize_criterion",
    "initialize_dataloader",
    "initialize_model",
    "initialize_optimizer",
    "initialize_scheduler",
    "is_list_like",
    "load_array",
    "load_sparse_tensor",
    "load_tensor",
    "manual_seed",
    "manual_seed_deterministic",
    "pass_fn",
    "print_cuda_mem_stats",
    "profile_fn",
    "rescale_to_range",
    "without_keys",
]
