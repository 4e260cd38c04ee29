"""Optimizers that train analog tiles next to ordinary parameters."""

from aihwkit.optim.analog_optimizer import AnalogAdam, AnalogOptimizer, AnalogSGD
from aihwkit.optim.context import AnalogContext

__all__ = ["AnalogAdam", "AnalogContext", "AnalogOptimizer", "AnalogSGD"]
