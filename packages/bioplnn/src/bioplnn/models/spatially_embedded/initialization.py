"""Initial weights under which a network with Dale's law learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioplnn.models.spatially_embedded.area import SpatiallyEmbeddedArea


def balance_(area: SpatiallyEmbeddedArea) -> None:
    """Draw balanced weights."""
