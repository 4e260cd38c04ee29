"""Which device and which settings the training presets have."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from .compounds import PCMPresetUnitCell
from .devices import (
    CapacitorPresetDevice,
    EcRamMOPresetDevice,
    EcRamPresetDevice,
    GokmenVlasovPresetDevice,
    IdealizedPresetDevice,
    ReRamArrayHfO2PresetDevice,
    ReRamArrayOMPresetDevice,
    ReRamESPresetDevice,
    ReRamSBPresetDevice,
)

__all__ = ["AGAD", "CHOPPED", "DEVICES", "TRANSFER_DEVICES", "TTV2", "BufferedSettings"]

DEVICES: dict[str, Callable[[], Any]] = {
    "ReRamES": ReRamESPresetDevice,
    "ReRamSB": ReRamSBPresetDevice,
    "ReRamArrayOM": ReRamArrayOMPresetDevice,
    "ReRamArrayHfO2": ReRamArrayHfO2PresetDevice,
    "Capacitor": CapacitorPresetDevice,
    "EcRam": EcRamPresetDevice,
    "EcRamMO": EcRamMOPresetDevice,
    "Idealized": IdealizedPresetDevice,
    "GokmenVlasov": GokmenVlasovPresetDevice,
    "PCM": PCMPresetUnitCell,
}
"""Device of each technology."""

TRANSFER_DEVICES = DEVICES | {"ReRamSB": partial(ReRamSBPresetDevice, subtract_symmetry_point=True)}
"""Device of each technology for algorithms that need the symmetry point at weight 0."""


@dataclass(frozen=True)
class BufferedSettings:
    """Settings of a buffered transfer that depend on the device; None keeps the default."""

    in_chop_prob: float
    fast_lr: float | None
    auto_granularity: float
    desired_bl: int
    tail_weightening: float | None = None


TTV2 = {
    "ReRamES": BufferedSettings(0.0, 0.5, 1000.0, 31),
    "ReRamSB": BufferedSettings(0.0, 0.5, 1000.0, 31),
    "Capacitor": BufferedSettings(0.0, 0.1, 1000.0, 31),
    "EcRam": BufferedSettings(0.0, 0.1, 500.0, 100),
    "EcRamMO": BufferedSettings(0.0, 0.1, 500.0, 100),
    "Idealized": BufferedSettings(0.0, 0.1, 500.0, 100),
}

CHOPPED = {
    "ReRamES": BufferedSettings(0.01, 0.5, 1000.0, 31),
    "ReRamSB": BufferedSettings(0.01, 0.5, 1000.0, 31),
    "Capacitor": BufferedSettings(0.01, 0.1, 1000.0, 31),
    # The default of 1.0 is kept for compatibility; all others of its kind use 0.1.
    "EcRam": BufferedSettings(0.01, None, 500.0, 100),
    "EcRamMO": BufferedSettings(0.001, 0.1, 500.0, 100),
    "Idealized": BufferedSettings(0.001, 0.1, 500.0, 100),
}

AGAD = {
    "ReRamES": BufferedSettings(0.02, 0.5, 1000.0, 31, 5.0),
    "ReRamSB": BufferedSettings(0.02, 0.5, 1000.0, 31, 5.0),
    "Capacitor": BufferedSettings(0.01, 0.1, 1000.0, 31, 20.0),
    "EcRam": BufferedSettings(0.005, 0.1, 750.0, 31, 50.0),
    "EcRamMO": BufferedSettings(0.005, 0.1, 500.0, 100, 50.0),
    "Idealized": BufferedSettings(0.005, 0.1, 500.0, 100, 50.0),
}
