"""RPU configuration for a named training algorithm."""

import copy
from collections.abc import Callable
from typing import Any

from aihwkit.exceptions import ArgumentError
from aihwkit.simulator.parameters.checked import CheckedParameters
from aihwkit.simulator.parameters.enums import (
    BoundManagementType,
    NoiseManagementType,
    VectorUnitCellUpdatePolicy,
)
from aihwkit.simulator.parameters.io import IOParameters
from aihwkit.simulator.parameters.training import UpdateParameters
from aihwkit.simulator.parameters.values import nearest

from .device_base import DeviceParameters
from .digital_update import MixedPrecisionCompound
from .training_configs import DigitalRankUpdateRPUConfig, SingleRPUConfig, UnitCellRPUConfig
from .transfer_compounds import (
    ChoppedTransferCompound,
    DynamicTransferCompound,
    TransferCompound,
)
from .vector_cells import VectorUnitCell

__all__ = ["build_config"]

_ALGORITHMS = {
    "sgd": "sgd",
    "tiki-taka": "ttv1",
    "tt": "ttv1",
    "ttv1": "ttv1",
    "ttv2": "ttv2",
    "chopped-ttv2": "c-ttv2",
    "ttv3": "c-ttv2",
    "c-ttv2": "c-ttv2",
    "agad": "agad",
    "ttv4": "agad",
    "mp": "mp",
    "mixed-precision": "mp",
}


def _make(template: Any, **overrides: Any) -> Any:
    """Return a new object of a class or callable, or a changed copy of an object."""
    if not isinstance(template, CheckedParameters):
        return template(**overrides)
    result = copy.deepcopy(template)
    for name, value in overrides.items():
        setattr(result, name, value)
    return result


def _transfer_compound(
    algorithm: str,
    devices: list[Any],
    make_io: Callable[..., Any],
    make_update: Callable[..., Any],
    construction_seed: int,
) -> DeviceParameters:
    plain_read = {
        "noise_management": NoiseManagementType.NONE,
        "bound_management": BoundManagementType.NONE,
    }
    if algorithm == "ttv1":
        return TransferCompound(
            unit_cell_devices=devices,
            transfer_forward=make_io(**plain_read),
            transfer_update=make_update(),
            units_in_mbatch=True,
            construction_seed=construction_seed,
        )
    managed = algorithm == "agad"
    common: dict[str, Any] = {
        "unit_cell_devices": devices,
        "transfer_forward": make_io(**({} if managed else plain_read)),
        "transfer_update": make_update(
            desired_bl=1, update_bl_management=managed, update_management=managed
        ),
        "units_in_mbatch": False,
        "construction_seed": construction_seed,
    }
    if algorithm == "ttv2":
        return ChoppedTransferCompound(in_chop_prob=0.0, auto_scale=False, **common)
    cls = DynamicTransferCompound if managed else ChoppedTransferCompound
    return cls(fast_lr=0.1, auto_scale=True, **common)


def build_config(
    algorithm: str,
    device: Any,
    io_parameters: Any = IOParameters,
    up_parameters: Any = UpdateParameters,
    n_devices: int = 1,
    construction_seed: int = 0,
    **kwargs: Any,
) -> SingleRPUConfig | UnitCellRPUConfig | DigitalRankUpdateRPUConfig:
    """Return the configuration of a training algorithm on a device.

    Example:
        >>> from aihwkit.simulator.configs import SoftBoundsReferenceDevice, build_config
        >>> rpu_config = build_config("agad", SoftBoundsReferenceDevice)

    Args:
        algorithm: `"sgd"`, `"tiki-taka"` (`"tt"`, `"ttv1"`), `"ttv2"`,
            `"c-ttv2"` (`"chopped-ttv2"`, `"ttv3"`), `"agad"` (`"ttv4"`) or `"mp"`
            (`"mixed-precision"`), in any case.
        device: Class, callable that takes keyword arguments, or object (copied for every use).
        io_parameters: The same for the analog products.
        up_parameters: The same for the updates.
        n_devices: Number of devices per cross-point; for `"sgd"` only.
        construction_seed: Seed of the draws at construction; 0: different every time.
        **kwargs: Further arguments of the configuration, such as `mapping`.

    Raises:
        ArgumentError: If the algorithm is unknown.
    """
    name = _ALGORITHMS.get(algorithm.lower())
    if name is None:
        raise ArgumentError(
            f"algorithm must be one of {', '.join(sorted(_ALGORITHMS))}, got {algorithm!r}"
            f"{nearest(algorithm, _ALGORITHMS)}"
        )

    def make_io(**overrides: Any) -> Any:
        return _make(io_parameters, **overrides)

    def make_update(**overrides: Any) -> Any:
        return _make(up_parameters, **overrides)

    kwargs |= {"forward": make_io(), "backward": make_io()}
    if name == "mp":
        compound = MixedPrecisionCompound(_make(device), construction_seed=construction_seed)
        return DigitalRankUpdateRPUConfig(device=compound, update=make_update(), **kwargs)
    if name == "sgd" and n_devices == 1:
        single = _make(device, construction_seed=construction_seed)
        return SingleRPUConfig(device=single, update=make_update(), **kwargs)
    if name == "sgd":
        cell = VectorUnitCell(
            [_make(device) for _ in range(n_devices)],
            update_policy=VectorUnitCellUpdatePolicy.SINGLE_RANDOM,
            construction_seed=construction_seed,
        )
        return UnitCellRPUConfig(device=cell, update=make_update(), **kwargs)
    devices = [_make(device), _make(device)]
    transfer = _transfer_compound(name, devices, make_io, make_update, construction_seed)
    update = make_update() if name == "ttv1" else make_update(desired_bl=5)
    return UnitCellRPUConfig(device=transfer, update=update, **kwargs)
