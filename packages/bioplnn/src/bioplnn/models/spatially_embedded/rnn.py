"""A chain of spatially embedded areas with feedback between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from bioplnn.models.spatially_embedded.area import SpatiallyEmbeddedArea
from bioplnn.models.spatially_embedded.config import SpatiallyEmbeddedAreaConfig
from bioplnn.models.spatially_embedded.feedback import build_feedback
from bioplnn.models.spatially_embedded.rollout import Rollout, roll_out
from bioplnn.typing import InterAreaParam, TensorInitFnType
from synaptensor.validation import (
    check_choice,
    check_flag,
    check_instance,
    check_integer,
    check_shape,
)

Index = int | slice | None
T = TypeVar("T")


class SpatiallyEmbeddedRNN(nn.Module):
    """Areas in a chain: each gets the output of the one before, and feedback from later ones.

    At every step, area ``i`` gets the output of area ``i - 1`` of the same step (of the step
    before with ``area_time_delay``) and the feedback of the step before.

    Args:
        num_areas: Number of areas A.
        area_configs: A configurations.
        area_kwargs: A mappings with the fields of a configuration, instead of configurations.
        common_area_kwargs: Fields shared by all areas.
        inter_area_feedback_connectivity: ``(A, A)`` table of 0 and 1, row = sending area. Feedback
            goes to earlier areas, so the table is strictly lower triangular.
        inter_area_feedback_nonlinearity: One activation or an ``(A, A)`` table.
        inter_area_feedback_spatial_extents: Kernel size, one pair or an ``(A, A)`` table.
        area_time_delay: Whether the path from area to area takes one step.
        pool_mode: ``"max"`` or ``"avg"``, where an area is smaller than the one before.
        batch_first: Layout of 5-D inputs and of all results: ``(B, T, ...)`` or ``(T, B, ...)``.

    Raises:
        ValueError: The arguments contradict each other; the message names them.
        TypeError: A field is given both for one area and for all.

    Examples:
        >>> rnn = SpatiallyEmbeddedRNN(
        ...     area_kwargs=[{"in_size": (8, 8), "in_channels": 1, "out_channels": 4}]
        ... )
        >>> outs, states, feedbacks = rnn(torch.zeros(2, 1, 8, 8), num_steps=3)
        >>> outs[0].shape, feedbacks
        (torch.Size([2, 3, 4, 8, 8]), [None])
    """

    def __init__(
        self,
        *,
        num_areas: int = 1,
        area_configs: Sequence[SpatiallyEmbeddedAreaConfig] | None = None,
        area_kwargs: Sequence[Mapping[str, Any]] | None = None,
        common_area_kwargs: Mapping[str, Any] | None = None,
        inter_area_feedback_connectivity: Any = None,
        inter_area_feedback_nonlinearity: InterAreaParam[str | nn.Module | None] = None,
        inter_area_feedback_spatial_extents: InterAreaParam[Sequence[int]] = (3, 3),
        area_time_delay: bool = False,
        pool_mode: str = "max",
        batch_first: bool = True,
    ) -> None:
        super().__init__()
        self.num_areas = check_integer("num_areas", num_areas, minimum=1)
        self.area_time_delay = check_flag("area_time_delay", area_time_delay)
        self.pool_mode = check_choice("pool_mode", pool_mode, ("max", "avg"))
        self.batch_first = check_flag("batch_first", batch_first)
        configs = _configs(self.num_areas, area_configs, area_kwargs, common_area_kwargs)
        self.areas = nn.ModuleList(SpatiallyEmbeddedArea(config) for config in configs)
        self._check_chain()
        self.feedback_convs = build_feedback(
            self.chain,
            inter_area_feedback_connectivity,
            inter_area_feedback_nonlinearity,
            inter_area_feedback_spatial_extents,
        )
        if inter_area_feedback_connectivity is not None:
            self.inter_area_feedback_connectivity = inter_area_feedback_connectivity
            self.inter_area_feedback_nonlinearity = inter_area_feedback_nonlinearity
            self.inter_area_feedback_spatial_extents = inter_area_feedback_spatial_extents

    @property
    def chain(self) -> list[SpatiallyEmbeddedArea]:
        """The areas in their order."""
        areas: Any = self.areas
        return list(areas)

    def _check_chain(self) -> None:
        chain = self.chain
        for i in range(self.num_areas - 1):
            sent, expected = chain[i].out_channels, chain[i + 1].in_channels
            if sent != expected:
                raise ValueError(
                    f"in_channels of area {i + 1} must be out_channels of area {i} ({sent}), "
                    f"got {expected}"
                )

    def project(self) -> None:
        """Enforce Dale's law and the smallest time constants on the stored parameters now."""
        for area in self.chain:
            area.project()

    def forward(
        self,
        x: Tensor,
        num_steps: int | None = None,
        output_state0: Sequence[Tensor | None] | None = None,
        neuron_state0: Sequence[Sequence[Tensor | None] | None] | None = None,
        feedback_state0: Sequence[Tensor | None] | None = None,
        *,
        last_step_only: bool = False,
        reduce: Callable[[Tensor], Tensor] | None = None,
    ) -> tuple[list[Tensor], list[list[Tensor]], list[Tensor | None]]:
        """Run the network over a number of steps.

        Args:
            x: A constant input ``(B, C, H, W)``, or one per step, ``(B, T, C, H, W)`` or
                ``(T, B, C, H, W)`` by ``batch_first``.
            num_steps: Number of steps T; needed for a constant input.
            output_state0: Initial outputs per area (used with ``area_time_delay``); ``None`` as
                a whole or for an area stands for the area's default.
            neuron_state0: Initial cell states per area and type.
            feedback_state0: Initial feedback per area.
            last_step_only: Return the last step alone (T = 1 in the results). Outputs that no
                other area needs are then computed for that step only.
            reduce: With ``last_step_only``, applied to the output maps ``(B, C, H, W)`` of the last
                area, such as a pooling. Nothing but the outputs is collected then (no cell states,
                no feedback), which spares most of the memory traffic.

        Returns:
            Outputs per area ``(B, T, C, H, W)``; cell states per area and type; feedback per area
            (``None`` for areas without). Time comes first without ``batch_first``.

        Raises:
            ValueError: Shapes or lengths do not fit.
        """
        if reduce is not None and not last_step_only:
            raise ValueError("last_step_only must be True with reduce, got False")
        steps, batch, constant = self._check_input(x, num_steps)
        if not constant and self.batch_first:
            x = x.transpose(0, 1)
        rollout = Rollout(
            areas=self.chain,
            feedback_convs=self.feedback_convs,
            pool_mode=self.pool_mode,
            delayed=self.area_time_delay,
            steps=steps,
            batch=batch,
            last_only=last_step_only,
            reduce=reduce,
        )
        outs, states, feedbacks = roll_out(
            rollout,
            x,
            self._given("output_state0", output_state0),
            self._given("neuron_state0", neuron_state0),
            self._given("feedback_state0", feedback_state0),
        )
        return (
            [self._layout(out) for out in outs],
            [[self._layout(state) for state in types] for types in states],
            [None if fb is None else self._layout(fb) for fb in feedbacks],
        )

    def _layout(self, x: Tensor) -> Tensor:
        return x.transpose(0, 1) if self.batch_first else x

    def _check_input(self, x: Tensor, num_steps: int | None) -> tuple[int, int, bool]:
        first = self.chain[0]
        maps = (first.in_channels, *first.in_size)
        check_instance("x", x, Tensor)
        if x.ndim == 4:
            check_shape("x", x, (None, *maps))
            if num_steps is None:
                raise ValueError("num_steps must be given for a constant input, got None")
            return check_integer("num_steps", num_steps, minimum=1), x.shape[0], True
        if x.ndim != 5:
            raise ValueError(
                f"x must be (B, C, H, W), or 5-D with a time axis, got shape {tuple(x.shape)}"
            )
        check_shape("x", x, (None, None, *maps))
        batch, steps = x.shape[:2] if self.batch_first else (x.shape[1], x.shape[0])
        if steps < 1 or num_steps not in (None, steps):
            raise ValueError(
                f"num_steps must be the number of steps in x ({steps}) or None, got {num_steps}"
            )
        return steps, batch, False

    def _given(self, name: str, values: Sequence[Any] | None) -> list[Any]:
        if values is None:
            return [None] * self.num_areas
        if len(values) != self.num_areas:
            raise ValueError(
                f"{name} must have one entry per area ({self.num_areas}), got {len(values)}"
            )
        return list(values)

    def init_neuron_states(
        self,
        batch_size: int,
        init_fn: str | TensorInitFnType | None = None,
        device: torch.device | str | None = None,
    ) -> list[list[Tensor]]:
        """Initial cell states per area and type."""
        return [area.init_neuron_state(batch_size, init_fn, device) for area in self.chain]

    def init_feedback_states(
        self,
        batch_size: int,
        init_fn: str | TensorInitFnType | None = None,
        device: torch.device | str | None = None,
    ) -> list[Tensor | None]:
        """Initial feedback per area, ``None`` for areas without."""
        return [area.init_feedback_state(batch_size, init_fn, device) for area in self.chain]

    def init_output_states(
        self,
        batch_size: int,
        init_fn: str | TensorInitFnType | None = None,
        device: torch.device | str | None = None,
    ) -> list[Tensor]:
        """Initial outputs per area."""
        return [area.init_output_state(batch_size, init_fn, device) for area in self.chain]

    def init_states(
        self,
        out0: Sequence[Tensor | None] | None,
        h_neuron0: Sequence[Sequence[Tensor | None] | None] | None,
        fb0: Sequence[Tensor | None] | None,
        num_steps: int,
        batch_size: int,
        out_init_fn: str | TensorInitFnType | None = None,
        hidden_init_fn: str | TensorInitFnType | None = None,
        fb_init_fn: str | TensorInitFnType | None = None,
        device: torch.device | str | None = None,
    ) -> tuple[list[Any], list[Any], list[Any]]:
        """Lists over the steps whose last entry holds the initial values of all areas.

        Args:
            out0: Initial outputs per area; what is ``None`` gets its default.
            h_neuron0: Initial cell states per area and type.
            fb0: Initial feedback per area.
            num_steps: Number of steps.
            batch_size: Number of samples.
            out_init_fn: How to make outputs.
            hidden_init_fn: How to make cell states.
            fb_init_fn: How to make feedback.
            device: Where to.

        Returns:
            Outputs, cell states and feedback, each with one entry per step.
        """
        steps = check_integer("num_steps", num_steps, minimum=1)
        given = [
            self._given(name, values)
            for name, values in (("out0", out0), ("h_neuron0", h_neuron0), ("fb0", fb0))
        ]
        defaults: list[list[Any]] = [
            list(self.init_output_states(batch_size, out_init_fn, device)),
            list(self.init_neuron_states(batch_size, hidden_init_fn, device)),
            list(self.init_feedback_states(batch_size, fb_init_fn, device)),
        ]
        first = [
            [d if g is None else g for g, d in zip(some, others, strict=True)]
            for some, others in zip(given, defaults, strict=True)
        ]
        for i, types in enumerate(first[1]):
            pairs = zip(types, defaults[1][i], strict=True)
            first[1][i] = [d if g is None else g for g, d in pairs]
        outs, states, feedbacks = ([None] * (steps - 1) + [part] for part in first)
        return outs, states, feedbacks

    def query_neuron_states(
        self,
        neuron_states: Sequence[Sequence[Tensor]],
        area: int,
        neuron_type: int,
        time_step: Index = None,
        batch: Index = None,
        neuron_subtype: Index = None,
        spatial_location_i: Index = None,
        spatial_location_j: Index = None,
    ) -> Tensor:
        """Index one of the returned cell states by what its axes mean.

        Args:
            neuron_states: Second result of a forward pass.
            area: Area.
            neuron_type: Cell type of the area.
            time_step: Step or slice of steps; ``None`` for all, here and below.
            batch: Sample.
            neuron_subtype: Channel.
            spatial_location_i: Row of the sheet.
            spatial_location_j: Column of the sheet.

        Returns:
            The indexed tensor; integer indices drop their axis.
        """
        first = (batch, time_step) if self.batch_first else (time_step, batch)
        index = (*first, neuron_subtype, spatial_location_i, spatial_location_j)
        return neuron_states[area][neuron_type][
            tuple(slice(None) if i is None else i for i in index)
        ]


def _configs(
    num_areas: int,
    area_configs: Sequence[SpatiallyEmbeddedAreaConfig] | None,
    area_kwargs: Sequence[Mapping[str, Any]] | None,
    common: Mapping[str, Any] | None,
) -> list[SpatiallyEmbeddedAreaConfig]:
    if area_configs is not None:
        if area_kwargs is not None or common is not None:
            raise ValueError(
                "area_configs must not be given together with area_kwargs or common_area_kwargs"
            )
        return _one_for_each("area_configs", area_configs, num_areas, SpatiallyEmbeddedAreaConfig)
    check_instance("common_area_kwargs", common, Mapping | None)
    if area_kwargs is None and common is None:
        raise ValueError("give one of area_configs, area_kwargs, common_area_kwargs, got none")
    area_kwargs = [{}] * num_areas if area_kwargs is None else area_kwargs
    fields = _one_for_each("area_kwargs", area_kwargs, num_areas, Mapping)
    common = {} if common is None else common
    return [SpatiallyEmbeddedAreaConfig(**common, **kwargs) for kwargs in fields]


def _one_for_each(name: str, values: Iterable[T], num_areas: int, kind: type) -> list[T]:
    entries = list(check_instance(name, values, Iterable))
    if len(entries) != num_areas:
        raise ValueError(f"{name} must have num_areas={num_areas} entries, got {len(entries)}")
    return [check_instance(f"{name}[{i}]", entry, kind) for i, entry in enumerate(entries)]
