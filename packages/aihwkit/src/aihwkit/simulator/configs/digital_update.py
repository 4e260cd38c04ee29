"""Compounds that compute the update in digital memory."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.parameters.enums import RPUDataType
from aihwkit.simulator.parameters.helpers import parameters_to_bindings

from .compound_base import AbstractDeviceError, check_inner_device, warn_of_inner_seeds
from .device_base import DeviceParameters
from .vector_cells import VectorUnitCell

__all__ = ["DigitalRankUpdateCell", "MixedPrecisionCompound"]


@dataclass
class DigitalRankUpdateCell(DeviceParameters):
    """Base of the compounds that accumulate the outer product digitally."""

    bindings_ignore: ClassVar[list[str]] = ["diffusion", "lifetime"]

    device: DeviceParameters = field(default_factory=VectorUnitCell)
    """The device that holds the weight."""

    construction_seed: int = 0
    """Seed of the draws at construction; 0: different every time."""

    def requires_diffusion(self) -> bool:
        """Return whether the weights of the device diffuse after each mini-batch."""
        return self.device.requires_diffusion()

    def requires_decay(self) -> bool:
        """Return whether the weights of the device decay after each mini-batch."""
        return self.device.requires_decay()

    def as_bindings(self, data_type: RPUDataType = RPUDataType.FLOAT) -> Any:
        """Return the parameter object of the simulator core, with that of the device in it.

        Raises:
            ConfigError: If the description is wrong; the message names the field.
            NotImplementedError: For the base class itself.
        """
        owner = type(self).__name__
        if self.bindings_class is None:
            raise AbstractDeviceError(
                f"{owner} describes no device by itself; use MixedPrecisionCompound"
            )
        check_inner_device(owner, "device", self.device)
        warn_of_inner_seeds(owner, [self.device])
        result = parameters_to_bindings(self, data_type)
        if not result.set_device_parameter(self.device.as_bindings(data_type)):
            raise ConfigError(f"a {owner} cannot contain a {type(self.device).__name__}")
        return result


@dataclass
class MixedPrecisionCompound(DigitalRankUpdateCell):
    """Outer products accumulate in a digital matrix; whole steps of it are written to the device.

    Reference:
        Nandakumar et al., "Mixed-precision deep learning based on computational memory", Frontiers
        in Neuroscience 2020.
    """

    bindings_class: ClassVar[str | None] = "MixedPrecResistiveDeviceParameter"

    transfer_every: int = 1
    """Number of mini-batches between transfers."""

    n_rows_per_transfer: int = -1
    """Number of rows written at each transfer; negative: all."""

    random_row: bool = False
    """Begin at a random row instead of the next one."""

    granularity: float = 0.0
    """Size of a written step; 0 or less: the granularity of the device."""

    transfer_lr: float = 1.0
    """Learning rate of the transfer."""

    n_x_bins: int = 0
    """Number of levels of the input in the outer product; 0: not quantised."""

    n_d_bins: int = 0
    """Number of levels of the gradient in the outer product; 0: not quantised."""

    stoc_round_x: bool = True
    """Stochastic rounding of the input."""

    stoc_round_d: bool = True
    """Stochastic rounding of the gradient."""
