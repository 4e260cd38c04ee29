"""What the discrete and the continuous connectome network share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bioplnn.models.connectome.types import (
    CLASS_SIGNS,
    BufferList,
    build_nonlinearity,
    by_label,
    check_mode,
    initial_tau,
    load_neuron_array,
    signs,
    spread,
    type_indices,
)
from bioplnn.models.sparse.linear import PreparedProduct
from bioplnn.models.sparse.rnn import SparseRNN
from bioplnn.typing import TensorInitFnType
from bioplnn.utils.arrays import load_array
from synaptensor.validation import check_integer

# These return nothing negative, so rectifying them again would change nothing.
_NONNEGATIVE = (nn.Sigmoid, nn.ReLU, nn.ReLU6, nn.Softplus, nn.Hardsigmoid)
_BASE_NAMES = {
    "num_neurons": "hidden_size",
    "connectome": "connectivity_hh",
    "input_projection": "connectivity_ih",
    "output_projection": "connectivity_ho",
    "use_dense_input_projection": "use_dense_ih",
    "use_dense_output_projection": "use_dense_ho",
    "train_connectome": "train_hh",
    "train_input_projection": "train_ih",
    "train_output_projection": "train_ho",
    "connectome_bias": "bias_hh",
    "output_projection_bias": "bias_ho",
    "default_neuron_state_init_fn": "default_hidden_init_fn",
}


_SOLVER_NAMES = ("compile_solver_kwargs", "compile_update_fn_kwargs", "solver_kwargs")


def _given_to_solver(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the solver; names of the base class alone would have no effect here."""
    unknown = [name for name in kwargs if name not in _SOLVER_NAMES]
    if unknown:
        raise TypeError(f"got an unexpected keyword argument {unknown[0]!r}")
    return {name: value for name, value in kwargs.items() if value is not None}


class ConnectomeMixIn(SparseRNN):
    """Neuron types, classes, time constants and nonlinearities on top of a sparse network."""

    neuron_sign_mask: Tensor
    neuron_type_mask: Tensor

    def __init__(
        self,
        input_size: int,
        num_neurons: int,
        connectome: Any,
        output_size: int | None = None,
        input_projection: Any = None,
        output_projection: Any = None,
        use_dense_input_projection: bool = False,
        use_dense_output_projection: bool = False,
        train_connectome: bool = True,
        train_input_projection: bool = True,
        train_output_projection: bool = True,
        num_neuron_types: int = 0,
        neuron_type: Any = None,
        neuron_class: Any = "excitatory",
        neuron_class_mode: str = "per_neuron",
        neuron_tau_init: Any = None,
        neuron_tau_init_fn: str | TensorInitFnType = "ones",
        neuron_tau_mode: str = "per_neuron",
        train_tau: bool = True,
        neuron_nonlinearity: Any = "Sigmoid",
        default_neuron_state_init_fn: str | TensorInitFnType = "zeros",
        connectome_bias: bool = True,
        output_projection_bias: bool = True,
        batch_first: bool = True,
        **solver_kwargs: Any,
    ) -> None:
        own = {name: value for name, value in locals().items() if name in _BASE_NAMES}
        renamed = {_BASE_NAMES[name]: value for name, value in own.items()}
        super().__init__(
            input_size=input_size,
            output_size=output_size,
            batch_first=batch_first,
            **renamed,
            **_given_to_solver(solver_kwargs),
        )
        self.num_neurons = self.hidden_size
        self.num_neuron_types = check_integer("num_neuron_types", num_neuron_types, minimum=0)
        self.default_neuron_state_init_fn = default_neuron_state_init_fn
        self.neuron_class_mode = check_mode(
            "neuron_class_mode", neuron_class_mode, self.num_neuron_types
        )
        self.neuron_tau_mode = check_mode("neuron_tau_mode", neuron_tau_mode, self.num_neuron_types)
        self._set_types(neuron_type)
        self._set_classes(neuron_class)
        self._set_taus(neuron_tau_init, neuron_tau_init_fn, train_tau)
        self._set_nonlinearity(neuron_nonlinearity)

    def _set_types(self, neuron_type: Any) -> None:
        self.neuron_type_index_map: dict[Any, int] = {}
        self._types: np.ndarray | None = None
        if self.num_neuron_types == 0:
            return
        found, mask = type_indices(neuron_type, self.num_neurons, self.num_neuron_types)
        self.neuron_type_index_map, self._types = found, mask
        self.register_buffer("neuron_type_mask", torch.from_numpy(mask))
        self.neuron_type_indices = BufferList(
            [torch.from_numpy(np.flatnonzero(mask == k)) for k in range(self.num_neuron_types)]
        )

    def _set_classes(self, neuron_class: Any) -> None:
        if isinstance(neuron_class, str) and self.neuron_class_mode == "per_neuron_type":
            raise ValueError(
                "neuron_class must be a list or a mapping with "
                f"neuron_class_mode='per_neuron_type', got {neuron_class!r}"
            )
        per_neuron = self.neuron_class_mode == "per_neuron"
        if isinstance(neuron_class, dict) and per_neuron:
            raise ValueError("neuron_class_mode must be 'per_neuron_type' for a mapping")
        size = self.num_neurons if per_neuron else self.num_neuron_types
        classes = by_label("neuron_class", neuron_class, self.neuron_type_index_map)
        values = signs(classes, size)
        if not (isinstance(classes, str) and classes in CLASS_SIGNS):
            self.neuron_class = load_array(classes)
        mask = spread(values, self.neuron_class_mode, self._types)
        as_tensor = torch.as_tensor(mask, dtype=torch.get_default_dtype())[:, None].clone()
        self.register_buffer("neuron_sign_mask", as_tensor)

    def _set_taus(self, tau_init: Any, tau_init_fn: Any, train: bool) -> None:
        per_neuron = self.neuron_tau_mode == "per_neuron"
        if isinstance(tau_init, dict) and per_neuron:
            raise ValueError("neuron_tau_mode must be 'per_neuron_type' for a mapping")
        size = self.num_neurons if per_neuron else self.num_neuron_types
        values = by_label("neuron_tau_init", tau_init, self.neuron_type_index_map)
        self.tau = nn.Parameter(initial_tau(values, tau_init_fn, size), requires_grad=train)

    def _set_nonlinearity(self, functions: Any) -> None:
        functions = by_label("neuron_nonlinearity", functions, self.neuron_type_index_map)
        built, mode = build_nonlinearity(functions, self.num_neuron_types)
        self.neuron_nonlinearity, self.neuron_nonlinearity_mode = built, mode

    def project(self) -> None:
        """Clamp synaptic weights to >= 0 and time constants to >= 1; every forward does so."""
        super().project()
        self.tau.data.clamp_(min=1)

    def _recurrent(self) -> PreparedProduct:
        """The synapses with the signs of their senders."""
        return self.hh.prepared(self.neuron_sign_mask)

    def _rates(self) -> Tensor:
        """``1 / tau`` of every neuron, ``(N, 1)``."""
        rates = self.tau.reciprocal()
        return (
            rates if self.neuron_tau_mode == "per_neuron" else rates[self.neuron_type_mask.long()]
        )

    def _activity(self, drive: Tensor) -> Tensor:
        """Rectified nonlinearity of every neuron, ``(N, B)``."""
        function = self.neuron_nonlinearity
        if not isinstance(function, nn.ModuleList):
            activity = function(drive)
            return activity if type(function) in _NONNEGATIVE else activity.relu()
        activity = torch.zeros_like(drive)
        for indices, per_type in zip(self._type_rows(), function, strict=True):
            activity = activity.index_copy(0, indices, per_type(drive[indices]))
        return activity.relu()

    def _type_rows(self) -> list[Tensor]:
        return [self.neuron_type_indices[k] for k in range(self.num_neuron_types)]

    def init_neuron_state(
        self,
        batch_size: int,
        init_fn: str | TensorInitFnType | None = None,
        device: torch.device | str | None = None,
    ) -> Tensor:
        """Initial state ``(B, N)``."""
        return self.init_hidden(batch_size, init_fn, device)

    def query_neuron_states(
        self,
        neuron_states: Tensor,
        time_step: int | slice | None = None,
        batch: int | slice | None = None,
        neuron_type: Any = None,
        neurons: Any = None,
    ) -> Tensor:
        """Index returned states by step, sample, and neurons or a type label.

        Raises:
            ValueError: Both ``neuron_type`` and ``neurons`` are given, or the label is unknown.
        """
        if neuron_type is not None and neurons is not None:
            raise ValueError("give neuron_type or neurons, got both")
        where: Any = slice(None) if neurons is None else neurons
        if neuron_type is not None:
            if neuron_type not in self.neuron_type_index_map:
                raise ValueError(
                    f"neuron_type must be one of {list(self.neuron_type_index_map)}, "
                    f"got {neuron_type!r}"
                )
            where = self.neuron_type_indices[self.neuron_type_index_map[neuron_type]]
        first = (batch, time_step) if self.batch_first else (time_step, batch)
        index = tuple(slice(None) if i is None else i for i in first)
        return neuron_states[index][..., where]

    @staticmethod
    def load_neuron_array(x: Any, size: int, expand: bool = False) -> np.ndarray:
        """Load one value per neuron or type; ``expand`` repeats a single value."""
        return load_neuron_array(x, size, expand)

    def neuron_counts(self) -> dict[Any, int]:
        """Number of neurons of every type."""
        rows: Sequence[Tensor] = self._type_rows()
        labels = self.neuron_type_index_map.items()
        return {np.asarray(label).item(): len(rows[k]) for label, k in labels}
