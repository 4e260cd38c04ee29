"""Tile of the tiki-taka family whose transfers are written in torch: a template to derive from."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from aihwkit.exceptions import AnalogBiasConfigError, ConfigError
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.tiles.base import SimulatorTileWrapper
from aihwkit.simulator.tiles.functions import analog_product
from aihwkit.simulator.tiles.module import TileModule
from aihwkit.simulator.tiles.periphery import TileWithPeriphery
from aihwkit.simulator.tiles.transfer_simulator import TransferSimulatorTile

__all__ = ["TorchTransferTile", "TransferSimulatorTile"]


class TorchTransferTile(TileModule, TileWithPeriphery, SimulatorTileWrapper):
    """Tile module around a `TransferSimulatorTile`, trained by analog optimizers.

    It transfers once for each mini-batch at most, where `AnalogTile` with the same compound goes
    through the vectors of a mini-batch one by one.

    Args:
        out_size: number of outputs.
        in_size: number of inputs.
        rpu_config: `UnitCellRPUConfig` with a `ChoppedTransferCompound` or
            `DynamicTransferCompound`.
        bias: whether there is a bias; only a digital one.
        in_trans: must be False.
        out_trans: must be False.

    Raises:
        ConfigError: if the configuration is not supported.
        AnalogBiasConfigError: if the bias would be on the crossbar.

    Example:
        >>> config = TTv2ReRamSBPreset(tile_class=TorchTransferTile)
        >>> layer = AnalogLinear(10, 5, rpu_config=config)
    """

    supports_indexed = False
    supports_ddp = True

    def __init__(
        self,
        out_size: int,
        in_size: int,
        rpu_config: RPUConfigBase,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
    ) -> None:
        if in_trans or out_trans:
            raise ConfigError("in_trans and out_trans must be False for a transfer tile")
        mapping = getattr(rpu_config, "mapping", None)
        if bias and mapping is not None and not mapping.digital_bias:
            raise AnalogBiasConfigError(
                "transfer tiles only support a digital bias, got mapping.digital_bias=False"
            )
        TileModule.__init__(self)
        self.shared_weights = None
        SimulatorTileWrapper.__init__(
            self,
            out_size,
            in_size,
            rpu_config,
            bias,
            handle_output_bound=True,
            ignore_analog_state=True,
        )
        self.init_periphery()

    def _create_simulator_tile(self, x_size: int, d_size: int, rpu_config: Any) -> Any:
        """Build the simulator tile."""
        return TransferSimulatorTile(x_size, d_size, rpu_config, self.get_dtype())

    def _recreate_simulator_tile(self, x_size: int, d_size: int, rpu_config: Any) -> Any:
        """Keep the simulator tile, unless a checkpoint brings another configuration."""
        if rpu_config == self.rpu_config:
            return self.tile
        return self._create_simulator_tile(x_size, d_size, rpu_config).to(self.device)

    def replace_with(self, rpu_config: RPUConfigBase) -> None:
        """Refuse: the two tiles inside are built for one configuration.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            "the configuration of a TorchTransferTile cannot be replaced; build a new layer"
        )

    def forward(self, x_input: Tensor, tensor_view: tuple[int, ...] | None = None) -> Tensor:
        """Return the product, learned output scales and digital bias included."""
        output = analog_product(self, x_input)
        view = tensor_view or self.get_tensor_view(output.dim())
        output = self.apply_out_scaling(output, view)
        return output if self.bias is None else output + self.bias.view(*view)

    def post_update_step(self) -> None:
        """Let both tiles inside diffuse and decay as configured, once per optimizer step."""
        simulator: Any = self.tile
        simulator.post_update_step()
