"""Networks with biology in them: areas on sheets, connectomes, and classifiers on top."""

from bioplnn.models.classifiers import (
    ConnectomeClassifier,
    ConnectomeODEClassifier,
    SpatiallyEmbeddedClassifier,
)
from bioplnn.models.connectome import ConnectomeODERNN, ConnectomeRNN
from bioplnn.models.sparse import SparseLinear, SparseODERNN, SparseRNN
from bioplnn.models.spatially_embedded import (
    SpatiallyEmbeddedArea,
    SpatiallyEmbeddedAreaConfig,
    SpatiallyEmbeddedRNN,
)

__all__ = [
    "ConnectomeClassifier",
    "ConnectomeODEClassifier",
    "ConnectomeODERNN",
    "ConnectomeRNN",
    "SparseLinear",
    "SparseODERNN",
    "SparseRNN",
    "SpatiallyEmbeddedArea",
    "SpatiallyEmbeddedAreaConfig",
    "SpatiallyEmbeddedClassifier",
    "SpatiallyEmbeddedRNN",
]
