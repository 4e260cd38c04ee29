"""Neuron types, classes and time constants of a connectome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bioplnn.utils.activations import get_activation, init_tensor
from bioplnn.utils.arrays import load_array
from synaptensor.validation import check_choice

MODES = ("per_neuron", "per_neuron_type")
CLASS_SIGNS = {"excitatory": 1.0, "inhibitory": -1.0}
_TAU_NOISE = 1e-6


class BufferList(nn.Module):
    """Tensors without gradients, saved under their numbers."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        super().__init__()
        for i, tensor in enumerate(tensors):
            self.register_buffer(str(i), tensor)

    def __len__(self) -> int:
        return len(self._buffers)

    def __getitem__(self, index: int) -> Tensor:
        tensor = self._buffers[str(range(len(self))[index])]
        assert tensor is not None  # only tensors are registered
        return tensor


def load_neuron_array(x: Any, size: int, expand: bool = False) -> np.ndarray:
    """Load one value per neuron (or type).

    Args:
        x: Array, tensor, list or path.
        size: Number of values.
        expand: Whether a single value stands for all.

    Raises:
        ValueError: The data have another shape.
    """
    array = load_array(x)
    array = np.atleast_1d(array.squeeze()) if array.size == 1 else array.squeeze()
    if expand and array.shape == (1,):
        array = np.repeat(array, size)
    if array.shape != (size,):
        raise ValueError(f"neuron data must have {size} values, got shape {array.shape}")
    return array


def type_indices(neuron_type: Any, num_neurons: int, num_types: int) -> tuple[dict, np.ndarray]:
    """Number the type labels in sorted order.

    Returns:
        Number of every label, and the number of every neuron's type.

    Raises:
        ValueError: There are not exactly ``num_types`` labels.
    """
    if neuron_type is None:
        raise ValueError(f"neuron_type must be given for num_neuron_types={num_types}, got None")
    labels, mask = np.unique(load_neuron_array(neuron_type, num_neurons), return_inverse=True)
    if len(labels) != num_types:
        raise ValueError(
            f"neuron_type must have num_neuron_types={num_types} different labels, "
            f"got {len(labels)}: {labels[:10].tolist()}"
        )
    return {label: i for i, label in enumerate(labels)}, mask.astype(np.int32)


def by_label(name: str, values: Any, index_map: Mapping[Any, int]) -> Any:
    """Turn a mapping from type labels into a list in the order of the types."""
    if not isinstance(values, Mapping):
        return values
    if set(values) != set(index_map):
        raise ValueError(
            f"{name} must have the keys {list(index_map)} (or be no mapping), got {list(values)}"
        )
    return [values[label] for label in index_map]


def spread(values: np.ndarray, mode: str, mask: np.ndarray | None) -> np.ndarray:
    """One value per neuron from one per neuron or per type."""
    if mode == "per_neuron":
        return values
    assert mask is not None  # the mode is refused without types
    return values[mask]


def check_mode(name: str, mode: str, num_types: int) -> str:
    """Check a mode, and that there are types if it needs them."""
    check_choice(name, mode, MODES)
    if mode == "per_neuron_type" and num_types == 0:
        raise ValueError(f"{name} must be 'per_neuron' without neuron types, got {mode!r}")
    return mode


def signs(neuron_class: Any, size: int) -> np.ndarray:
    """Turn classes, given by name or sign, into +1 and -1.

    Raises:
        ValueError: A class is neither.
    """
    if isinstance(neuron_class, str) and neuron_class in CLASS_SIGNS:
        neuron_class = [neuron_class]
    array = load_neuron_array(neuron_class, size, expand=True)
    if array.dtype.kind in "US" or array.dtype == object:
        unknown = set(array.tolist()) - set(CLASS_SIGNS)
        if not unknown:
            return np.array([CLASS_SIGNS[str(value)] for value in array])
    elif np.isin(array, (-1, 1)).all():
        return array.astype(float)
    raise ValueError(
        "neuron_class must hold 'excitatory' and 'inhibitory', or 1 and -1, "
        f"got {sorted(set(array.tolist()), key=str)[:10]}"
    )


def initial_tau(tau_init: Any, tau_init_fn: Any, size: int) -> Tensor:
    """Initial time constants ``(size, 1)`` in steps, at least 1.

    Raises:
        ValueError: A time constant is below 1.
    """
    if tau_init is None:
        tau = init_tensor(tau_init_fn, size, 1)
    else:
        values = load_neuron_array(tau_init, size, expand=True)
        tau = torch.as_tensor(values, dtype=torch.get_default_dtype())[:, None].clone()
    if not bool((tau >= 1).all()):
        raise ValueError(f"neuron_tau_init must be at least 1, got {tau.min().item():g}")
    at_one = torch.isclose(tau, torch.ones_like(tau))
    if bool(at_one.any()):
        tau = torch.where(at_one, tau + torch.rand_like(tau) * _TAU_NOISE, tau)
    return tau


def build_nonlinearity(functions: Any, num_types: int) -> tuple[nn.Module, str]:
    """One activation for all neurons, or one per type, and which of both."""
    one = functions is None or isinstance(functions, str | nn.Module)
    if one and not isinstance(functions, nn.ModuleList):
        return get_activation(functions), "one"
    if len(functions) != num_types or num_types == 0:
        raise ValueError(
            f"neuron_nonlinearity must be one or a list of num_neuron_types={num_types}, "
            f"got {len(functions)}"
        )
    names = [str(f) if isinstance(f, str) else f for f in functions]
    return nn.ModuleList(get_activation(f) for f in names), "per_neuron_type"
