"""Filled shapes by Pillow, which torchvision's pictures are made with."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch

from synaptensor.optional import require

Contours = Sequence[Any]
"""Closed curves, each ``(N, 2)`` or ``(N, 1, 2)`` points (x, y)."""


def pillow(part: str) -> ModuleType:
    """A module of Pillow, such as ``"Image"``."""
    return require(f"PIL.{part}", "data", "bioplnn")


def outline(contour: Any) -> list[tuple[int, int]]:
    """Points of a closed curve as whole pixels."""
    points = np.asarray(contour, dtype=float).reshape(-1, 2)
    return [(round(x), round(y)) for x, y in points.tolist()]


def draw_contours(template: Any, contours: Contours, value: int, thickness: int | None) -> None:
    """Draw closed curves into a picture: filled, or as lines of some thickness."""
    drawing = pillow("ImageDraw").Draw(template)
    for contour in contours:
        points = outline(contour)
        if len(points) < 2:
            continue
        if thickness is None:
            drawing.polygon(points, fill=value, outline=value)
        else:
            drawing.line([*points, points[0]], fill=value, width=thickness, joint="curve")


def random_integer(low: int, high: int) -> int:
    """A whole number from ``low`` to below ``high``, by torch's generator."""
    return int(torch.randint(low, high, (1,)))
