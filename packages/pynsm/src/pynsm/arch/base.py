"""The iteration machinery."""

from pynsm.arch.iteration import IterationModule
from pynsm.arch.iteration_loss import IterationLossModule

__all__ = ["IterationLossModule", "IterationModule"]
