"""Clipping range of the inputs of a tile, estimated from data and then learned."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from aihwkit.exceptions import ConfigError

__all__ = ["InputRange", "input_range_gradient"]


def input_range_gradient(
    values: Tensor,
    grad_values: Tensor,
    input_range: Tensor,
    parameters: Any,
    output_clipped: Tensor | None = None,
) -> Tensor:
    r"""Return the gradient of the input range :math:`r`.

    .. math::
        G = \sum_{x \ge r} \min(\delta x, 0) - \sum_{x \le -r} \max(\delta x, 0)

    times `gradient_scale` (and :math:`r`, if relative). Too many clipped outputs subtract
    `(1 - p) r` with the fraction `p` of free outputs; inputs that mostly fit add `decay * r`.

    Args:
        values: inputs before clipping.
        grad_values: their gradients, same shape.
        input_range: range `[1]`.
        parameters: `InputRangeParameter`.
        output_clipped: mask of clipped outputs.
    """
    upper = (grad_values.clamp(max=0.0) * (values >= input_range)).sum()
    lower = (grad_values.clamp(min=0.0) * (values <= -input_range)).sum()
    gradient = (upper - lower) * parameters.gradient_scale
    gradient = gradient * input_range if parameters.gradient_relative else gradient.view(1)
    if parameters.manage_output_clipping and output_clipped is not None:
        free = 1.0 - output_clipped.to(values.dtype).mean()
        widen = (free < parameters.output_min_percentage).to(values.dtype)
        gradient = gradient - widen * (1.0 - free) * input_range
    if parameters.decay > 0:
        inside = (values.abs() < input_range).to(values.dtype).mean()
        shrink = (inside > parameters.input_min_percentage).to(values.dtype)
        gradient = gradient + shrink * parameters.decay * input_range
    return gradient


class InputRange:
    """Mixin for the input range of a tile."""

    # Provided by the tile classes that this mixin is combined with.
    rpu_config: Any
    input_range: Tensor | None
    input_range_update_idx: Parameter | None

    def init_input_processing(self) -> bool:
        """Create the input range, if the configuration enables it; tell whether it does.

        Raises:
            ConfigError: if output clipping is to be managed but outputs never really clip.
        """
        self.input_range = None
        self.input_range_update_idx = None
        pre_post = getattr(self.rpu_config, "pre_post", None)
        if pre_post is None or not pre_post.input_range.enable:
            return False
        parameters = pre_post.input_range
        if parameters.manage_output_clipping and not parameters.supports_manage_output_clipping(
            self.rpu_config
        ):
            raise ConfigError(
                "RPU Config does not support `manage_output_clipping`: it needs a forward product "
                "that is not perfect and has neither noise nor bound management"
            )
        place = {"dtype": self.get_dtype(), "device": self.device}  # type: ignore[attr-defined]
        initial = torch.full((1,), float(parameters.init_value), **place)
        if parameters.learn_input_range:
            self.input_range = Parameter(initial)
        else:
            del self.input_range
            self.register_buffer("input_range", initial)  # type: ignore[attr-defined]
        self.input_range_update_idx = Parameter(torch.zeros(1, **place), requires_grad=False)
        return True

    def has_learned_input_range(self) -> bool:
        """Tell whether a backward pass has a gradient of the input range to compute."""
        return self.input_range is not None and self.input_range.requires_grad

    @torch.no_grad()
    def set_input_range(self, value: Tensor | float) -> None:
        """Set the range to the magnitude of `value` (of its first element, for a tensor).

        Raises:
            ConfigError: if the configuration has no input range.
        """
        if self.input_range is None:
            raise ConfigError("Input range is not enabled")
        first = float(value.flatten()[0]) if isinstance(value, Tensor) else float(value)
        self.input_range.fill_(abs(first))

    @torch.no_grad()
    def apply_input_range(self, values: Tensor, update_from_data: bool = False) -> Tensor:
        """Clip values to the range, after adapting it to the data in the first batches."""
        if self.input_range is None:
            return values
        if update_from_data:
            self._estimate_range(values)
        limit = self.input_range.abs()
        return torch.minimum(torch.maximum(values, -limit), limit)

    def _estimate_range(self, values: Tensor) -> None:
        parameters = self.rpu_config.pre_post.input_range
        assert self.input_range is not None
        assert self.input_range_update_idx is not None
        count = self.input_range_update_idx
        if float(count) >= parameters.init_from_data:
            return
        std = values.std()
        if bool(std > 0):
            new = (self.input_range * count + parameters.init_std_alpha * std) / (count + 1)
            self.input_range.copy_(new)
            count += 1  # type: ignore[misc]
        self.input_range.abs_()

    @torch.no_grad()
    def accumulate_input_range_gradient(
        self, values: Tensor, grad_values: Tensor, output_clipped: Tensor | None
    ) -> None:
        """Add the gradient of the range to `input_range.grad`."""
        if not self.has_learned_input_range():
            return
        assert self.input_range is not None
        gradient = input_range_gradient(
            values,
            grad_values,
            self.input_range,
            self.rpu_config.pre_post.input_range,
            output_clipped,
        )
        if self.input_range.grad is None:
            self.input_range.grad = torch.zeros_like(self.input_range)
        self.input_range.grad += gradient.view_as(self.input_range)
