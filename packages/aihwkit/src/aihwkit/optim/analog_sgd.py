"""Import location of `AnalogSGD` in the first interface."""

from aihwkit.optim.analog_optimizer import AnalogSGD

__all__ = ["AnalogSGD"]
