"""From parameter objects to devices and cells of devices."""

from typing import Any, Protocol

from torch import Tensor

from aihwkit.engine.cells.base import Cell
from aihwkit.engine.cells.ideal import IdealCell
from aihwkit.exceptions import ConfigError
from aihwkit.functional.update_settings import UpdateSettings
from synaptensor.random import RandomStream

__all__ = ["Builder", "make_cell", "register"]


class Builder(Protocol):
    """Makes a cell from its parameter object; without storage it only checks the parameters."""

    def __call__(
        self, meta: Any, weight: Tensor | None, random: RandomStream, settings: UpdateSettings
    ) -> Cell | None:
        """Return the cell, or None if there is no storage."""


_BUILDERS: dict[str, Builder] = {}


def register(kind: str, builder: Builder) -> None:
    """Let parameter objects with the attribute `kind` be built by `builder`."""
    _BUILDERS[kind] = builder


def make_cell(
    meta: Any, weight: Tensor | None, random: RandomStream, settings: UpdateSettings
) -> Cell | None:
    """Make the devices of a tile.

    Args:
        meta: parameter object of the core, with the class attribute `kind`.
        weight: storage of the visible weights `[d, x]`; None checks the parameters only.
        random: stream of the draws.
        settings: of the tile's update.

    Raises:
        ConfigError: if the parameters are refused, or there is no device of this kind.
    """
    kind = getattr(meta, "kind", None)
    if kind not in _BUILDERS:
        known = ", ".join(sorted(_BUILDERS))
        raise ConfigError(
            f"a tile cannot simulate a {type(meta).__name__}; known kinds of devices: {known}"
        )
    return _BUILDERS[kind](meta, weight, random, settings)


def _ideal(
    meta: Any, weight: Tensor | None, random: RandomStream, settings: UpdateSettings
) -> Cell | None:
    return None if weight is None else IdealCell(weight, meta)


register("Ideal", _ideal)
