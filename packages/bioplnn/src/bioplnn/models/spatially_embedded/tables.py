"""Tables and text that describe an area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioplnn.models.spatially_embedded.config import destination_names, source_names
from synaptensor.optional import require

if TYPE_CHECKING:
    import pandas as pd

    from bioplnn.models.spatially_embedded.area import SpatiallyEmbeddedArea

_WIDTH = 80


def neuron_description(area: SpatiallyEmbeddedArea) -> pd.DataFrame:
    """One row per cell type: its class, its density and its number of channels."""
    pandas = require("pandas", "tables", "bioplnn")
    return pandas.DataFrame(
        {
            "type": area.neuron_type_class,
            "spatial_mode": area.neuron_type_density,
            "channels": area.num_neuron_subtypes,
        }
    )


def connectivity_description(area: SpatiallyEmbeddedArea) -> pd.DataFrame:
    """One cell per connection, such as ``"b,Re"``: bias or ``_``, then its nonlinearity."""
    pandas = require("pandas", "tables", "bioplnn")
    rows = source_names(area.use_feedback, area.num_neuron_types)
    columns = destination_names(area.num_neuron_types)
    table = pandas.DataFrame("", index=rows, columns=columns)
    for connection in area.connections:
        conv = area.conv(connection.row, connection.column)
        function = area.activation(connection.row, connection.column)
        bias = "b" if conv.bias is not None else "_"
        name = "_" if connection.linear else type(function).__name__[:2]
        table.iat[connection.row, connection.column] = f"{bias},{name}"
    table.index.name = "from"
    table.columns.name = "to"
    return table


def summary(area: SpatiallyEmbeddedArea) -> str:
    """Both tables as text."""
    return "\n".join(
        [
            "Spatially embedded area",
            "=" * _WIDTH,
            "Cell types:",
            str(neuron_description(area)),
            "-" * _WIDTH,
            "Connections:",
            str(connectivity_description(area)),
            "=" * _WIDTH,
        ]
    )
