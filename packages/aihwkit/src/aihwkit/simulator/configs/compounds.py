"""Compounds: several devices per cross-point, or a device with digital memory."""

from .compound_base import UnitCell
from .digital_update import DigitalRankUpdateCell, MixedPrecisionCompound
from .transfer_compounds import (
    BufferedTransferCompound,
    ChoppedTransferCompound,
    DynamicTransferCompound,
    TransferCompound,
)
from .vector_cells import (
    DifferenceUnitCell,
    OneSidedUnitCell,
    ReferenceUnitCell,
    VectorUnitCell,
)

__all__ = [
    "BufferedTransferCompound",
    "ChoppedTransferCompound",
    "DifferenceUnitCell",
    "DigitalRankUpdateCell",
    "DynamicTransferCompound",
    "MixedPrecisionCompound",
    "OneSidedUnitCell",
    "ReferenceUnitCell",
    "TransferCompound",
    "UnitCell",
    "VectorUnitCell",
]
