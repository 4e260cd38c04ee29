"""Tiles that are trained in analog: the weights change by pulses on simulated devices."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.base import BaseTile
from aihwkit.simulator.tiles.defaults import device_of
from aihwkit.simulator.tiles.functions import analog_product
from aihwkit.simulator.tiles.module import TileModule
from aihwkit.simulator.tiles.native import NativeTile
from aihwkit.simulator.tiles.rpucuda import RPUCudaSimulatorTileWrapper

__all__ = ["AnalogTile", "AnalogTileWithoutPeriphery"]


class AnalogTile(NativeTile):
    r"""Tile with analog products and pulsed updates on resistive devices.

    Forward is :math:`y = W x`, backward :math:`W^T d`, update :math:`W \leftarrow W - \lambda d
    x^T`, each with the non-idealities of the configuration, which has the fields `forward`,
    `backward`, `update` and `device`. Takes the arguments of `NativeTile`.
    """

    @staticmethod
    def _default_config() -> RPUConfigBase:
        from aihwkit.simulator.configs.configs import SingleRPUConfig

        return SingleRPUConfig()

    def _create_simulator_tile(self, x_size: int, d_size: int, rpu_config: Any) -> Any:
        """Build the simulator tile of the configured device."""
        device = device_of(rpu_config).as_bindings(self.get_data_type())
        return rpu_config.as_bindings().create_array(x_size, d_size, device)


class AnalogTileWithoutPeriphery(TileModule, BaseTile, RPUCudaSimulatorTileWrapper):
    """Analog tile without scales, digital bias and input range.

    Args:
        out_size: number of outputs.
        in_size: number of inputs.
        rpu_config: configuration.
        bias: whether there is a bias; only on the crossbar.
        in_trans: inputs come as `[in, batch]`.
        out_trans: outputs go as `[out, batch]`.
    """

    supports_indexed = False

    def __init__(
        self,
        out_size: int,
        in_size: int,
        rpu_config: RPUConfigBase,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
    ) -> None:
        TileModule.__init__(self)
        RPUCudaSimulatorTileWrapper.__init__(
            self, out_size, in_size, rpu_config, bias, in_trans, out_trans
        )

    _create_simulator_tile = AnalogTile._create_simulator_tile

    def forward(self, x_input: Tensor) -> Tensor:
        """Return the product."""
        return analog_product(self, x_input)

    def joint_forward(self, x_input: Tensor, is_test: bool = False, ctx: Any = None) -> Tensor:
        """Return the product."""
        return self.tile.forward(x_input, self.analog_bias, self.in_trans, self.out_trans, is_test)

    def backward(self, d_input: Tensor, ctx: Any = None) -> Tensor:
        """Return the transposed product."""
        return self.tile.backward(d_input, self.analog_bias, self.out_trans, self.in_trans)

    def update(self, x_input: Tensor, d_input: Tensor) -> None:
        """Update the weights from inputs and output gradients."""
        self.tile.update(x_input, d_input, self.analog_bias, self.in_trans, self.out_trans)

    def has_learned_input_range(self) -> bool:
        """Tell that there is no input range."""
        return False

    def set_learning_rate(self, learning_rate: float | None) -> None:
        """Set the learning rate; None is ignored."""
        if learning_rate is not None:
            self.tile.set_learning_rate(learning_rate)

    def get_learning_rate(self) -> float:
        """Return the learning rate."""
        return self.tile.get_learning_rate()
