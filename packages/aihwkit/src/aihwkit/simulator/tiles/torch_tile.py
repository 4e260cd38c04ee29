"""Simulator tile in torch: weights are an ordinary parameter, gradients come from autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import Module, Parameter
from torch.utils.hooks import RemovableHandle

from aihwkit.exceptions import AnalogBiasConfigError, ArgumentError, TorchTileConfigError
from aihwkit.functional import LineParameters, MVMSettings, draw_line_parameters
from aihwkit.functional.clip_and_remap import clip_limit, remapped
from aihwkit.functional.modifiers import modified_weights
from aihwkit.simulator.tiles.analog_mvm import AnalogMVM
from aihwkit.simulator.tiles.base import SimulatorTile
from aihwkit.simulator.tiles.utils import check_inputs
from synaptensor.random import RandomStream

__all__ = ["TorchSimulatorTile"]

_LINES = ("v_offset", "w_asymmetry", "out_nonlinearity", "out_nonlinearity_factor")
_NOISE = "out_noise_values"


class TorchSimulatorTile(Module, SimulatorTile):
    """Matrix `[d_size, x_size]` whose analog product is differentiated by autograd.

    Args:
        x_size: number of columns.
        d_size: number of rows.
        rpu_config: configuration with `forward` and `modifier`.
        bias: must be False; the bias of torch tiles is digital.
        analog_mvm: class with the product.

    Attributes:
        weight: the matrix.
        out_noise_values: noise of each output line, if it differs between lines; else None.

    Raises:
        AnalogBiasConfigError: if a bias on the crossbar is asked for.
        ConfigError: if the product does not support a setting.
    """

    out_noise_values: Tensor | None

    def __init__(
        self,
        x_size: int,
        d_size: int,
        rpu_config: Any,
        bias: bool = False,
        analog_mvm: type[AnalogMVM] = AnalogMVM,
    ) -> None:
        super().__init__()
        if bias:
            raise AnalogBiasConfigError(
                "torch tiles only support a digital bias, got an analog one"
            )
        self.check_rpu_config_support(rpu_config)
        analog_mvm.check_support(rpu_config.forward)
        self.x_size, self.d_size = x_size, d_size
        self._analog_mvm = analog_mvm
        dtype = rpu_config.runtime.data_type.as_torch()
        self.weight = Parameter(torch.zeros(d_size, x_size, dtype=dtype))
        self.set_config(rpu_config)
        # Drawn at first use, so that building a layer takes no random numbers.
        self._random = RandomStream()
        self._lines_drawn = not self._has_lines()
        varies = rpu_config.forward.out_noise_std > 0 and not rpu_config.forward.is_perfect
        self.register_buffer(_NOISE, torch.zeros(d_size, dtype=dtype) if varies else None)
        for name in _LINES:
            self.register_buffer(name, None)

    @classmethod
    def check_rpu_config_support(cls, rpu_config: Any) -> None:
        """Check the parts of a configuration that do not concern the product.

        Raises:
            TorchTileConfigError: if a torch tile cannot do what is asked for.
        """
        if not hasattr(rpu_config, "forward") or not hasattr(rpu_config, "modifier"):
            raise TorchTileConfigError(
                "rpu_config must have the fields forward and modifier, got "
                f"{type(rpu_config).__name__}"
            )

    def set_config(self, rpu_config: Any) -> None:
        """Take over `forward` and `modifier` of a configuration."""
        self._f_io = rpu_config.forward
        self._modifier = rpu_config.modifier

    # -- product -----------------------------------------------------------------------------

    def forward(
        self,
        x_input: Tensor,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        is_test: bool = False,
        non_blocking: bool = False,
    ) -> Tensor:
        """Return the analog product of inputs `[..., x_size]`, differentiably.

        Raises:
            TorchTileConfigError: if a bias or a transposition is asked for.
        """
        if bias or in_trans or out_trans:
            raise TorchTileConfigError(
                "torch tiles support neither an analog bias nor transposed inputs or outputs"
            )
        check_inputs(x_input, self.x_size)
        weight = self.weight
        if not is_test or self._modifier.enable_during_test:
            weight = self.modify_weight(weight, self._modifier, x_input.shape[0])  # type: ignore[assignment]
        return self._analog_mvm.matmul(
            weight, x_input, self._f_io, False, is_test, **self.line_parameters()
        )

    @staticmethod
    def modify_weight(inp_weight: Tensor, modifier: Any, batch_size: int) -> Tensor:
        """Return a noisy copy of the weights as configured for training.

        Args:
            inp_weight: `[d_size, x_size]`.
            modifier: object with the fields of `WeightModifierParameter`.
            batch_size: number of copies, if every sample gets its own.
        """
        kind = modifier.type.value
        if kind == "None" or (kind == "Copy" and modifier.pdrop <= 0):
            return inp_weight
        return modified_weights(
            inp_weight, modifier, None, batch_size if modifier.per_batch_sample else 0
        )

    def line_parameters(self) -> dict[str, Tensor]:
        """Return the parameters of the output lines that are in use, by name."""
        if not self._lines_drawn:
            self._draw_lines()
        names = (*_LINES, _NOISE)
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    @torch.no_grad()
    def _draw_lines(self) -> None:
        self._lines_drawn = True
        settings = MVMSettings.from_parameters(self._f_io)
        shape = (self.d_size, self.x_size)
        drawn: LineParameters = draw_line_parameters(
            settings, self.d_size, shape, torch.float32, self._random.generator("cpu")
        )
        for name in (*_LINES, _NOISE):
            value = getattr(drawn, name)
            setattr(self, name, None if value is None else value.to(self.weight))

    def _has_lines(self) -> bool:
        io = self._f_io
        used = (io.out_noise_std, io.v_offset_std, io.r_series, io.out_nonlinearity)
        return not io.is_perfect and (any(v > 0 for v in used) or io.w_read_asymmetry_dtod != 0)

    def set_line_parameters(self, values: dict[str, Any]) -> None:
        """Replace parameters of the output lines.

        Raises:
            ArgumentError: for a name that is not in use, a wrong type or a wrong size.
        """
        current = self.line_parameters()
        new = {}
        for name, value in values.items():
            if name not in current:
                raise ArgumentError(
                    f"line parameters in use are {sorted(current) or 'none'}, got {name!r}"
                )
            if not isinstance(value, Tensor) or value.numel() != current[name].numel():
                raise ArgumentError(
                    f"{name} must be a tensor of {current[name].numel()} elements, got {value!r}"
                )
            new[name] = value.detach().to(self.weight).view_as(current[name]).clone()
        for name, value in new.items():
            setattr(self, name, value)

    # -- weights -----------------------------------------------------------------------------

    @torch.no_grad()
    def set_weights(self, weight: Tensor) -> None:
        """Write the matrix."""
        self.weight.copy_(weight)

    def get_weights(self, as_ref: bool = False) -> Tensor:
        """Return a copy of the matrix, or the live storage."""
        return self.weight.detach() if as_ref else self.weight.detach().clone()

    @torch.no_grad()
    def set_weights_uniform_random(self, bmin: float, bmax: float) -> None:
        """Draw all weights uniformly in `[bmin, bmax)`."""
        self.weight.uniform_(bmin, bmax)

    @torch.no_grad()
    def clip_weights(self, clip: Any) -> None:
        """Limit the weights as configured."""
        limit = clip_limit(self.weight, clip)
        if limit > 0:
            self.weight.clamp_(-limit, limit)

    @torch.no_grad()
    def remap_weights(self, remap: Any, scales: Tensor) -> Tensor:
        """Scale the weights to their full range and return the new output scales."""
        weight, new_scales = remapped(self.weight, scales.to(self.weight), remap)
        self.weight.copy_(weight)
        return new_scales

    def register_weight_hook(self, hook: Any) -> RemovableHandle:
        """Call a function with every gradient of the weights; it returns the one to use."""
        return self.weight.register_hook(hook)

    # -- description and state ---------------------------------------------------------------

    def get_brief_info(self) -> str:
        """Return one line about the tile."""
        return f"{type(self).__name__}({self.extra_repr()})"

    def get_x_size(self) -> int:
        """Return the number of columns."""
        return self.x_size

    def get_d_size(self) -> int:
        """Return the number of rows."""
        return self.d_size

    def get_meta_parameters(self) -> Any:
        """Return the parameters of the forward product."""
        return self._f_io

    def extra_repr(self) -> str:
        """Show sizes and device."""
        return f"{self.d_size}, {self.x_size}, {self.weight.device}"

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        self.line_parameters()
        super()._save_to_state_dict(destination, prefix, keep_vars)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        for name in _LINES:
            if prefix + name in state_dict:
                setattr(self, name, state_dict[prefix + name].to(self.weight).clone())
        if prefix + _NOISE in state_dict or any(prefix + name in state_dict for name in _LINES):
            self._lines_drawn = True
        super()._load_from_state_dict(state_dict, prefix, *args)
