"""The similarity-matching circuits."""

from pynsm.arch.multi import MultiSimilarityMatching
from pynsm.arch.single import SimilarityMatching
from pynsm.arch.supervised import SupervisedSimilarityMatching

__all__ = ["MultiSimilarityMatching", "SimilarityMatching", "SupervisedSimilarityMatching"]
