"""What all tile modules around a native simulator tile have in common."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.defaults import as_rpu_config, is_resistive_device
from aihwkit.simulator.tiles.functions import analog_product
from aihwkit.simulator.tiles.module import TileModule
from aihwkit.simulator.tiles.periphery import TileWithPeriphery
from aihwkit.simulator.tiles.rpucuda import RPUCudaSimulatorTileWrapper

__all__ = ["NativeTile"]


class NativeTile(TileModule, TileWithPeriphery, RPUCudaSimulatorTileWrapper):
    """Tile module around a simulator tile, with its digital periphery.

    Args:
        out_size: number of outputs.
        in_size: number of inputs.
        rpu_config: configuration; None takes the default of the class.
        bias: whether there is a bias; digital or on the crossbar, as the mapping says.
        in_trans: inputs come as `[in, batch]`.
        out_trans: outputs go as `[out, batch]`.
        resistive_device: configuration or device of the first interface, instead of `rpu_config`.

    Raises:
        ArgumentError: if both `rpu_config` and `resistive_device` are given.
        ConfigError: if the configuration is inconsistent.
    """

    supports_ddp = True

    def __init__(
        self,
        out_size: int,
        in_size: int,
        rpu_config: RPUConfigBase | None = None,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        *,
        resistive_device: Any = None,
    ) -> None:
        config = as_rpu_config(rpu_config, resistive_device, self._default_config)
        self._init_tile(out_size, in_size, config, bias, in_trans, out_trans)
        given = rpu_config if resistive_device is None else resistive_device
        self.resistive_device = given if is_resistive_device(given) else None

    def _init_tile(self, *arguments: Any, **options: Any) -> None:
        TileModule.__init__(self)
        RPUCudaSimulatorTileWrapper.__init__(self, *arguments, **options)
        self.init_periphery()

    @staticmethod
    def _default_config() -> RPUConfigBase:
        """Return the configuration of a tile that is built without one."""
        raise NotImplementedError

    def forward(
        self,
        x_input: Tensor,
        tensor_view: tuple[int, ...] | bool | None = None,
        *,
        is_test: bool | None = None,
    ) -> Tensor:
        """Return the product, learned output scales and digital bias included.

        Args:
            x_input: inputs `[..., in]`, or images if the tile unfolds them.
            tensor_view: view that broadcasts a vector over the output dimension; a bool is taken
                as `is_test`.
            is_test: compute without autograd, scales and bias included.
        """
        if isinstance(tensor_view, bool):
            tensor_view, is_test = None, tensor_view
        if is_test is not None:
            product = self.joint_forward_indexed if self.is_indexed() else self.joint_forward
            return self._finish(product(x_input.detach(), is_test), tensor_view)
        output = analog_product(self, x_input)
        return self._finish(output, tensor_view)

    def _finish(self, output: Tensor, tensor_view: tuple[int, ...] | None) -> Tensor:
        """Apply learned scales and the digital bias."""
        if self.out_scaling_alpha is None and self.bias is None:
            return output
        if tensor_view is None:
            dim = 1 if self.is_indexed() else None
            tensor_view = self.get_tensor_view(output.dim(), dim)
        output = self.apply_out_scaling(output, tensor_view)
        return output if self.bias is None else output + self.bias.view(*tensor_view)
