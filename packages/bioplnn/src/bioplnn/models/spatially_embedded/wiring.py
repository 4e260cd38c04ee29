"""From an area's tables to its banks and projections."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from torch import nn

from bioplnn.models.spatially_embedded.dynamics import AreaPlan
from bioplnn.models.spatially_embedded.fusion import (
    FEEDBACK,
    HALF,
    INPUT,
    OUTPUT,
    SAME,
    Bank,
    Connection,
    plan_projections,
)
from bioplnn.models.spatially_embedded.layout import AreaLayout
from synaptensor.validation import check_integer


def plan_area(area: AreaLayout, opaque: Collection[tuple[int, int]] = ()) -> AreaPlan:
    """Plan the connections of an area and how they are computed.

    Args:
        area: The area.
        opaque: Connections, by row and column, whose convolution has given way to another module:
            its kernel cannot be joined with others, and it may answer to zeros.

    Raises:
        ValueError: A cell type has no incoming connection or the area has no output.
    """
    connections = tuple(
        replace(c, linear=c.linear and (c.row, c.column) not in opaque) for c in _connections(area)
    )
    offset = 1 + area.use_feedback
    sources = [Bank(INPUT, (0,), (area.in_channels,), area.in_size)]
    if area.use_feedback:
        sources.append(Bank(FEEDBACK, (1,), (area.feedback_channels,), area.in_size))
    cells = []
    for name, size in ((SAME, area.in_size), (HALF, area.half_size)):
        types = tuple(i for i, d in enumerate(area.neuron_type_density) if d == name)
        if not types:
            continue
        channels = tuple(area.num_neuron_subtypes[i] for i in types)
        cells.append(Bank(name, types, channels, size))
        sources.append(Bank(name, tuple(i + offset for i in types), channels, size))
    output = Bank(OUTPUT, (area.num_neuron_types,), (area.out_channels,), area.in_size)
    projections = plan_projections(connections, sources, [*cells, output])
    return AreaPlan(tuple(cells), output, connections, tuple(projections))


def _connections(area: AreaLayout) -> tuple[Connection, ...]:
    table = area.inter_neuron_type_connectivity
    for column in range(table.shape[1]):
        if not table[:, column].any():
            what = f"cell type {column}" if column < area.num_neuron_types else "the output"
            raise ValueError(
                "inter_neuron_type_connectivity must have a 1 in every column, "
                f"got none in column {column} ({what} would receive nothing)"
            )
    connections = []
    for row in range(table.shape[0]):
        for column in range(table.shape[1]):
            if table[row, column]:
                connections.append(_connection(area, row, column))
    return tuple(connections)


def _connection(area: AreaLayout, row: int, column: int) -> Connection:
    where = f"[{row}, {column}]"
    extent: Any = area.inter_neuron_type_spatial_extents[row, column]
    if extent is None or len(extent) != 2:
        raise ValueError(
            f"inter_neuron_type_spatial_extents{where} must be (height, width), got {extent!r}"
        )
    name = f"inter_neuron_type_spatial_extents{where}"
    kh, kw = (check_integer(name, side, minimum=1) for side in extent)
    groups = check_integer(
        f"inter_neuron_type_num_subtype_groups{where}",
        area.inter_neuron_type_num_subtype_groups[row, column],
        minimum=1,
    )
    function = area.inter_neuron_type_nonlinearity[row, column]
    linear = function is None or isinstance(function, nn.Identity)
    sign = -1 if area.row_class(row) == "inhibitory" else 1
    return Connection(row, column, sign, (kh, kw), groups, linear)
