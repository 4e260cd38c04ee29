"""Wrapper of the pulsed simulator tile: what all natively simulated tile modules share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import Parameter

from aihwkit.exceptions import ArgumentError, TileError
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.rpu_base import tiles
from aihwkit.simulator.tiles.base import SimulatorTileWrapper
from synaptensor.validation import check_flag

if TYPE_CHECKING:
    from aihwkit.optim.context import AnalogContext

__all__ = ["MAP_TILE_CLASS_TO_CUDA", "RPUCudaSimulatorTileWrapper"]

MAP_TILE_CLASS_TO_CUDA: dict[type, type] = {
    tiles.FloatingPointTile: tiles.CudaFloatingPointTile,
    tiles.AnalogTile: tiles.CudaAnalogTile,
}
"""Simulator tile on the accelerator for each one on the CPU; tiles here move without them."""

# Just inside the converter's range, so that an output at the bound counts as clipped.
_BOUND_MARGIN = 0.999
_LINE_PARAMETERS = (
    "v_offset",
    "w_asymmetry",
    "out_nonlinearity",
    "out_nonlinearity_factor",
    "out_noise_values",
)


class RPUCudaSimulatorTileWrapper(SimulatorTileWrapper):
    """Wrapper around a pulsed or floating-point simulator tile, on any device.

    Args:
        out_size: number of outputs.
        in_size: number of inputs.
        rpu_config: configuration.
        bias: whether there is a bias.
        in_trans: inputs come as `[in, batch]`.
        out_trans: outputs go as `[out, batch]`.
        shared_weights: let the weights also be a torch parameter that any optimizer trains.
    """

    tile: Any

    def __init__(
        self,
        out_size: int,
        in_size: int,
        rpu_config: RPUConfigBase,
        bias: bool = True,
        in_trans: bool = False,
        out_trans: bool = False,
        shared_weights: bool = False,
    ) -> None:
        self._shares_weights = check_flag("shared_weights", shared_weights)
        self.shared_weights = None
        super().__init__(
            out_size,
            in_size,
            rpu_config,
            bias,
            in_trans,
            out_trans,
            torch_update=shared_weights,
            handle_output_bound=True,
        )

    # -- shared weights ----------------------------------------------------------------------

    def _bind_storage(self) -> None:
        super()._bind_storage()
        if not self._shares_weights:
            return
        assert self._shared_weight_tensor is not None
        if self.shared_weights is None:
            self.shared_weights = Parameter(self._shared_weight_tensor)
        else:
            self.shared_weights.data = self._shared_weight_tensor

    def ensure_shared_weights(self, shared_weights: Tensor | None = None) -> None:
        """Make a tensor the storage of the weights, if it is not already.

        Args:
            shared_weights: tensor `[d_size, x_size]`; None takes the parameter of the tile.
        """
        if self.shared_weights is None:
            return
        data = (self.shared_weights if shared_weights is None else shared_weights).detach()
        if data.data_ptr() == self._get_tile_weights_ref().data_ptr():
            return
        self.tile.set_shared_weights(data)
        self.shared_weights.data = data
        self._shared_weight_tensor = data
        self._rebind_after_move()

    def _rebind_after_move(self) -> None:
        """Make the parameter's storage the tile's, after either was replaced."""
        if self.shared_weights is not None:
            data = self.shared_weights.data
            if data.data_ptr() != self._get_tile_weights_ref().data_ptr():
                self.tile.set_shared_weights(data)
                self._shared_weight_tensor = data
        super()._rebind_after_move()

    def set_delta_weights(self, delta_weights: Tensor | None = None) -> None:
        """Let updates write the gradient into a tensor instead of changing the weights."""
        if self.shared_weights is not None and delta_weights is not None:
            self.tile.set_delta_weights(delta_weights)

    def reset_delta_weights(self) -> None:
        """Let updates change the weights again."""
        if self.shared_weights is not None:
            self.tile.reset_delta_weights()

    def weight_gradient(self, x_input: Tensor, d_input: Tensor) -> Tensor:
        """Return the gradient of the shared weights `[d_size, x_size]`."""
        gradient = torch.zeros_like(self._get_tile_weights_ref())
        context: AnalogContext = self.analog_ctx
        self.set_delta_weights(gradient)
        try:
            (self.update_indexed if context.use_indexed else self.update)(x_input, d_input)
        finally:
            self.reset_delta_weights()
        return gradient

    # -- the simulator tile ------------------------------------------------------------------

    def get_forward_out_bound(self) -> float | None:
        """Return the level from which on an output counts as clipped, if there is one."""
        forward = getattr(self.rpu_config, "forward", None)
        if forward is None or forward.is_perfect or forward.out_bound <= 0:
            return None
        return forward.out_scale * forward.out_bound * _BOUND_MARGIN

    def get_hidden_update_index(self) -> int:
        """Return the index of the device that updates write to, in cells of several devices."""
        return self.tile.get_hidden_update_index()

    def set_hidden_update_index(self, index: int) -> None:
        """Set the index of the device that updates write to."""
        self.tile.set_hidden_update_index(index)

    def decay_weights(self, alpha: float = 1.0) -> None:
        """Let the weights decay once, `alpha` times as fast as configured."""
        self.tile.decay_weights(alpha)

    def drift_weights(self, delta_t: float = 1.0) -> None:
        """Let the weights drift for a time."""
        self.tile.drift_weights(delta_t)

    def diffuse_weights(self) -> None:
        """Let the weights diffuse once."""
        self.tile.diffuse_weights()

    def reset_columns(
        self, start_column_idx: int = 0, num_columns: int = 1, reset_prob: float = 1.0
    ) -> None:
        """Reset a circular range of columns; `num_columns=-1` means all."""
        self.tile.reset_columns(start_column_idx, num_columns, reset_prob)

    def reset(self, reset_prob: float = 1.0) -> None:
        """Reset all columns."""
        self.reset_columns(0, -1, reset_prob)

    def dump_extra(self) -> dict[str, Any] | None:
        """Return state of the simulator tile beyond weights and device parameters."""
        return self.tile.dump_extra()

    def load_extra(self, extra: dict[str, Any], strict: bool = False) -> None:
        """Restore what `dump_extra` returned; with `strict`, a missing key is an error."""
        self.tile.load_extra(extra, strict)

    def post_update_step(self) -> None:
        """Diffuse and decay the weights as configured, once per optimizer step."""
        device = getattr(self.rpu_config, "device", None)
        if device is None:
            return
        if device.requires_diffusion():
            self.diffuse_weights()
        if device.requires_decay():
            self.decay_weights()

    # -- parameters of the lines -------------------------------------------------------------

    def get_forward_parameters(self) -> dict[str, Tensor]:
        """Return the parameters drawn per output line of the forward product."""
        return self._get_line_parameters("fwd")

    def get_backward_parameters(self) -> dict[str, Tensor]:
        """Return the parameters drawn per output line of the backward product."""
        return self._get_line_parameters("bwd")

    def set_forward_parameters(self, dic: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Set some of the parameters per output line of the forward product.

        Raises:
            ArgumentError: for an unknown name or a wrong number of values.
        """
        self._set_line_parameters("fwd", {**(dic or {}), **kwargs})

    def set_backward_parameters(self, dic: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Set some of the parameters per output line of the backward product."""
        self._set_line_parameters("bwd", {**(dic or {}), **kwargs})

    def _line_prefix(self, direction: str, extra: dict[str, Any]) -> str:
        suffix = f"fb_pass.{direction}."
        for key in extra:
            if suffix in key:
                return key[: key.index(suffix)] + suffix
        raise TileError(f"a {type(self).__name__} has no parameters per line")

    def _get_line_parameters(self, direction: str) -> dict[str, Tensor]:
        extra = self.dump_extra() or {}
        prefix = self._line_prefix(direction, extra)
        return {
            name: torch.as_tensor(extra[prefix + name], dtype=self.get_dtype()).flatten().clone()
            for name in _LINE_PARAMETERS
            if prefix + name in extra
        }

    def _set_line_parameters(self, direction: str, values: dict[str, Any]) -> None:
        extra = self.dump_extra() or {}
        prefix = self._line_prefix(direction, extra)
        for name, value in values.items():
            if prefix + name not in extra:
                raise ArgumentError(
                    f"line parameters are named {', '.join(_LINE_PARAMETERS)}, got {name!r}"
                )
            current = torch.as_tensor(extra[prefix + name])
            value = torch.as_tensor(value, dtype=self.get_dtype()).flatten()
            if value.numel() != current.numel():
                raise ArgumentError(
                    f"{name} must have {current.numel()} values, got {value.numel()}"
                )
            stored = extra[prefix + name]
            extra[prefix + name] = value if isinstance(stored, Tensor) else value.tolist()
        self.load_extra(extra)
