"""Sizes, cell types and tables of an area, checked and spelled out."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from bioplnn.models.spatially_embedded.config import (
    DENSITIES,
    NEURON_CLASSES,
    TAU_MODES,
    WEIGHT_INITS,
    SpatiallyEmbeddedAreaConfig,
)
from bioplnn.typing import TensorInitFnType
from bioplnn.utils.activations import get_activation, init_tensor
from bioplnn.utils.common import expand_array_2d, expand_list
from synaptensor.validation import check_choice, check_integer


class AreaLayout(nn.Module):
    """What an area is made of, without its connections.

    Args:
        config: The area's configuration.

    Raises:
        ValueError: A value of the configuration is not allowed; the message names the field.
    """

    tau: nn.ParameterList  # made by the area, after its connections

    def __init__(self, config: SpatiallyEmbeddedAreaConfig) -> None:
        super().__init__()
        self._set_channels(config)
        self._set_types(config)
        self._set_tables(config)

    def _set_channels(self, config: SpatiallyEmbeddedAreaConfig) -> None:
        size = tuple(config.in_size)
        if len(size) != 2:
            raise ValueError(f"in_size must be (height, width), got {config.in_size!r}")
        height, width = (check_integer("in_size", side, minimum=1) for side in size)
        self.in_size = (height, width)
        self.half_size = ((height + 1) // 2, (width + 1) // 2)
        self.in_channels = check_integer("in_channels", config.in_channels, minimum=1)
        self.out_channels = check_integer("out_channels", config.out_channels, minimum=1)
        feedback = 0 if config.feedback_channels is None else config.feedback_channels
        self.feedback_channels = check_integer("feedback_channels", feedback, minimum=0)
        self.use_feedback = self.feedback_channels > 0
        self.in_class = check_choice("in_class", str(config.in_class), NEURON_CLASSES)
        self.feedback_class = check_choice(
            "feedback_class", str(config.feedback_class), NEURON_CLASSES
        )
        self.out_nonlinearity = get_activation(config.out_nonlinearity)
        self.weight_init = check_choice("weight_init", config.weight_init, WEIGHT_INITS)
        self.default_neuron_state_init_fn = config.default_neuron_state_init_fn
        self.default_feedback_state_init_fn = config.default_feedback_state_init_fn
        self.default_output_state_init_fn = config.default_output_state_init_fn

    def _set_types(self, config: SpatiallyEmbeddedAreaConfig) -> None:
        n = check_integer("num_neuron_types", config.num_neuron_types, minimum=1)
        self.num_neuron_types = n
        self.num_neuron_subtypes = [
            check_integer("num_neuron_subtypes", c, minimum=1)
            for c in _per_type("num_neuron_subtypes", config.num_neuron_subtypes, n)
        ]
        self.neuron_type_class = _choices(
            "neuron_type_class", config.neuron_type_class, n, NEURON_CLASSES
        )
        self.neuron_type_density = _choices(
            "neuron_type_density", config.neuron_type_density, n, DENSITIES
        )
        self.neuron_type_size = [
            self.in_size if density == "same" else self.half_size
            for density in self.neuron_type_density
        ]
        functions = _per_type("neuron_type_nonlinearity", config.neuron_type_nonlinearity, n)
        shared = not isinstance(config.neuron_type_nonlinearity, list | tuple | nn.ModuleList)
        self.neuron_type_nonlinearity = nn.ModuleList(_activations(functions, shared))
        self.tau_mode = _choices("tau_mode", config.tau_mode, n, TAU_MODES)
        self.tau_init_fn = list(_per_type("tau_init_fn", config.tau_init_fn, n))

    def _set_tables(self, config: SpatiallyEmbeddedAreaConfig) -> None:
        n = self.num_neuron_types
        m = 1 + self.use_feedback + n
        self.num_rows_connectivity = m
        self.num_cols_connectivity = n + 1

        def table(name: str, depth: int = 0) -> Any:
            try:
                return expand_array_2d(getattr(config, name), m, n + 1, depth)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None

        connectivity = table("inter_neuron_type_connectivity")
        if any(value not in (0, 1) for value in connectivity.flat):
            raise ValueError(
                f"inter_neuron_type_connectivity must hold 0 and 1, got {connectivity.tolist()}"
            )
        self.inter_neuron_type_connectivity = connectivity.astype(int)
        self.inter_neuron_type_spatial_extents = table("inter_neuron_type_spatial_extents", 1)
        self.inter_neuron_type_num_subtype_groups = table("inter_neuron_type_num_subtype_groups")
        self.inter_neuron_type_nonlinearity = table("inter_neuron_type_nonlinearity")
        self.inter_neuron_type_bias = table("inter_neuron_type_bias")

    def row_class(self, row: int) -> str:
        """Class of a source."""
        if row == 0:
            return self.in_class
        if self.use_feedback and row == 1:
            return self.feedback_class
        return self.neuron_type_class[row - 1 - self.use_feedback]

    def row_channels(self, row: int) -> int:
        """Channels of a source."""
        if row == 0:
            return self.in_channels
        if self.use_feedback and row == 1:
            return self.feedback_channels
        return self.num_neuron_subtypes[row - 1 - self.use_feedback]

    def type_names(self) -> list[str]:
        """Name every cell type by its class; types that share one are numbered from 1."""
        seen: dict[str, int] = {}
        names = []
        for name in self.neuron_type_class:
            seen[name] = seen.get(name, 0) + 1
            alone = self.neuron_type_class.count(name) == 1
            names.append(name if alone else f"{name} {seen[name]}")
        return names

    def _half(self, index: int, column: bool = False) -> bool:
        cell = index if column else index - 1 - self.use_feedback
        return 0 <= cell < self.num_neuron_types and self.neuron_type_density[cell] == "half"

    def init_neuron_state(
        self,
        batch_size: int,
        init_fn: str | TensorInitFnType | None = None,
        device: torch.device | str | None = None,
    ) -> list[Tensor]:
        """Initial state ``(B, C_i, H_i, W_i)`` of every type, in the area's dtype."""
        init_fn = self.default_neuron_state_init_fn if init_fn is None else init_fn
        return [
            self._initial(init_fn, batch_size, channels, size, device)
            for channels, size in zip(self.num_neuron_subtypes, self.neuron_type_size, strict=True)
        ]

    def init_output_state(
        self,
        batch_size: int,
        init_fn: str | TensorInitFnType | None = None,
        device: torch.device | str | None = None,
    ) -> Tensor:
        """Initial output ``(B, out_channels, H, W)``."""
        init_fn = self.default_output_state_init_fn if init_fn is None else init_fn
        return self._initial(init_fn, batch_size, self.out_channels, self.in_size, device)

    def init_feedback_state(
        self,
        batch_size: int,
        init_fn: str | TensorInitFnType | None = None,
        device: torch.device | str | None = None,
    ) -> Tensor | None:
        """Initial feedback ``(B, feedback_channels, H, W)``, or ``None`` without feedback."""
        if not self.use_feedback:
            return None
        init_fn = self.default_feedback_state_init_fn if init_fn is None else init_fn
        return self._initial(init_fn, batch_size, self.feedback_channels, self.in_size, device)

    def _initial(
        self,
        init_fn: str | TensorInitFnType,
        batch_size: int,
        channels: int,
        size: tuple[int, int],
        device: torch.device | str | None,
    ) -> Tensor:
        tau = self.tau[0]
        device = tau.device if device is None else device
        return init_tensor(init_fn, batch_size, channels, *size, device=device, dtype=tau.dtype)


def _per_type(name: str, value: Any, n: int) -> Any:
    try:
        return expand_list(value, n)
    except ValueError:
        raise ValueError(
            f"{name} must be one value or {n} values, one per cell type, got {value!r}"
        ) from None


def _choices(name: str, value: Any, n: int, allowed: tuple[str, ...]) -> list[str]:
    return [check_choice(name, str(v), allowed) for v in _per_type(name, value, n)]


def holds_state(module: nn.Module) -> bool:
    """Whether a module has parameters or buffers."""
    return any(True for _ in module.parameters()) or any(True for _ in module.buffers())


def _activations(functions: Any, shared: bool) -> list[nn.Module]:
    """Build one activation per type; one module given for all is copied if it holds state."""
    built: list[nn.Module] = []
    for function in functions:
        module = get_activation(_plain(function))
        if shared and built and holds_state(module):
            module = copy.deepcopy(module)
        built.append(module)
    return built


def _plain(function: Any) -> Any:
    # numpy arrays hand out their own string type
    return str(function) if isinstance(function, str) else function
