"""Monitors: forward hooks that feed what they observe to a reducer."""

from .base import Monitor, MonitorConstructor
from .difference import DifferenceMonitor
from .state import MultiStateMonitor, StateMonitor
from .traffic import InputMonitor, OutputMonitor

__all__ = [
    "DifferenceMonitor",
    "InputMonitor",
    "Monitor",
    "MonitorConstructor",
    "MultiStateMonitor",
    "OutputMonitor",
    "StateMonitor",
]
