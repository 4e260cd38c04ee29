"""What stands at the cross points of a tile, as the tile sees it."""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.record import Record
from aihwkit.functional.pulses import ExactUpdate, Pulses
from aihwkit.functional.update_settings import UpdateSettings

__all__ = ["WHOLE", "Cell", "Region", "UpdateContext", "columns_in_range"]

Region = tuple[slice | Tensor, slice | Tensor]
"""Rows and columns of a part of the matrix."""

WHOLE: Region = (slice(None), slice(None))
"""Rows and columns of the whole matrix; recognised by identity."""


@dataclass(frozen=True)
class UpdateContext:
    """What all vectors of one update call share.

    Attributes:
        settings: how the outer product is turned into pulses.
        generator: source of all draws.
        m_batch: number of vectors of the call.
        lr: learning rate of the tile.
    """

    settings: UpdateSettings
    generator: torch.Generator
    m_batch: int
    lr: float = 1.0


def columns_in_range(x_size: int, start: int, num: int) -> list[int]:
    """Return the columns of a circular range; a negative number means all."""
    if num < 0 or num >= x_size:
        return list(range(x_size))
    return [(start + k) % x_size for k in range(num)]


class Cell(ABC):
    """A matrix of devices, or of cells of several devices, with its visible weights.

    The weights `[d, x]` are changed in place only, so that whoever shares the storage sees every
    change.
    """

    weight: Tensor

    @property
    def uses_pulses(self) -> bool:
        """Whether gradients arrive as pulses (otherwise as an exact outer product)."""
        return True

    @property
    def takes_slices_at_once(self) -> bool:
        """Whether pulses of several columns or rows act as those of one after the other."""
        return False

    @property
    @abstractmethod
    def granularity(self) -> float:
        """Mean weight change of one pulse at zero weight; the unit of pulse trains."""

    @property
    @abstractmethod
    def n_states(self) -> float:
        """Mean number of pulses from the lower to the upper bound."""

    @abstractmethod
    def set(self, value: Tensor, generator: torch.Generator) -> None:
        """Write weights; what the devices cannot hold is limited to their bounds."""

    @abstractmethod
    def clip(self, limit: float, generator: torch.Generator) -> None:
        """Limit weights to ±limit and the bounds of the devices; negative: the bounds only."""

    @abstractmethod
    def decay(self, alpha: float, generator: torch.Generator) -> None:
        """Let weights decay as in `alpha` mini-batches."""

    @abstractmethod
    def diffuse(self, generator: torch.Generator) -> None:
        """Let weights diffuse as in one mini-batch."""

    @abstractmethod
    def drift(self, delta_t: float, generator: torch.Generator) -> None:
        """Let weights drift for some time."""

    @abstractmethod
    def reset(self, columns: list[int], prob: float, generator: torch.Generator) -> None:
        """Reset the devices of some columns, each with a probability."""

    @abstractmethod
    def update(self, x: Tensor, d: Tensor, lr: float | Tensor, context: UpdateContext) -> None:
        """Update for a batch of vectors `x` `[batch, x]` and gradients `d` `[batch, d]`."""

    @abstractmethod
    def apply(
        self, pulses: Pulses | ExactUpdate, context: UpdateContext, region: Region = WHOLE
    ) -> None:
        """Apply the pulses of some vectors, in order, to a region of the matrix."""

    def apply_recorded(
        self, pulses: Pulses | ExactUpdate, context: UpdateContext, record: Record
    ) -> bool:
        """Apply pulses as `apply` does, and write down weights on the way.

        Returns:
            Whether it was done; False, with nothing changed, if the devices cannot.
        """
        return False

    @abstractmethod
    def bind(self, storage: Tensor) -> None:
        """Keep the visible weights in other storage, which already holds them."""

    @abstractmethod
    def map(self, function: Callable[[Tensor], Tensor]) -> None:
        """Apply a device move to all tensors but the visible weights."""

    def hidden_parameters(self) -> "OrderedDict[str, Tensor]":
        """Return what makes each device what it is, by name, each `[d, x]`."""
        return OrderedDict()

    def set_hidden_parameters(
        self, values: "OrderedDict[str, Tensor]", generator: torch.Generator
    ) -> None:
        """Take over hidden parameters; visible weights follow."""
        if values:
            raise RuntimeError(f"{type(self).__name__} has no hidden parameters")

    def extra(self) -> dict[str, Any]:
        """Return the rest of the state (counters, indices, clocks) by name."""
        return {}

    def load_extra(self, state: dict[str, Any]) -> None:
        """Take over the entries that `extra` returned and that are present."""
        return

    @property
    def update_index(self) -> int:
        """Index of the device that receives the next update, where only one does."""
        return 0

    @update_index.setter
    def update_index(self, index: int) -> None:
        return

    def pulse_counters(self) -> Tensor:
        """Return the numbers of pulses so far, int64 `[n, d, x]`; empty if they are not counted."""
        return torch.empty(0, dtype=torch.int64)
