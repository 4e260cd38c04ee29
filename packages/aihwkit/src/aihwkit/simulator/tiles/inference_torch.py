"""Inference tile whose analog product is differentiated by autograd."""

from __future__ import annotations

from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import Module
from torch.utils.hooks import RemovableHandle

from aihwkit.exceptions import AnalogBiasConfigError, TorchTileConfigError
from aihwkit.simulator.parameters.base import RPUConfigBase
from aihwkit.simulator.parameters.enums import RPUDataType
from aihwkit.simulator.tiles.base import SimulatorTileWrapper
from aihwkit.simulator.tiles.defaults import as_rpu_config
from aihwkit.simulator.tiles.inference import InferenceTileWithPeriphery
from aihwkit.simulator.tiles.input_range import input_range_gradient
from aihwkit.simulator.tiles.module import TileModule
from synaptensor.validation import check_flag

__all__ = ["InputRangeForward", "OutputClipping", "TorchInferenceTile"]


# Of each tile, the weights whose gradient it scales; no part of its state.
_HOOKS: WeakKeyDictionary[Module, tuple[ReferenceType[Tensor], RemovableHandle]] = (
    WeakKeyDictionary()
)


class InputRangeForward(Function):
    """Clipping to the input range, with the gradient of the range as of the native tiles.

    The gradient of the inputs passes unchanged, also where they are clipped.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, input_range: Tensor, parameters: Any) -> Tensor:
        """Return the values clipped to `±input_range`."""
        ctx.save_for_backward(values, input_range)
        ctx.parameters = parameters
        limit = input_range.abs()
        return torch.minimum(torch.maximum(values, -limit), limit)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None, None]:
        """Return the gradients of values and range."""
        values, input_range = ctx.saved_tensors
        grad_range = None
        if ctx.needs_input_grad[1]:
            gradient = input_range_gradient(values, grad, input_range, ctx.parameters)
            grad_range = gradient.view_as(input_range)
        return grad, grad_range, None


class OutputClipping(Function):
    """Outputs as they are, with a gradient of the input range that widens it if too many clip."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, input_range: Tensor, limit: float, parameters: Any
    ) -> Tensor:
        """Return the outputs; those at `±limit` count as clipped."""
        rounding = 2 * torch.finfo(values.dtype).eps
        free = (values.abs() < limit * (1 - rounding)).to(values.dtype).mean()
        widen = (free < parameters.output_min_percentage).to(values.dtype)
        ctx.save_for_backward(-widen * (1.0 - free) * input_range)
        return values.view_as(values)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        """Return the gradients of outputs and range."""
        (widening,) = ctx.saved_tensors
        return grad, widening if ctx.needs_input_grad[1] else None, None, None


class TorchInferenceTile(TileModule, InferenceTileWithPeriphery, SimulatorTileWrapper):
    """Tile for hardware-aware training and analog inference, differentiated by autograd.

    The weights are the ordinary torch parameter `tile.weight`, which any optimizer trains.

    Args:
        out_size: number of outputs.
        in_size: number of inputs.
        rpu_config: configuration; None takes `TorchInferenceRPUConfig()`.
        bias: whether there is a bias; only a digital one.
        in_trans: must be False.
        out_trans: must be False.

    Raises:
        TorchTileConfigError: if transposed, or the configuration is not supported.
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
        if check_flag("in_trans", in_trans) or check_flag("out_trans", out_trans):
            raise TorchTileConfigError("in_trans and out_trans must be False for a torch tile")
        config = as_rpu_config(rpu_config, None, self._default_config)
        TileModule.__init__(self)
        SimulatorTileWrapper.__init__(self, out_size, in_size, config, bias, torch_update=True)
        if self.analog_bias:
            raise AnalogBiasConfigError(
                "torch tiles only support a digital bias, got mapping.digital_bias=False"
            )
        self.init_periphery()
        self._scale_weight_gradients()

    @staticmethod
    def _default_config() -> RPUConfigBase:
        from aihwkit.simulator.configs.configs import TorchInferenceRPUConfig

        return TorchInferenceRPUConfig()

    def _create_simulator_tile(self, x_size: int, d_size: int, rpu_config: Any) -> Any:
        """Build the simulator tile of the configured class."""
        if not hasattr(rpu_config, "simulator_tile_class"):
            raise TorchTileConfigError(
                "rpu_config must be one for torch tiles, such as TorchInferenceRPUConfig, got a "
                f"{type(rpu_config).__name__}"
            )
        return rpu_config.simulator_tile_class(x_size=x_size, d_size=d_size, rpu_config=rpu_config)

    def _recreate_simulator_tile(self, x_size: int, d_size: int, rpu_config: Any) -> Any:
        """Keep the simulator tile, so that optimizers keep their parameter."""
        self.tile.check_rpu_config_support(rpu_config)
        return self.tile

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._scale_weight_gradients()

    def _flexible_buffers(self) -> tuple[str, ...]:
        # The module comes before the periphery in the order of resolution.
        return (*super()._flexible_buffers(), "alpha")

    def _scale_weight_gradients(self) -> None:
        """Let a step change the logical weights as if there were no mapping scales.

        Sharded training replaces the parameter, before the first product and around each of them.
        """
        weight = getattr(self.tile, "weight", None)
        if self in _HOOKS:
            hooked, handle = _HOOKS[self]
            if hooked() is weight:
                return
            handle.remove()
            del _HOOKS[self]
        if isinstance(self.tile, Module) and isinstance(weight, Tensor) and weight.requires_grad:
            handle = self.tile.register_weight_hook(self._physical_gradient)  # type: ignore[operator]
            _HOOKS[self] = ref(weight), handle

    def _physical_gradient(self, gradient: Tensor) -> Tensor:
        if self.mapping_scales is None:
            return gradient
        return gradient / (self.mapping_scales.view(-1, 1) ** 2)

    # -- product -----------------------------------------------------------------------------

    def forward(self, x_input: Tensor, tensor_view: tuple[int, ...] | None = None) -> Tensor:
        """Return the product, learned output scales and digital bias included."""
        self.tile.set_config(self.rpu_config)
        if not torch.compiler.is_compiling():
            self._scale_weight_gradients()
        output = self.joint_forward(x_input, is_test=not self.training)
        if self.out_scaling_alpha is None and self.bias is None:
            return output
        view = tensor_view or self.get_tensor_view(output.dim())
        output = self.apply_out_scaling(output, view)
        return output if self.bias is None else output + self.bias.view(*view)

    def pre_forward(
        self, x_input: Tensor, dim: int, is_test: bool = False, ctx: Any = None
    ) -> Tensor:
        """Clip the inputs to the input range and scale them to it, differentiably."""
        if self.input_range is None:
            return x_input
        if not is_test:
            self._update_range(x_input.detach())
        config: Any = self.rpu_config
        parameters = config.pre_post.input_range
        clipped = InputRangeForward.apply(x_input, self.input_range, parameters)
        return clipped / self.input_range.detach()

    def _product(self, values: Tensor, is_test: bool, ctx: Any, bias: bool) -> Tensor:
        output = super()._product(values, is_test, ctx, bias)
        if is_test or not self.has_learned_input_range():
            return output
        config: Any = self.rpu_config
        parameters = config.pre_post.input_range
        limit = config.forward.out_bound * config.forward.out_scale
        if not parameters.manage_output_clipping or limit <= 0:
            return output
        clipping: Tensor = OutputClipping.apply(output, self.input_range, limit, parameters)
        return clipping

    @torch.no_grad()
    def _update_range(self, values: Tensor) -> None:
        """Adapt the range to the data of the first batches.

        The compiler takes the form without branches, which does not leave its graph.
        """
        if not torch.compiler.is_compiling():
            self._estimate_range(values)
            return
        config: Any = self.rpu_config
        parameters = config.pre_post.input_range
        assert self.input_range is not None
        assert self.input_range_update_idx is not None
        count, std = self.input_range_update_idx, values.std()
        adapts = (count < parameters.init_from_data) & (std > 0)
        new = (self.input_range * count + parameters.init_std_alpha * std) / (count + 1)
        self.input_range.copy_(torch.where(adapts, new.abs(), self.input_range))
        count.add_(adapts.to(count.dtype))

    # -- what simulator tiles without pulses do otherwise ---------------------------------------

    def update(self, x_input: Tensor, d_input: Tensor) -> None:
        """Refuse: autograd provides for the weights.

        Raises:
            TorchTileConfigError: always.
        """
        raise TorchTileConfigError(
            "a torch tile has no update; train tile.weight with a torch optimizer"
        )

    def backward(self, d_input: Tensor, ctx: Any = None) -> Tensor:
        """Refuse: autograd provides for the inputs.

        Raises:
            TorchTileConfigError: always.
        """
        raise TorchTileConfigError("a torch tile has no backward; call backward() on a loss")

    def set_learning_rate(self, learning_rate: float | None) -> None:
        """Do nothing: the optimizer of `tile.weight` has the learning rate."""

    def get_forward_parameters(self) -> dict[str, Tensor]:
        """Return the parameters of the output lines that are in use."""
        return {name: value.clone() for name, value in self.tile.line_parameters().items()}

    def set_forward_parameters(self, dic: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Replace parameters of the output lines.

        Raises:
            ArgumentError: for an unknown name, a wrong type or a wrong size.
        """
        self.tile.set_line_parameters({**(dic or {}), **kwargs})

    def _move(self, device: torch.device, dtype: torch.dtype) -> None:
        for kind in RPUDataType:
            if kind.as_torch() == dtype:
                self.get_runtime().data_type = kind
                return
        super()._move(device, dtype)
