"""Compounds that accumulate gradients on a fast device and transfer them to a slow one."""

import warnings
from dataclasses import dataclass, field
from typing import Any, ClassVar

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.parameters.checked import bounded
from aihwkit.simulator.parameters.io import IOParameters
from aihwkit.simulator.parameters.training import UpdateParameters

from .compound_base import UnitCell

__all__ = [
    "BufferedTransferCompound",
    "ChoppedTransferCompound",
    "DynamicTransferCompound",
    "TransferCompound",
]

_PAIR = 2


def _single_pulse_update() -> UpdateParameters:
    return UpdateParameters(desired_bl=1, update_bl_management=False, update_management=False)


_HIDE_EMPTY: dict[str, Any] = {"hide_if": []}


@dataclass
class TransferCompound(UnitCell):
    r"""Tiki-taka: gradient updates on device 0, its columns regularly added to the next device.

    $w = \sum_k \gamma^{n-1-k} w_k$ for $n$ devices; with `gamma=0` the last one is the weight. The
    second description is used for all devices after the first.

    Reference:
        Gokmen and Haensch, "Algorithm for training neural networks on resistive device arrays",
        Frontiers in Neuroscience 2020.
    """

    bindings_class: ClassVar[str | None] = "TransferResistiveDeviceParameter"

    gamma: float = 0.0
    """Weight of the fast device in the visible weight."""

    gamma_vec: list[float] = field(default_factory=list, metadata=_HIDE_EMPTY)
    """Weight of each device; empty: powers of `gamma`."""

    transfer_every: float = 1.0
    """Number of updates between two transfers of the fast device."""

    no_self_transfer: bool = True
    """Let the last device not transfer to itself."""

    transfer_every_vec: list[float] = field(default_factory=list, metadata=_HIDE_EMPTY)
    """Number of updates between the transfers of each device; empty: from `transfer_every`."""

    units_in_mbatch: bool = True
    """Count mini-batches instead of vectors."""

    n_reads_per_transfer: int = bounded(1, minimum=1)
    """Number of columns (or rows) read at each transfer."""

    transfer_columns: bool = True
    """Transfer columns (forward reads) instead of rows (backward reads)."""

    with_reset_prob: float = bounded(0.0, 0.0, 1.0)
    """Probability that a device is reset after the transfer of its column."""

    random_selection: bool = False
    """Begin at a random column instead of the next one."""

    fast_lr: float = 1.0
    """Learning rate of the fast device; 0 or less: that of the tile."""

    transfer_lr: float = 1.0
    """Learning rate of the transfer."""

    transfer_lr_vec: list[float] = field(default_factory=list, metadata=_HIDE_EMPTY)
    """Learning rate of the transfer from each device; empty: `transfer_lr`."""

    scale_transfer_lr: bool = True
    """Multiply `transfer_lr` by the learning rate of the tile."""

    scale_fast_lr: bool = True
    """Multiply `fast_lr` by the learning rate of the tile."""

    transfer_forward: IOParameters = field(default_factory=IOParameters)
    """How columns are read."""

    transfer_update: UpdateParameters = field(default_factory=UpdateParameters)
    """How the next device is written."""

    def check_devices(self) -> None:
        """Check that there are at least two devices."""
        super().check_devices()
        owner, n_devices = type(self).__name__, len(self.unit_cell_devices)
        if n_devices < _PAIR:
            raise ConfigError(
                f"{owner}.unit_cell_devices must hold a fast and a slow device, got {n_devices}"
            )

    def check_consistency(self) -> None:
        """Check the per-device lists and the reset against the other settings."""
        owner, n_devices = type(self).__name__, len(self.unit_cell_devices)
        for name in ("gamma_vec", "transfer_lr_vec", "transfer_every_vec"):
            values = getattr(self, name)
            if values and len(values) != n_devices:
                raise ConfigError(
                    f"{owner}.{name} must have one entry for each of the {n_devices} devices, got "
                    f"{len(values)}: {values}"
                )
        if self.gamma_vec and self.gamma_vec[-1] == 0:
            raise ConfigError(f"{owner}.gamma_vec must not end with 0, got {self.gamma_vec}")
        if self.with_reset_prob > 0 and not self.transfer_columns:
            raise ConfigError(f"{owner}.with_reset_prob > 0 needs transfer_columns=True")

    def effective_devices(self) -> list[Any]:
        """Return the fast description and the slow one for all others."""
        fast, slow, *others = self.unit_cell_devices
        if any(other != slow for other in others):
            warnings.warn(
                f"a {type(self).__name__} builds all devices after the first from the second "
                "description; later ones differ and have no effect",
                stacklevel=4,
            )
        return [fast, slow, *(slow for _ in others)]


@dataclass
class BufferedTransferCompound(TransferCompound):
    """TTv2: what is read goes through a digital buffer to the slow device, in single pulses.

    Reference:
        Gokmen, "Enabling training of neural networks on noisy hardware", Frontiers in Artificial
        Intelligence 2021.
    """

    bindings_class: ClassVar[str | None] = "BufferedTransferResistiveDeviceParameter"

    thres_scale: float = 1.0
    """Threshold of the buffer in units of the slow device's granularity."""

    step: float = 1.0
    """Size of a write in units of the slow device's granularity."""

    momentum: float = 0.1
    """Fraction of the buffer that is kept after a write."""

    forget_buffer: bool = True
    """Reduce the whole buffer by `momentum` after a write, instead of what was written."""

    transfer_update: UpdateParameters = field(default_factory=_single_pulse_update)
    """How the slow device is written."""


@dataclass
class ChoppedTransferCompound(TransferCompound):
    """Chopped TTv2: buffered transfer with signs of inputs and outputs that flip now and then.

    Reference:
        Rasch, Carta, Fagbohungbe and Gokmen, "Fast and robust analog in-memory deep neural network
        training", Nature Communications 2024.
    """

    bindings_class: ClassVar[str | None] = "ChoppedTransferResistiveDeviceParameter"

    units_in_mbatch: bool = False
    """Count mini-batches instead of vectors."""

    scale_fast_lr: bool = False
    """Multiply `fast_lr` by the learning rate of the tile."""

    transfer_update: UpdateParameters = field(default_factory=_single_pulse_update)
    """How the slow device is written."""

    in_chop_prob: float = bounded(0.1, 0.0, 1.0)
    """Probability (or inverse period) of the flips of the input signs."""

    in_chop_random: bool = True
    """Flip input signs at random instead of regularly."""

    out_chop_prob: float = bounded(0.0, 0.0, 1.0)
    """Probability of the flips of the output signs."""

    buffer_granularity: float = 1.0
    """Granularity of the buffer in units of the fast device's; 0 or less: 1."""

    auto_granularity: float = 0.0
    """If positive, scale the buffer granularity by this over the reads of one sweep."""

    step: float = 1.0
    """Size of a write in units of the slow device's granularity."""

    momentum: float = 0.0
    """Fraction of the buffer that is kept after a write."""

    forget_buffer: bool = True
    """Reduce the whole buffer by `momentum` after a write, instead of what was written."""

    no_buffer: bool = False
    """Write what is read without accumulating it."""

    auto_scale: bool = False
    """Scale `fast_lr` by the running means of the largest input and gradient."""

    auto_momentum: float = bounded(0.99, 0.0, 1.0)
    """Momentum of these running means."""

    correct_gradient_magnitudes: bool = False
    """Make the size of the weight change that of the gradient."""

    def check_devices(self) -> None:
        """Check that there are exactly two devices."""
        super().check_devices()
        owner, n_devices = type(self).__name__, len(self.unit_cell_devices)
        if n_devices != _PAIR:
            raise ConfigError(
                f"{owner}.unit_cell_devices must be exactly two devices, got {n_devices}"
            )

    def check_consistency(self) -> None:
        """Check that one column is read at a time."""
        super().check_consistency()
        if self.n_reads_per_transfer != 1:
            raise ConfigError(
                f"{type(self).__name__}.n_reads_per_transfer must be 1, "
                f"got {self.n_reads_per_transfer}"
            )


@dataclass
class DynamicTransferCompound(ChoppedTransferCompound):
    """AGAD: chopped transfer against a reference estimated on the fly.

    Reference:
        Rasch, Carta, Fagbohungbe and Gokmen, "Fast and robust analog in-memory deep neural network
        training", Nature Communications 2024.
    """

    bindings_class: ClassVar[str | None] = "DynamicTransferResistiveDeviceParameter"

    in_chop_random: bool = False
    """Flip input signs at random instead of regularly."""

    experimental_correct_accumulation: bool = False
    """Divide what is read by the number of reads since the last flip."""

    buffer_cap: float = 0.0
    """If positive, limit of the buffer in units of a write."""

    tail_weightening: float = 5.0
    """Weight of the last reads before a flip in the estimate of the reference."""
