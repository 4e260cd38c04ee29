"""The simulator core: parameter objects, enumerations and simulator tiles."""

from aihwkit.simulator.rpu_base import cuda, devices, tiles

__all__ = ["cuda", "devices", "tiles"]
