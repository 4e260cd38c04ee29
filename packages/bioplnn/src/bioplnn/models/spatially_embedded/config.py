"""Configuration of one spatially embedded area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from bioplnn.typing import CircuitParam, NeuronTypeParam, TensorInitFnType

if TYPE_CHECKING:
    import pandas as pd

NEURON_CLASSES = ("excitatory", "inhibitory", "hybrid")
DENSITIES = ("same", "half")
TAU_MODES = ("subtype", "spatial", "subtype_spatial", "type")
WEIGHT_INITS = ("balanced", "reference")


@dataclass
class SpatiallyEmbeddedAreaConfig:
    """Cell types of one area and how they are wired.

    Rows of every table are sources: the input, then the feedback (only with feedback), then the
    cell types. Columns are destinations: the cell types, then the output. With ``n`` cell types a
    table has shape ``(1 + use_feedback + n, n + 1)``; one value stands for a whole table.

    Args:
        in_size: Height and width of the input in pixels.
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        feedback_channels: Channels of the feedback from later areas; ``None`` or 0 for none.
        in_class: Class of the input: ``"excitatory"``, ``"inhibitory"`` or ``"hybrid"``.
        feedback_class: Class of the feedback.
        num_neuron_types: Number of cell types ``n``.
        num_neuron_subtypes: Channels per type, one number or ``n``.
        neuron_type_class: Class per type, one or ``n``. Synapses of excitatory and inhibitory
            types keep their sign (Dale's law).
        neuron_type_density: ``"same"`` (a cell per pixel) or ``"half"`` (a cell per 2 x 2
            pixels), one or ``n``.
        neuron_type_nonlinearity: Name of a ``torch.nn`` class, a module or ``None``, one or ``n``.
        tau_mode: What shares a time constant: ``"subtype"`` (a channel), ``"spatial"`` (a
            place), ``"subtype_spatial"`` (nothing) or ``"type"`` (everything), one or ``n``.
        tau_init_fn: Initial time constants in steps, by name or callable, one or ``n``.
        inter_neuron_type_connectivity: Table of 0 and 1.
        inter_neuron_type_spatial_extents: Kernel height and width in pixels, one pair or a table.
        inter_neuron_type_num_subtype_groups: Groups of the convolutions, one or a table.
        inter_neuron_type_nonlinearity: Nonlinearity of single connections, one or a table.
        inter_neuron_type_bias: Whether connections have a bias, one or a table.
        out_nonlinearity: Applied to the area's output.
        default_neuron_state_init_fn: Initial cell state, by name or callable.
        default_feedback_state_init_fn: Initial feedback.
        default_output_state_init_fn: Initial output.
        weight_init: ``"balanced"``, in which excitation and inhibition cancel at rest, or
            ``"reference"``, torch's signed default of which Dale's law cuts off half.

    Examples:
        >>> config = SpatiallyEmbeddedAreaConfig((8, 8), in_channels=1, out_channels=4)
        >>> config.asdict()["num_neuron_types"]
        1
    """

    in_size: Sequence[int]
    in_channels: int
    out_channels: int
    feedback_channels: int | None = None
    in_class: str = "hybrid"
    feedback_class: str = "hybrid"
    num_neuron_types: int = 1
    num_neuron_subtypes: NeuronTypeParam[int] = 16
    neuron_type_class: NeuronTypeParam[str] = "hybrid"
    neuron_type_density: NeuronTypeParam[str] = "same"
    neuron_type_nonlinearity: NeuronTypeParam[str | nn.Module | None] = "Sigmoid"
    tau_mode: NeuronTypeParam[str] = "subtype"
    tau_init_fn: NeuronTypeParam[str | TensorInitFnType] = "ones"
    inter_neuron_type_connectivity: Any = ((1, 0), (1, 1))
    inter_neuron_type_spatial_extents: CircuitParam[Sequence[int]] = (3, 3)
    inter_neuron_type_num_subtype_groups: CircuitParam[int] = 1
    inter_neuron_type_nonlinearity: CircuitParam[str | nn.Module | None] = None
    inter_neuron_type_bias: CircuitParam[bool] = True
    out_nonlinearity: str | nn.Module | None = None
    default_neuron_state_init_fn: str | TensorInitFnType = "zeros"
    default_feedback_state_init_fn: str | TensorInitFnType = "zeros"
    default_output_state_init_fn: str | TensorInitFnType = "zeros"
    weight_init: str = "balanced"

    def asdict(self) -> dict[str, Any]:
        """Return all fields as a dictionary."""
        return asdict(self)

    @staticmethod
    def inter_neuron_type_connectivity_template_df(
        use_feedback: bool, num_neuron_types: int
    ) -> pd.DataFrame:
        """Return an empty connectivity table with named rows (sources) and columns."""
        from synaptensor.optional import require

        pandas = require("pandas", "tables", "bioplnn")
        rows = source_names(use_feedback, num_neuron_types)
        columns = destination_names(num_neuron_types)
        empty = np.zeros((len(rows), len(columns)), dtype=bool)
        return pandas.DataFrame(empty, index=rows, columns=columns)


def source_names(use_feedback: bool, num_neuron_types: int) -> list[str]:
    """Name the rows of a connectivity table."""
    cells = [f"neuron_{i}" for i in range(num_neuron_types)]
    return ["input", *(["feedback"] if use_feedback else []), *cells]


def destination_names(num_neuron_types: int) -> list[str]:
    """Name the columns of a connectivity table."""
    return [*(f"neuron_{i}" for i in range(num_neuron_types)), "output"]
