"""The choice between the implementations.

All of them get the same draws and give the same weights up to rounding.
"""

from typing import Any

import torch

from aihwkit.functional.constant_step import ConstantStepResponse
from aihwkit.functional.exp_step import ExpStepResponse
from aihwkit.functional.linear_step import LinearStepResponse
from aihwkit.functional.mvm import analog_mvm
from aihwkit.functional.pulse_pass import merged_vectors, pulse_by_pulse
from aihwkit.functional.response import ResponseModel
from synaptensor.kernels import KernelRegistry

__all__ = [
    "COUNTED_KERNEL",
    "LOOP_MODELS",
    "MVM_KERNEL",
    "PASS_KERNEL",
    "TRAIN_KERNEL",
    "UPDATE_KERNEL",
    "has_loops",
]

_NUMBA = "aihwkit.engine.kernels.numba_kernels"


def _no_packed_update(*_: Any) -> bool:
    """Leave every update to the loops over tensors."""
    return False


UPDATE_KERNEL = KernelRegistry("aihwkit.packed_update")
UPDATE_KERNEL.register("torch", _no_packed_update)
UPDATE_KERNEL.register(
    "numba",
    "aihwkit.engine.kernels.numba_update:packed_update",
    devices=["cpu"],
    requires=["numba"],
    priority=1,
)

COUNTED_KERNEL = KernelRegistry("aihwkit.counted_update")
COUNTED_KERNEL.register(
    "numba",
    "aihwkit.engine.kernels.numba_update:counted_update",
    devices=["cpu"],
    requires=["numba"],
)


LOOP_MODELS = (ConstantStepResponse, LinearStepResponse, ExpStepResponse)
"""Models for whose devices there are compiled loops over pulses."""


def has_loops(model: ResponseModel, dtype: torch.dtype, device: torch.device) -> bool:
    """Tell whether `UPDATE_KERNEL` and `COUNTED_KERNEL` take pulses for devices of a model."""
    known = dtype == torch.float32 and isinstance(model, LOOP_MODELS)
    return known and UPDATE_KERNEL.select(device) is not _no_packed_update


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

MVM_KERNEL = KernelRegistry("aihwkit.analog_mvm")
MVM_KERNEL.register("torch", analog_mvm)
MVM_KERNEL.register(
    "numba",
    "aihwkit.engine.kernels.numba_mvm:analog_mvm_numba",
    devices=["cpu"],
    requires=["numba"],
    priority=1,
)
