"""Trainers for plasticity rules, and classifiers of what they learn."""

from .base import CellTrainer, IndependentCellTrainer
from .classifiers.simple import MaxRateClassifier
from .trainers.stdp import STDP

__all__ = [
    "STDP",
    "CellTrainer",
    "IndependentCellTrainer",
    "MaxRateClassifier",
]
