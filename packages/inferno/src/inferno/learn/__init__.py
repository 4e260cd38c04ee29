"""Trainers for plasticity rules, and classifiers of what they learn."""

from .base import CellTrainer, IndependentCellTrainer
from .classifiers.simple import MaxRateClassifier
from .distributed import DataParallelPlasticity, ProcessReduction, gather_batch
from .trainers.delay_adj_three_factor_stdp import DelayAdjustedMSTDP, DelayAdjustedMSTDPD
from .trainers.delay_adj_two_factor_stdp import DelayAdjustedSTDP, DelayAdjustedSTDPD
from .trainers.homeostasis import LinearHomeostasis
from .trainers.kernel_stdp import DelayAdjustedKernelSTDP, DelayAdjustedKernelSTDPD, KernelSTDP
from .trainers.three_factor_stdp import MSTDP, MSTDPET
from .trainers.two_factor_stdp import STDP, TripletSTDP

__all__ = [
    "MSTDP",
    "MSTDPET",
    "STDP",
    "CellTrainer",
    "DataParallelPlasticity",
    "DelayAdjustedKernelSTDP",
    "DelayAdjustedKernelSTDPD",
    "DelayAdjustedMSTDP",
    "DelayAdjustedMSTDPD",
    "DelayAdjustedSTDP",
    "DelayAdjustedSTDPD",
    "IndependentCellTrainer",
    "KernelSTDP",
    "LinearHomeostasis",
    "MaxRateClassifier",
    "ProcessReduction",
    "TripletSTDP",
    "gather_batch",
]
