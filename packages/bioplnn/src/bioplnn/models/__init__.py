"""Networks with biology in them: areas on sheets, connectomes, and classifiers on top."""

from bioplnn.models.classifiers import SpatiallyEmbeddedClassifier
from bioplnn.models.spatially_embedded import (
    SpatiallyEmbeddedArea,
    SpatiallyEmbeddedAreaConfig,
    SpatiallyEmbeddedRNN,
)

__all__ = [
    "SpatiallyEmbeddedArea",
    "SpatiallyEmbeddedAreaConfig",
    "SpatiallyEmbeddedClassifier",
    "SpatiallyEmbeddedRNN",
]
