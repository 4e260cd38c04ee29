"""Unit cells whose weight is a fixed sum of the weights of their devices."""

import copy
import warnings
from dataclasses import dataclass, field
from typing import Any, ClassVar

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.parameters.enums import VectorUnitCellUpdatePolicy
from aihwkit.simulator.parameters.io import IOParameters
from aihwkit.simulator.parameters.training import UpdateParameters

from .compound_base import UnitCell

__all__ = ["DifferenceUnitCell", "OneSidedUnitCell", "ReferenceUnitCell", "VectorUnitCell"]

_PAIR = 2


def _check_gamma_vec(cell: Any, n_devices: int) -> None:
    if cell.gamma_vec and len(cell.gamma_vec) != n_devices:
        raise ConfigError(
            f"{type(cell).__name__}.gamma_vec must have one entry for each of the {n_devices} "
            f"devices, got {len(cell.gamma_vec)}: {cell.gamma_vec}"
        )


@dataclass
class VectorUnitCell(UnitCell):
    r"""Several devices per cross-point, $w = \sum_k \gamma_k w_k$."""

    bindings_class: ClassVar[str | None] = "VectorResistiveDeviceParameter"

    update_policy: VectorUnitCellUpdatePolicy = VectorUnitCellUpdatePolicy.ALL
    """Which devices receive the pulses."""

    first_update_idx: int = 0
    """Device that is updated first, or alone."""

    gamma_vec: list[float] = field(default_factory=list, metadata={"hide_if": []})
    """Weight of each device in the sum; empty: `1 / n` each."""

    def check_devices(self) -> None:
        """Check the devices and the length of `gamma_vec`."""
        super().check_devices()
        _check_gamma_vec(self, len(self.unit_cell_devices))


@dataclass
class ReferenceUnitCell(UnitCell):
    r"""A device and a reference device, $w = \gamma_0 w_0 + \gamma_1 w_1$.

    Only the first is updated.
    A single device given is used for both; of more than two the first two are used.
    """

    bindings_class: ClassVar[str | None] = "VectorResistiveDeviceParameter"

    update_policy: VectorUnitCellUpdatePolicy = VectorUnitCellUpdatePolicy.SINGLE_FIXED
    """Which devices receive the pulses."""

    first_update_idx: int = 0
    """Device that is updated."""

    gamma_vec: list[float] = field(
        default_factory=lambda: [1.0, -1.0], metadata={"hide_if": [1.0, -1.0]}
    )
    """Weight of each device in the sum."""

    def check_devices(self) -> None:
        """Check the devices and the length of `gamma_vec`."""
        super().check_devices()
        _check_gamma_vec(self, _PAIR)

    def effective_devices(self) -> list[Any]:
        """Return exactly two descriptions."""
        devices = self.unit_cell_devices[:_PAIR]
        if len(self.unit_cell_devices) > _PAIR:
            warnings.warn(
                f"a ReferenceUnitCell uses two devices, {len(self.unit_cell_devices)} are given; "
                "the others have no effect",
                stacklevel=4,
            )
        return devices if len(devices) == _PAIR else [devices[0], copy.deepcopy(devices[0])]


@dataclass
class OneSidedUnitCell(UnitCell):
    r"""Two devices that only ever receive up pulses, $w = w_{plus} - w_{minus}$.

    Both are built from the description of the first. When both weights of a cross-point are high
    they are refreshed: read, reset, and their difference written again.
    """

    bindings_class: ClassVar[str | None] = "OneSidedResistiveDeviceParameter"

    refresh_every: int = 0
    """Number of updates between refreshes; 0: never."""

    units_in_mbatch: bool = True
    """Count mini-batches instead of vectors."""

    refresh_upper_thres: float = 0.75
    """Fraction of the largest weight that one device must exceed to be refreshed."""

    refresh_lower_thres: float = 0.25
    """Fraction of the largest weight that the other one must exceed."""

    refresh_forward: IOParameters = field(default_factory=IOParameters)
    """How the devices are read."""

    refresh_update: UpdateParameters = field(default_factory=UpdateParameters)
    """How the difference is written."""

    copy_inverted: bool = False
    """Mirror the second device's up response from the first one's down response."""

    def check_devices(self) -> None:
        """Check that there are at most two plain devices, of the same class."""
        super().check_devices()
        devices = self.unit_cell_devices
        owner = type(self).__name__
        if len(devices) > _PAIR:
            raise ConfigError(f"{owner}.unit_cell_devices must be two devices, got {len(devices)}")
        nested = [device for device in devices if isinstance(device, UnitCell)]
        if nested:
            given = type(nested[0]).__name__
            raise ConfigError(f"{owner}.unit_cell_devices must be single devices, got a {given}")
        if len({type(device) for device in devices}) > 1:
            names = " and ".join(type(device).__name__ for device in devices)
            raise ConfigError(f"{owner}.unit_cell_devices must be of one class, got {names}")

    def effective_devices(self) -> list[Any]:
        """Return the first description twice."""
        first = self.unit_cell_devices[0]
        if self.unit_cell_devices[-1] != first:
            warnings.warn(
                f"a {type(self).__name__} builds both devices from the first description; the "
                "second one differs and has no effect",
                stacklevel=4,
            )
        return [first, copy.deepcopy(first)]


@dataclass
class DifferenceUnitCell(OneSidedUnitCell):
    """Old name of `OneSidedUnitCell`."""

    def __post_init__(self) -> None:
        """Say that the name is deprecated."""
        warnings.warn(
            "DifferenceUnitCell is deprecated, use OneSidedUnitCell",
            DeprecationWarning,
            stacklevel=3,
        )
        super().__post_init__()
