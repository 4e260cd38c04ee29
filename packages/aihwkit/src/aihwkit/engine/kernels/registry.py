"""The choice between the implementations.

All of them get the same draws and give the same weights up to rounding.
"""

from aihwkit.functional.pulse_pass import merged_vectors, pulse_by_pulse
from synaptensor.kernels import KernelRegistry

__all__ = ["PASS_KERNEL", "TRAIN_KERNEL"]

_NUMBA = "aihwkit.engine.kernels.numba_kernels"

PASS_KERNEL = KernelRegistry("aihwkit.merged_vectors")
PASS_KERNEL.register("torch", merged_vectors)
PASS_KERNEL.register(
    "numba", f"{_NUMBA}:merged_vectors_numba", devices=["cpu"], requires=["numba"], priority=1
)

TRAIN_KERNEL = KernelRegistry("aihwkit.pulse_by_pulse")
TRAIN_KERNEL.register("torch", pulse_by_pulse)
TRAIN_KERNEL.register(
    "numba", f"{_NUMBA}:pulse_by_pulse_numba", devices=["cpu"], requires=["numba"], priority=1
)
