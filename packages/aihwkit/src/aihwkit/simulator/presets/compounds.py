"""Preset unit cell."""

from aihwkit.simulator.configs.vector_cells import OneSidedUnitCell

from .devices import PCMPresetDevice
from .factory import preset_class
from .utils import PresetIOParameters, PresetUpdateParameters

__all__ = ["PCMPresetUnitCell"]

PCMPresetUnitCell = preset_class(
    __name__,
    "PCMPresetUnitCell",
    OneSidedUnitCell,
    """Pair of phase-change devices, refreshed after each mini-batch where it is needed.""",
    {
        "unit_cell_devices": lambda: [PCMPresetDevice(), PCMPresetDevice()],
        "refresh_every": 1,
        "units_in_mbatch": True,
        "refresh_forward": PresetIOParameters,
        "refresh_update": lambda: PresetUpdateParameters(desired_bl=31),
    },
)
