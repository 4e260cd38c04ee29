"""Bridge between autograd and the tiles."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from aihwkit.optim.context import AnalogContext
from synaptensor.validation import check_instance

__all__ = ["AnalogFunction", "analog_product"]


class AnalogFunction(Function):
    r"""Product of a tile as an autograd function.

    Forward computes :math:`y = W x` and backward :math:`\delta x = W^T \delta y`, both with the
    tile's non-idealities. Backward also provides for the weights: either it returns the gradient
    of `shared_weights`, or it stores :math:`x` and :math:`\delta y` in the context, where the
    analog optimizer finds them.
    """

    @staticmethod
    def forward(
        ctx: Any,
        analog_ctx: AnalogContext,
        analog_tile: Any,
        input_: Tensor,
        shared_weights: Tensor | None = None,
        is_test: bool = False,
    ) -> Tensor:
        """Return the product of the tile with `input_`."""
        ctx.analog_ctx, ctx.analog_tile = analog_ctx, analog_tile
        ctx.output_clipped = None
        ctx.shared_shape = None if shared_weights is None else shared_weights.shape
        analog_ctx.use_torch_update = shared_weights is not None
        if shared_weights is not None:
            analog_tile.ensure_shared_weights(shared_weights)
        product = (
            analog_tile.joint_forward_indexed
            if analog_ctx.use_indexed
            else analog_tile.joint_forward
        )
        output = product(input_, is_test, ctx)
        offload = analog_tile.get_runtime().offload_input
        ctx.offloaded_from = input_.device if offload else None
        ctx.save_for_backward(input_.cpu() if offload else input_)
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of input and shared weights, or store the trace."""
        tile, context = ctx.analog_tile, ctx.analog_ctx
        (saved,) = ctx.saved_tensors
        ctx.input_ = saved if ctx.offloaded_from is None else saved.to(ctx.offloaded_from)
        grad_input = grad_shared = None
        if ctx.needs_input_grad[2] or tile.has_learned_input_range():
            transposed = tile.backward_indexed if context.use_indexed else tile.backward
            grad_input = transposed(grad_output, ctx)
        if ctx.shared_shape is not None:
            if ctx.needs_input_grad[3]:
                grad_shared = tile.weight_gradient(ctx.input_, grad_output)
        elif ctx.needs_input_grad[0]:
            offload = tile.get_runtime().offload_gradient
            context.analog_input.append(saved)
            context.analog_grad_output.append(grad_output.cpu() if offload else grad_output)
        ctx.input_ = None
        return None, None, grad_input, grad_shared, None


def analog_product(tile: Any, x_input: Tensor) -> Tensor:
    """Return the product of a tile module, with its backward pass and trace.

    Under `torch.compile` the product is a break of the graph: simulators hold state and random
    streams that cannot be traced.
    """
    if torch.compiler.is_compiling():
        # Not a decorator: that would import the compiler along with this module.
        return torch.compiler.disable(_analog_product)(tile, x_input)
    return _analog_product(tile, x_input)


def _analog_product(tile: Any, x_input: Tensor) -> Tensor:
    check_instance("x_input", x_input, Tensor)
    return AnalogFunction.apply(
        tile.analog_ctx, tile, x_input, tile.shared_weights, not tile.training
    )
