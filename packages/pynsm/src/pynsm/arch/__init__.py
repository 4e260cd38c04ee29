"""Modules: iterations and similarity-matching circuits."""

from pynsm.arch.base import IterationLossModule, IterationModule
from pynsm.arch.similarity import (
    MultiSimilarityMatching,
    SimilarityMatching,
    SupervisedSimilarityMatching,
)

__all__ = [
    "IterationLossModule",
    "IterationModule",
    "MultiSimilarityMatching",
    "SimilarityMatching",
    "SupervisedSimilarityMatching",
]
