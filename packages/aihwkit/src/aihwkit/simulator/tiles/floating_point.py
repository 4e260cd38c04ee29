"""Tile with exact products and exact updates."""

from __future__ import annotations

from typing import Any

from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.defaults import device_of
from aihwkit.simulator.tiles.native import NativeTile

__all__ = ["FloatingPointTile"]


class FloatingPointTile(NativeTile):
    r"""Tile without non-idealities: :math:`y = W x`, :math:`W^T d`, :math:`W - \lambda d x^T`.

    Takes the arguments of `NativeTile`; the configuration is a `FloatingPointRPUConfig` or anything
    with a `device` that makes floating-point tiles.
    """

    @staticmethod
    def _default_config() -> RPUConfigBase:
        from aihwkit.simulator.configs.configs import FloatingPointRPUConfig

        return FloatingPointRPUConfig()

    def _create_simulator_tile(self, x_size: int, d_size: int, rpu_config: Any) -> Any:
        """Build the floating-point simulator tile."""
        device = device_of(rpu_config).as_bindings(self.get_data_type())
        return device.create_array(x_size, d_size)
