"""Single devices; the compounds are importable from here, too."""

from .compounds import (
    BufferedTransferCompound,
    ChoppedTransferCompound,
    DifferenceUnitCell,
    DynamicTransferCompound,
    MixedPrecisionCompound,
    OneSidedUnitCell,
    ReferenceUnitCell,
    TransferCompound,
    VectorUnitCell,
)
from .pulsed import FloatingPointDevice, IdealDevice, PulsedDevice
from .soft_bounds import SoftBoundsDevice, SoftBoundsPmaxDevice, SoftBoundsReferenceDevice
from .step_devices import (
    ConstantStepDevice,
    ExpStepDevice,
    LinearStepDevice,
    PiecewiseStepDevice,
    PowStepDevice,
    PowStepReferenceDevice,
)

__all__ = [
    "BufferedTransferCompound",
    "ChoppedTransferCompound",
    "ConstantStepDevice",
    "DifferenceUnitCell",
    "DynamicTransferCompound",
    "ExpStepDevice",
    "FloatingPointDevice",
    "IdealDevice",
    "LinearStepDevice",
    "MixedPrecisionCompound",
    "OneSidedUnitCell",
    "PiecewiseStepDevice",
    "PowStepDevice",
    "PowStepReferenceDevice",
    "PulsedDevice",
    "ReferenceUnitCell",
    "SoftBoundsDevice",
    "SoftBoundsPmaxDevice",
    "SoftBoundsReferenceDevice",
    "TransferCompound",
    "VectorUnitCell",
]
