"""Plasticity in several processes, each with a part of the batch."""

from .parallel import DataParallelPlasticity
from .reductions import ProcessReduction, gather_batch

__all__ = ["DataParallelPlasticity", "ProcessReduction", "gather_batch"]
