"""Spike-timing dependent plasticity modulated by a signal."""

from inferno.learn.trainers.mstdp import MSTDP
from inferno.learn.trainers.mstdpet import MSTDPET, EligibilityTraceReducer

__all__ = ["MSTDP", "MSTDPET", "EligibilityTraceReducer"]
