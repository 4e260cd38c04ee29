"""Simulator tile in torch whose wires have a resistance in evaluation mode."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from aihwkit.exceptions import ConfigError, TorchTileConfigError
from aihwkit.simulator.tiles.analog_mvm_irdrop_t import AnalogMVMIRDropT, Crossbar
from aihwkit.simulator.tiles.torch_tile import TorchSimulatorTile
from aihwkit.simulator.tiles.utils import check_inputs

__all__ = ["TorchSimulatorTileIRDropT"]


class TorchSimulatorTileIRDropT(TorchSimulatorTile):
    """Matrix with time-resolved IR drop in evaluation mode.

    Inputs are pulses whose length is the value; every column is read at one end, even ones at the
    last row and odd ones at the first. The physical array has `mapping.max_input_size` rows, and
    rows that are not needed hold zero weights on both sides.

    Args:
        x_size: number of columns of the matrix (rows of the array).
        d_size: number of rows of the matrix.
        rpu_config: configuration whose `forward` is an `IOParametersIRDropT`.
        bias: must be False.

    Raises:
        ConfigError: if a setting is not supported.

    Reference:
        Le Gallo et al., "A 64-core mixed-signal in-memory compute chip based on phase-change
        memory for deep neural network inference", Nature Electronics 2023.
    """

    def __init__(self, x_size: int, d_size: int, rpu_config: Any, bias: bool = False) -> None:
        super().__init__(x_size, d_size, rpu_config, bias, analog_mvm=AnalogMVMIRDropT)
        mapping = rpu_config.mapping
        self._phys_input_size = max(int(mapping.max_input_size) or x_size, x_size)
        segments = rpu_config.forward.ir_drop_segments
        if segments < 1 or self._phys_input_size % segments:
            raise ConfigError(
                f"ir_drop_segments must divide the {self._phys_input_size} rows of the array, got "
                f"{segments}"
            )

    def set_config(self, rpu_config: Any) -> None:
        """Take over `forward`, `modifier` and the noise model of a configuration."""
        super().set_config(rpu_config)
        self._noise_source = rpu_config

    @property
    def crossbar(self) -> Crossbar:
        """The physical array, with the converter of the current noise model.

        Raises:
            ConfigError: if there is no noise model.
        """
        model = getattr(self._noise_source, "noise_model", None)
        if model is None:
            raise ConfigError(
                "rpu_config.noise_model must be a BaseNoiseModel for time-resolved IR drop, which "
                "needs its g_converter, got None"
            )
        return Crossbar(self._phys_input_size, model.g_converter)

    def forward(
        self,
        x_input: Tensor,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        is_test: bool = False,
        non_blocking: bool = False,
    ) -> Tensor:
        """Return the analog product of inputs `[..., x_size]`.

        Raises:
            TorchTileConfigError: if a bias or a transposition is asked for.
        """
        if bias or in_trans or out_trans:
            raise TorchTileConfigError(
                "torch tiles support neither an analog bias nor transposed inputs or outputs"
            )
        check_inputs(x_input, self.x_size)
        weight: Tensor = self.weight
        if not is_test:
            weight = self.modify_weight(weight, self._modifier, x_input.shape[0])
        perfect = self._f_io.is_perfect or not is_test
        crossbar = None if perfect else self.crossbar
        return AnalogMVMIRDropT.matmul(
            weight, x_input, self._f_io, False, is_test, crossbar=crossbar
        )
