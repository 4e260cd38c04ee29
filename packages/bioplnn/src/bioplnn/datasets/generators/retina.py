"""Neurons of a cortical sheet that see an image."""

from __future__ import annotations

import math
import os
from pathlib import Path

import torch
from torch import Tensor

from bioplnn.datasets.v1 import normalize_for_mp, r_theta_mp


def generate_retina(
    path: str | os.PathLike,
    m: int = 150,
    n: int = 300,
    retina_radius: float = 80,
    image_top_corner: tuple[float, float] = (4, 4),
) -> Tensor:
    """Write the positions of all neurons of a sheet whose place in the visual field is an image's.

    Args:
        path: File to write (``.pt``); give it to the V1 data sets as ``retina_path``.
        m: Rows of the sheet.
        n: Columns.
        retina_radius: See :class:`~bioplnn.datasets.V1Dataset`, as all that follow.
        image_top_corner: Height and width of an image in the visual field.

    Returns:
        The positions ``(2, K)``, row and column.
    """
    positions = torch.cartesian_prod(torch.arange(m), torch.arange(n)).t()
    mapped = normalize_for_mp(positions.float(), retina_radius, n)
    radius, angle = r_theta_mp(mapped)
    across = radius * angle.cos() / (image_top_corner[0] / 2) - 1
    down = radius * angle.sin() / image_top_corner[1]
    # One half of the visual field belongs to a hemisphere; further out the map repeats itself.
    inside = (across.abs() <= 1) & (down.abs() <= 1) & (mapped[1].abs() <= math.pi / 2)
    seen = positions[:, inside].contiguous()
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    torch.save(seen, path)
    return seen
