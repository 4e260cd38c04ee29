"""The choice between the implementations of the drawing of pulse trains, which draw the same."""

from aihwkit.functional.pulse_scales import abs_max
from aihwkit.functional.pulse_trains import draw_trains
from synaptensor.kernels import KernelRegistry

__all__ = ["ABS_MAX_KERNEL", "DRAW_KERNEL"]

DRAW_KERNEL = KernelRegistry("aihwkit.draw_trains")
DRAW_KERNEL.register("torch", draw_trains)
DRAW_KERNEL.register(
    "numba",
    "aihwkit.engine.kernels.numba_draw:draw_trains_numba",
    devices=["cpu"],
    requires=["numba"],
    priority=1,
)

ABS_MAX_KERNEL = KernelRegistry("aihwkit.abs_max")
ABS_MAX_KERNEL.register("torch", abs_max)
ABS_MAX_KERNEL.register(
    "numba",
    "aihwkit.engine.kernels.numba_draw:abs_max_numba",
    devices=["cpu"],
    requires=["numba"],
    priority=1,
)
