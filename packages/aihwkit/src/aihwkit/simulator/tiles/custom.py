"""A tile with a simulator in torch and an update of its own: a template to derive from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from aihwkit.exceptions import AnalogBiasConfigError, TileError
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.parameters.checked import CheckedParameters
from aihwkit.simulator.parameters.io import IOParameters
from aihwkit.simulator.parameters.mapping import MappableRPU
from aihwkit.simulator.parameters.pre_post import PrePostProcessingRPU
from aihwkit.simulator.tiles.analog_mvm import AnalogMVM
from aihwkit.simulator.tiles.array import TileModuleArray
from aihwkit.simulator.tiles.base import SimulatorTile, SimulatorTileWrapper
from aihwkit.simulator.tiles.defaults import as_rpu_config
from aihwkit.simulator.tiles.functions import analog_product
from aihwkit.simulator.tiles.module import TileModule
from aihwkit.simulator.tiles.periphery import TileWithPeriphery
from aihwkit.simulator.tiles.utils import check_inputs

__all__ = ["CustomRPUConfig", "CustomSimulatorTile", "CustomTile", "CustomUpdateParameters"]


class CustomSimulatorTile(Module, SimulatorTile):
    r"""Matrix with analog products and the update :math:`W - \lambda (d^T x + \sigma \xi)`.

    Derive from it and override `update` (or `forward`, `backward`) to try a training algorithm.

    Args:
        x_size: number of columns.
        d_size: number of rows.
        rpu_config: configuration with `forward`, `backward` and `update`.
        bias: must be False.

    Attributes:
        learning_rate: :math:`\lambda` of the next updates.
    """

    _analog_weight: Tensor

    def __init__(self, x_size: int, d_size: int, rpu_config: Any, bias: bool = False) -> None:
        super().__init__()
        if bias:
            raise AnalogBiasConfigError("custom tiles only support a digital bias")
        self.x_size, self.d_size = x_size, d_size
        self.learning_rate = 0.1
        dtype = rpu_config.runtime.data_type.as_torch()
        self.register_buffer("_analog_weight", torch.zeros(d_size, x_size, dtype=dtype))
        self.set_config(rpu_config)

    def set_config(self, rpu_config: Any) -> None:
        """Take over `forward`, `backward` and `update` of a configuration."""
        AnalogMVM.check_support(rpu_config.forward)
        AnalogMVM.check_support(rpu_config.backward)
        self._f_io, self._b_io = rpu_config.forward, rpu_config.backward
        self._update = rpu_config.update

    @staticmethod
    def _refuse(*flags: bool) -> None:
        if any(flags):
            raise TileError(
                "custom tiles support neither analog biases, transposition nor non-blocking calls"
            )

    def forward(
        self,
        x_input: Tensor,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        is_test: bool = False,
        non_blocking: bool = False,
    ) -> Tensor:
        """Return the analog product of inputs `[..., x_size]`."""
        self._refuse(bias, in_trans, out_trans, non_blocking)
        check_inputs(x_input, self.x_size)
        return AnalogMVM.matmul(self._analog_weight, x_input, self._f_io, False, is_test)

    def backward(
        self,
        d_input: Tensor,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        non_blocking: bool = False,
    ) -> Tensor:
        """Return the analog transposed product of gradients `[..., d_size]`."""
        self._refuse(bias, in_trans, out_trans, non_blocking)
        return AnalogMVM.matmul(self._analog_weight, d_input, self._b_io, True)

    @torch.no_grad()
    def update(
        self,
        x_input: Tensor,
        d_input: Tensor,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        non_blocking: bool = False,
    ) -> None:
        """Update the matrix from inputs `[..., x_size]` and gradients `[..., d_size]`."""
        self._refuse(bias, in_trans, out_trans, non_blocking)
        x, d = x_input.reshape(-1, self.x_size), d_input.reshape(-1, self.d_size)
        gradient = d.t() @ x
        if self._update.gradient_noise > 0:
            gradient += self._update.gradient_noise * torch.randn_like(gradient)
        # In place: the analog context looks at this storage.
        self._analog_weight.sub_(gradient, alpha=self.learning_rate)

    def get_brief_info(self) -> str:
        """Return one line about the tile."""
        return f"{type(self).__name__}({self.extra_repr()})"

    def get_weights(self, as_ref: bool = False) -> Tensor:
        """Return a copy of the matrix, or the live storage."""
        return self._analog_weight if as_ref else self._analog_weight.clone()

    @torch.no_grad()
    def set_weights(self, weight: Tensor) -> None:
        """Write the matrix."""
        self._analog_weight.copy_(weight)

    @torch.no_grad()
    def set_weights_uniform_random(self, bmin: float, bmax: float) -> None:
        """Draw all weights uniformly in `[bmin, bmax)`.

        Raises:
            TileError: if the interval is empty.
        """
        if bmin >= bmax:
            raise TileError(f"bmin must be below bmax, got {bmin!r} and {bmax!r}")
        self._analog_weight.uniform_(bmin, bmax)

    def get_x_size(self) -> int:
        """Return the number of columns."""
        return self.x_size

    def get_d_size(self) -> int:
        """Return the number of rows."""
        return self.d_size

    def get_learning_rate(self) -> float:
        """Return the learning rate."""
        return self.learning_rate

    def set_learning_rate(self, learning_rate: float | None) -> None:
        """Set the learning rate; None is ignored."""
        if learning_rate is not None:
            self.learning_rate = learning_rate

    def extra_repr(self) -> str:
        """Show sizes and device."""
        return f"{self.d_size}, {self.x_size}, {self._analog_weight.device}"


class CustomTile(TileModule, TileWithPeriphery, SimulatorTileWrapper):
    """Tile module around a `CustomSimulatorTile`, trained by analog optimizers.

    Args:
        out_size: number of outputs.
        in_size: number of inputs.
        rpu_config: configuration; None takes `CustomRPUConfig()`.
        bias: whether there is a bias; only a digital one.
        in_trans: must be False.
        out_trans: must be False.

    Raises:
        TileError: if a transposition is asked for.
        AnalogBiasConfigError: if the bias would be on the crossbar.
    """

    supports_indexed = False
    supports_ddp = True

    def __init__(
        self,
        out_size: int,
        in_size: int,
        rpu_config: RPUConfigBase | None = None,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
    ) -> None:
        if in_trans or out_trans:
            raise TileError("in_trans and out_trans must be False for a custom tile")
        config = as_rpu_config(rpu_config, None, CustomRPUConfig)
        mapping = getattr(config, "mapping", None)
        if bias and mapping is not None and not mapping.digital_bias:
            raise AnalogBiasConfigError(
                "custom tiles only support a digital bias, got mapping.digital_bias=False"
            )
        TileModule.__init__(self)
        self.shared_weights = None
        SimulatorTileWrapper.__init__(self, out_size, in_size, config, bias)
        self.init_periphery()

    def _create_simulator_tile(self, x_size: int, d_size: int, rpu_config: Any) -> Any:
        """Build the simulator tile of the configured class."""
        return rpu_config.simulator_tile_class(x_size, d_size, rpu_config)

    def _recreate_simulator_tile(self, x_size: int, d_size: int, rpu_config: Any) -> Any:
        """Keep the simulator tile and its buffers."""
        self.tile.set_config(rpu_config)
        return self.tile

    def forward(self, x_input: Tensor, tensor_view: tuple[int, ...] | None = None) -> Tensor:
        """Return the product, learned output scales and digital bias included."""
        self.tile.set_config(self.rpu_config)
        output = analog_product(self, x_input)
        view = tensor_view or self.get_tensor_view(output.dim())
        output = self.apply_out_scaling(output, view)
        return output if self.bias is None else output + self.bias.view(*view)

    def post_update_step(self) -> None:
        """Do nothing: the update is all there is."""


@dataclass
class CustomUpdateParameters(CheckedParameters):
    """Parameters of the update of a custom tile."""

    gradient_noise: float = 0.0
    """Standard deviation of the noise added to the gradient of every weight."""


@dataclass
class CustomRPUConfig(MappableRPU, PrePostProcessingRPU):
    """Configuration of custom tiles."""

    tile_class: type = CustomTile
    """Class of the tile module."""

    tile_array_class: type | None = TileModuleArray
    """Class of the array of tiles."""

    simulator_tile_class: type = CustomSimulatorTile
    """Class that computes products and updates."""

    forward: IOParameters = field(default_factory=IOParameters)
    """The analog forward product."""

    backward: IOParameters = field(default_factory=IOParameters)
    """The analog backward product."""

    update: CustomUpdateParameters = field(default_factory=CustomUpdateParameters)
    """The update."""
