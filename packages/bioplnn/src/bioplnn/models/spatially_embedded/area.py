"""One brain area: cell types on a sheet, wired by convolutions."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from bioplnn.functional.spatial import channels_last
from bioplnn.models.spatially_embedded import tables
from bioplnn.models.spatially_embedded.config import SpatiallyEmbeddedAreaConfig
from bioplnn.models.spatially_embedded.conv import Conv2dRectify
from bioplnn.models.spatially_embedded.dynamics import AreaDynamics
from bioplnn.models.spatially_embedded.fusion import FEEDBACK, INPUT, Connection
from bioplnn.models.spatially_embedded.initialization import balance_
from bioplnn.models.spatially_embedded.layout import AreaLayout, holds_state
from bioplnn.models.spatially_embedded.wiring import plan_area
from bioplnn.utils.activations import get_activation, init_tensor
from synaptensor.validation import check_instance, check_shape

if TYPE_CHECKING:
    import pandas as pd

_MIN_TAU = 1.0
_TAU_NOISE = 1e-6


class SpatiallyEmbeddedArea(AreaLayout):
    r"""Cell types of excitatory, inhibitory or hybrid class on a sheet.

    $$u_j = \sum_i \sigma_i\,\phi_{ij}(W_{ij} * s_i + b_{ij}), \qquad
      s_j \leftarrow s_j + \frac{1}{\tau_j}\left(f_j(u_j) - s_j\right)$$

    where $\sigma_i = -1$ for inhibitory sources. Weights and biases of excitatory and inhibitory
    sources are clamped to $\ge 0$ and time constants to $\ge 1$ step at every forward pass.

    Args:
        config: The area's configuration.
        **kwargs: The fields of :class:`SpatiallyEmbeddedAreaConfig` instead of a configuration.

    Raises:
        ValueError: Both or invalid values were given.
        TypeError: A required field is missing or a field is unknown.

    Examples:
        >>> area = SpatiallyEmbeddedArea(in_size=(8, 8), in_channels=1, out_channels=4)
        >>> out, state = area(torch.zeros(2, 1, 8, 8), area.init_neuron_state(2))
        >>> out.shape, state[0].shape
        (torch.Size([2, 4, 8, 8]), torch.Size([2, 16, 8, 8]))
    """

    def __init__(self, config: SpatiallyEmbeddedAreaConfig | None = None, **kwargs: Any) -> None:
        if config is not None and kwargs:
            raise ValueError(f"give config or its fields, got both: config and {sorted(kwargs)}")
        check_instance("config", config, SpatiallyEmbeddedAreaConfig | None)
        super().__init__(SpatiallyEmbeddedAreaConfig(**kwargs) if config is None else config)
        self.plan = plan_area(self)
        self._warn_of_shortcuts()
        self._build_connections()
        self._build_taus()
        if self.weight_init == "balanced":
            balance_(self)

    def _warn_of_shortcuts(self) -> None:
        for row, name in enumerate(("input", "feedback")[: 1 + self.use_feedback]):
            if self.inter_neuron_type_connectivity[row, -1]:
                warnings.warn(
                    f"the {name} of the area is connected to its output directly", stacklevel=4
                )

    def _build_connections(self) -> None:
        self.convs = nn.ModuleDict()
        self.out_convs = nn.ModuleDict()
        seen: list[nn.Module] = []
        for connection in self.plan.connections:
            row, column = connection.row, connection.column
            try:
                function = get_activation(self.inter_neuron_type_nonlinearity[row, column])
            except (TypeError, ValueError) as error:
                name = f"inter_neuron_type_nonlinearity[{row}, {column}]"
                raise type(error)(f"{name}: {error}") from None
            if holds_state(function) and any(function is other for other in seen):
                function = copy.deepcopy(function)
            seen.append(function)
            path: list[nn.Module] = [self._new_conv(connection), function]
            if self._half(row) and not self._half(column, column=True):
                path.insert(0, nn.Upsample(size=self.in_size, mode="bilinear"))
            registry, key = self._registry(row, column)
            registry[key] = nn.Sequential(*path)

    def _new_conv(self, connection: Connection) -> nn.Conv2d:
        row, column = connection.row, connection.column
        to_output = column == self.num_neuron_types
        kind = nn.Conv2d if self.row_class(row) == "hybrid" else Conv2dRectify
        return kind(
            self.row_channels(row),
            self.out_channels if to_output else self.num_neuron_subtypes[column],
            connection.kernel,
            stride=2 if self._half(column, column=True) and not self._half(row) else 1,
            padding=(connection.kernel[0] // 2, connection.kernel[1] // 2),
            groups=connection.groups,
            bias=bool(self.inter_neuron_type_bias[row, column]),
        )

    def _build_taus(self) -> None:
        shapes = {
            "subtype": lambda c, size: (1, c, 1, 1),
            "spatial": lambda c, size: (1, 1, *size),
            "subtype_spatial": lambda c, size: (1, c, *size),
            "type": lambda c, size: (1, 1, 1, 1),
        }
        self.tau = nn.ParameterList()
        for i, mode in enumerate(self.tau_mode):
            shape = shapes[mode](self.num_neuron_subtypes[i], self.neuron_type_size[i])
            value = init_tensor(self.tau_init_fn[i], *shape)
            if value.shape != shape:
                raise ValueError(
                    f"tau_init_fn must give a tensor of shape {shape}, got {tuple(value.shape)}"
                )
            noisy = value + torch.rand_like(value) * _TAU_NOISE
            self.tau.append(nn.Parameter(noisy, requires_grad=True))

    @property
    def connections(self) -> tuple[Connection, ...]:
        """All connections, row by row of the connectivity table."""
        return self.plan.connections

    def conv(self, row: int, column: int) -> nn.Conv2d:
        """Convolution of the connection from a row to a column of the connectivity table."""
        conv: Any = self._path(row, column)[-2]
        return conv

    def activation(self, row: int, column: int) -> nn.Module:
        """Nonlinearity of the connection from a row to a column of the connectivity table."""
        return self._path(row, column)[-1]

    def _path(self, row: int, column: int) -> nn.Sequential:
        registry, key = self._registry(row, column)
        path: Any = registry[key]
        return path

    def _registry(self, row: int, column: int) -> tuple[nn.ModuleDict, str]:
        if column == self.num_neuron_types:
            return self.out_convs, f"{row}->out"
        return self.convs, f"{row}->{column}"

    def project(self) -> None:
        """Enforce Dale's law and the smallest time constant on the stored parameters now.

        Every forward pass does this; call it to read the parameters right after an optimizer
        step.
        """
        for c in self.connections:
            conv = self.conv(c.row, c.column)
            if isinstance(conv, Conv2dRectify):
                conv.project()
        for tau in self.tau:
            tau.data.clamp_(min=_MIN_TAU)

    def dynamics(self) -> AreaDynamics:
        """Project the parameters and make them ready for the steps of one forward pass."""
        self.project()
        keys = [(c.row, c.column) for c in self.connections]
        # A conversion, to analog or quantised layers for example, may have replaced convolutions.
        replaced = {key for key in keys if not isinstance(self.conv(*key), nn.Conv2d)}
        return AreaDynamics(
            plan_area(self, replaced) if replaced else self.plan,
            {key: self.conv(*key) for key in keys},
            {key: self.activation(*key) for key in keys},
            list(self.neuron_type_nonlinearity),
            list(self.tau),
            self.out_nonlinearity,
        )

    def forward(
        self,
        input: Tensor,
        neuron_state: Sequence[Tensor] | Tensor,
        feedback_state: Tensor | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """Advance the area by one step.

        Args:
            input: ``(B, in_channels, H, W)``.
            neuron_state: State ``(B, C_i, H_i, W_i)`` of every type (one tensor for one type).
            feedback_state: ``(B, feedback_channels, H, W)``, exactly if the area has feedback.

        Returns:
            Output ``(B, out_channels, H, W)`` and the new states.

        Raises:
            ValueError: Shapes do not fit, or feedback is missing or not expected.
        """
        states = self._check_state(neuron_state, input.shape[0])
        self._check_maps(input, feedback_state)
        sources = {INPUT: channels_last(input)}
        if feedback_state is not None:
            sources[FEEDBACK] = feedback_state
        dynamics = self.dynamics()
        external = dynamics.external(sources)
        new = dynamics.step(self.plan.pack(states), external, input.shape[0])
        return dynamics.readout({**sources, **new}), self.plan.unpack(new)

    def _check_maps(self, input: Tensor, feedback_state: Tensor | None) -> None:
        check_shape("input", input, (None, self.in_channels, *self.in_size))
        if self.use_feedback != (feedback_state is not None):
            expected = "a tensor" if self.use_feedback else "None"
            got = "None" if feedback_state is None else "a tensor"
            raise ValueError(
                f"feedback_state must be {expected} in an area with "
                f"feedback_channels={self.feedback_channels}, got {got}"
            )
        if feedback_state is not None:
            shape = (input.shape[0], self.feedback_channels, *self.in_size)
            check_shape("feedback_state", feedback_state, shape)

    def _check_state(self, neuron_state: Sequence[Tensor] | Tensor, batch: int) -> list[Tensor]:
        states = [neuron_state] if isinstance(neuron_state, Tensor) else list(neuron_state)
        if len(states) != self.num_neuron_types:
            raise ValueError(
                f"neuron_state must be a list of {self.num_neuron_types} tensors, "
                f"one per type, got {len(states)}"
            )
        for i, state in enumerate(states):
            shape = (batch, self.num_neuron_subtypes[i], *self.neuron_type_size[i])
            check_shape(f"neuron_state[{i}]", state, shape)
        return states

    def neuron_description_df(self) -> pd.DataFrame:
        """Table of the cell types: class, density, channels."""
        return tables.neuron_description(self)

    def conv_connectivity_df(self) -> pd.DataFrame:
        """Table of the connections: bias and nonlinearity, empty where there is none."""
        return tables.connectivity_description(self)

    def summary(self) -> str:
        """Both tables as text."""
        return tables.summary(self)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        _accept_moved_convs(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


def _accept_moved_convs(
    area: SpatiallyEmbeddedArea, state_dict: dict[str, Any], prefix: str
) -> None:
    """Rename convolutions that sit at another place of their path in a checkpoint.

    The reference puts the resizing of half-density connections on the other side, which shifts
    the position of the convolution by one.
    """
    for connection in area.connections:
        registry, key = area._registry(connection.row, connection.column)
        name = "out_convs" if registry is area.out_convs else "convs"
        here = len(area._path(connection.row, connection.column)) - 2
        for suffix in ("weight", "bias"):
            old = f"{prefix}{name}.{key}.{1 - here}.{suffix}"
            if old in state_dict:
                state_dict[f"{prefix}{name}.{key}.{here}.{suffix}"] = state_dict.pop(old)
