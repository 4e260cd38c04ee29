"""Spatially embedded areas and networks of them."""

from bioplnn.models.spatially_embedded.area import SpatiallyEmbeddedArea
from bioplnn.models.spatially_embedded.config import SpatiallyEmbeddedAreaConfig
from bioplnn.models.spatially_embedded.conv import Conv2dRectify
from bioplnn.models.spatially_embedded.rnn import SpatiallyEmbeddedRNN

__all__ = [
    "Conv2dRectify",
    "SpatiallyEmbeddedArea",
    "SpatiallyEmbeddedAreaConfig",
    "SpatiallyEmbeddedRNN",
]
