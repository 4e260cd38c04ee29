"""The paths from later areas back to earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from bioplnn.utils.activations import get_activation
from bioplnn.utils.common import expand_array_2d
from synaptensor.validation import check_integer

if TYPE_CHECKING:
    from bioplnn.models.spatially_embedded.area import SpatiallyEmbeddedArea


def build_feedback(
    areas: Sequence[SpatiallyEmbeddedArea],
    connectivity: Any,
    nonlinearity: Any,
    spatial_extents: Any,
) -> nn.ModuleDict:
    """Build one path ``"i->j"`` (enlarge, convolve, activate) per entry of the connectivity.

    Raises:
        ValueError: The connectivity does not fit the areas.
    """
    paths = nn.ModuleDict()
    if connectivity is None:
        for j, area in enumerate(areas):
            if area.use_feedback:
                raise ValueError(
                    f"feedback_channels of area {j} must be None without "
                    f"inter_area_feedback_connectivity, got {area.feedback_channels}"
                )
        return paths
    n = len(areas)
    table = _checked(areas, np.asarray(connectivity))
    functions = expand_array_2d(nonlinearity, n, n)
    extents = expand_array_2d(spatial_extents, n, n, 1)
    for i, j in zip(*np.nonzero(table), strict=True):
        name = f"inter_area_feedback_spatial_extents[{i}, {j}]"
        kh, kw = (check_integer(name, side, minimum=1) for side in extents[i, j])
        if kh % 2 == 0 or kw % 2 == 0:
            raise ValueError(f"{name} must be odd, got {(kh, kw)}")
        paths[f"{i}->{j}"] = nn.Sequential(
            nn.Upsample(size=areas[j].in_size, mode="bilinear"),
            nn.Conv2d(
                areas[i].out_channels,
                areas[j].feedback_channels,
                (kh, kw),
                padding=(kh // 2, kw // 2),
            ),
            get_activation(functions[i, j]),
        )
    return paths


def _checked(areas: Sequence[SpatiallyEmbeddedArea], table: np.ndarray) -> np.ndarray:
    name = "inter_area_feedback_connectivity"
    n = len(areas)
    if table.shape != (n, n):
        raise ValueError(f"{name} must have shape {(n, n)}, got {table.shape}")
    if not np.isin(table, (0, 1)).all() or not table.any() or np.triu(table).any():
        raise ValueError(
            f"{name} must hold 0 and 1, be strictly lower triangular (row = sending, later area) "
            f"and not all zero, got {table.tolist()}"
        )
    for j, area in enumerate(areas):
        if bool(table[:, j].any()) != area.use_feedback:
            raise ValueError(
                f"area {j} must have feedback_channels exactly if a feedback connection reaches "
                f"it, got feedback_channels={area.feedback_channels} and "
                f"{name}[:, {j}]={table[:, j].tolist()}"
            )
    return table
