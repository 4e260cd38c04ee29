"""Similarity-matching circuits: forward passes that relax to a fixed point, one local loss."""

from pynsm._version import __version__
from pynsm.arch import (
    IterationLossModule,
    IterationModule,
    MultiSimilarityMatching,
    SimilarityMatching,
    SupervisedSimilarityMatching,
)
from pynsm.util import extract_embeddings

__all__ = [
    "IterationLossModule",
    "IterationModule",
    "MultiSimilarityMatching",
    "SimilarityMatching",
    "SupervisedSimilarityMatching",
    "__version__",
    "extract_embeddings",
]
