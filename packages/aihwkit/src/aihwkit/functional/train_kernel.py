"""The choice between the implementations of the drawing of pulse trains, which draw the same."""

from aihwkit.functional.pulse_scales import outer_scales
from aihwkit.functional.pulse_trains import draw_trains
from synaptensor.kernels import KernelRegistry

__all__ = ["DRAW_KERNEL", "SCALES_KERNEL"]

DRAW_KERNEL = KernelRegistry("aihwkit.draw_trains")
DRAW_KERNEL.register("torch", draw_trains)
DRAW_KERNEL.register(
    "numba",
    "aihwkit.engine.kernels.numba_draw:draw_trains_numba",
    devices=["cpu"],
    requires=["numba"],
    priority=1,
)

SCALES_KERNEL = KernelRegistry("aihwkit.outer_scales")
SCALES_KERNEL.register("torch", outer_scales)
SCALES_KERNEL.register(
    "numba",
    "aihwkit.engine.kernels.numba_scales:outer_scales_numba",
    devices=["cpu"],
    requires=["numba"],
    priority=1,
)
