"""Makes the configuration class of an algorithm on a device technology."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from aihwkit.simulator.configs.digital_update import MixedPrecisionCompound
from aihwkit.simulator.configs.training_configs import (
    DigitalRankUpdateRPUConfig,
    IOManagedRPUConfig,
    SingleRPUConfig,
    UnitCellRPUConfig,
)
from aihwkit.simulator.configs.transfer_compounds import (
    ChoppedTransferCompound,
    DynamicTransferCompound,
    TransferCompound,
)
from aihwkit.simulator.configs.vector_cells import VectorUnitCell
from aihwkit.simulator.parameters.enums import (
    BoundManagementType,
    NoiseManagementType,
    VectorUnitCellUpdatePolicy,
)

from .config_tables import AGAD, CHOPPED, DEVICES, TRANSFER_DEVICES, TTV2, BufferedSettings
from .factory import preset_class
from .utils import PresetIOParameters, PresetUpdateParameters

__all__ = [
    "agad_preset",
    "chopped_ttv2_preset",
    "mixed_precision_preset",
    "several_devices_preset",
    "single_device_preset",
    "tiki_taka_preset",
    "ttv2_preset",
]

_MODULE = "aihwkit.simulator.presets.configs"

_Config = TypeVar("_Config", bound=IOManagedRPUConfig)

_plain_read = partial(
    PresetIOParameters,
    noise_management=NoiseManagementType.NONE,
    bound_management=BoundManagementType.NONE,
)
_single_pulse = partial(
    PresetUpdateParameters, desired_bl=1, update_bl_management=False, update_management=False
)


def _preset(
    name: str, base: type[_Config], doc: str, device: Callable[[], Any], desired_bl: int = 31
) -> type[_Config]:
    defaults = {
        "forward": PresetIOParameters,
        "backward": PresetIOParameters,
        "update": partial(PresetUpdateParameters, desired_bl=desired_bl),
        "device": device,
    }
    return preset_class(_MODULE, name, base, doc, defaults)


def single_device_preset(technology: str) -> type[SingleRPUConfig]:
    """Return the configuration with one device per cross-point."""
    return _preset(
        f"{technology}Preset",
        SingleRPUConfig,
        f"One {technology} device per cross-point, stochastic gradient descent.",
        DEVICES[technology],
    )


def unit_cell_preset(technology: str) -> type[UnitCellRPUConfig]:
    """Return the configuration with the technology's own unit cell."""
    return _preset(
        f"{technology}Preset",
        UnitCellRPUConfig,
        f"One {technology} unit cell per cross-point, stochastic gradient descent.",
        DEVICES[technology],
    )


def several_devices_preset(technology: str, n_devices: int) -> type[UnitCellRPUConfig]:
    """Return the configuration with several devices per cross-point, one updated at a time."""
    device = DEVICES[technology]

    def make_cell() -> VectorUnitCell:
        return VectorUnitCell(
            unit_cell_devices=[device() for _ in range(n_devices)],
            update_policy=VectorUnitCellUpdatePolicy.SINGLE_RANDOM,
        )

    return _preset(
        f"{technology}{n_devices}Preset",
        UnitCellRPUConfig,
        f"{n_devices} {technology} devices per cross-point, a random one updated by each vector.",
        make_cell,
    )


def tiki_taka_preset(technology: str) -> type[UnitCellRPUConfig]:
    """Return the configuration of the tiki-taka algorithm."""
    device = TRANSFER_DEVICES[technology]

    def make_compound() -> TransferCompound:
        return TransferCompound(
            unit_cell_devices=[device(), device()],
            transfer_forward=_plain_read(),
            transfer_update=PresetUpdateParameters(),
            units_in_mbatch=True,
        )

    doc = f"Tiki-taka on pairs of {technology} devices."
    return _preset(f"TikiTaka{technology}Preset", UnitCellRPUConfig, doc, make_compound)


def _buffered_preset(
    prefix: str,
    doc: str,
    technology: str,
    compound_class: type[ChoppedTransferCompound],
    settings: BufferedSettings,
) -> type[UnitCellRPUConfig]:
    device = TRANSFER_DEVICES[technology]
    values = {
        "in_chop_prob": settings.in_chop_prob,
        "auto_granularity": settings.auto_granularity,
        "fast_lr": settings.fast_lr,
        "tail_weightening": settings.tail_weightening,
    }
    given: dict[str, Any] = {name: value for name, value in values.items() if value is not None}

    def make_compound() -> ChoppedTransferCompound:
        return compound_class(
            unit_cell_devices=[device(), device()],
            transfer_forward=_plain_read(),
            transfer_update=_single_pulse(),
            units_in_mbatch=False,
            auto_scale=True,
            **given,
        )

    name = f"{prefix}{technology}Preset"
    return _preset(name, UnitCellRPUConfig, doc, make_compound, settings.desired_bl)


def ttv2_preset(technology: str) -> type[UnitCellRPUConfig]:
    """Return the configuration of TTv2, buffered transfer without chopping."""
    doc = f"TTv2 on pairs of {technology} devices."
    return _buffered_preset("TTv2", doc, technology, ChoppedTransferCompound, TTV2[technology])


def chopped_ttv2_preset(technology: str) -> type[UnitCellRPUConfig]:
    """Return the configuration of chopped TTv2."""
    doc = f"Chopped TTv2 on pairs of {technology} devices."
    settings = CHOPPED[technology]
    return _buffered_preset("ChoppedTTv2", doc, technology, ChoppedTransferCompound, settings)


def agad_preset(technology: str) -> type[UnitCellRPUConfig]:
    """Return the configuration of AGAD."""
    doc = f"AGAD on pairs of {technology} devices."
    return _buffered_preset("AGAD", doc, technology, DynamicTransferCompound, AGAD[technology])


def mixed_precision_preset(technology: str) -> type[DigitalRankUpdateRPUConfig]:
    """Return the configuration of mixed-precision training."""
    device = DEVICES[technology]
    return _preset(
        f"MixedPrecision{technology}Preset",
        DigitalRankUpdateRPUConfig,
        f"Mixed-precision training on {technology} devices.",
        lambda: MixedPrecisionCompound(device=device()),
    )
