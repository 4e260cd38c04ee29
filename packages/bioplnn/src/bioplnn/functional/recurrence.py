r"""Many steps of a leaky convolutional recurrence as one differentiable function.

$$u_t = d_t + W * s_{t-1}, \qquad s_t = s_{t-1} + r\,(f(u_t) - s_{t-1})$$

All steps run in place on few buffers; the backward pass needs only the activities $f(u_t)$ and
rebuilds the states from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from bioplnn.functional.once import differentiable_once

# In-place function, and its gradient written in terms of its own result.
_ACTIVATIONS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]] = {
    "Identity": (lambda u: u, lambda grad, a: grad),
    "ReLU": (torch.relu_, lambda grad, a: grad * (a > 0)),
    "Sigmoid": (torch.sigmoid_, torch.ops.aten.sigmoid_backward.default),
    "Tanh": (torch.tanh_, torch.ops.aten.tanh_backward.default),
}
SUPPORTED_ACTIVATIONS = tuple(_ACTIVATIONS)


_allowed: ContextVar[bool] = ContextVar("fused_recurrence_allowed", default=True)


@contextmanager
def second_derivatives() -> Iterator[None]:
    """Run areas step by step inside this context, which can be differentiated more than once.

    Examples:
        >>> with second_derivatives():
        ...     pass  # forward passes whose gradients are to be differentiated again
    """
    token = _allowed.set(False)
    try:
        yield
    finally:
        _allowed.reset(token)


def fused_recurrence_allowed() -> bool:
    """Whether no :func:`second_derivatives` context is active."""
    return _allowed.get()


def leaky_conv_recurrence(
    drive: Tensor,
    weight: Tensor,
    rate: Tensor,
    state: Tensor | None,
    steps: int,
    batch: int,
    activation: str,
    last_only: bool = False,
) -> Tensor:
    """Run the recurrence of this module.

    The gradient is a formula of its own and cannot be differentiated a second time; inside
    :func:`second_derivatives` areas do not use this function.

    Args:
        drive: Input ``(B, C, H, W)`` of every step, or ``(T * B, C, H, W)``, step after step.
        weight: Recurrent kernel ``(C, C, kh, kw)`` of odd size.
        rate: ``1 / tau``, ``(1, C, 1, 1)`` or ``(1, C, H, W)``.
        state: Initial state ``(B, C, H, W)``, or ``None`` for zero.
        steps: Number of steps T.
        batch: Number of samples B.
        activation: One of ``SUPPORTED_ACTIVATIONS``.
        last_only: Return the last state only.

    Returns:
        States ``(T * B, C, H, W)``, step after step, or the last one, ``(B, C, H, W)``.
    """
    inputs = (drive, weight, rate, state)
    keep = torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in inputs)
    return _LeakyConvRecurrence.apply(*inputs, steps, batch, activation, last_only, keep)


def _part(x: Tensor, t: int, batch: int) -> Tensor:
    """Maps of one step, from a tensor with maps for every step or one for all steps."""
    return x if x.shape[0] == batch else x[t * batch : (t + 1) * batch]


def _empty_like_maps(template: Tensor, count: int) -> Tensor:
    shape = (count, *template.shape[1:])
    return torch.empty(
        shape,
        dtype=template.dtype,
        device=template.device,
        memory_format=torch.channels_last,
    )


class _LeakyConvRecurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        drive: Tensor,
        weight: Tensor,
        rate: Tensor,
        state: Tensor | None,
        steps: int,
        batch: int,
        activation: str,
        last_only: bool,
        keep: bool,
    ) -> Tensor:
        apply_ = _ACTIVATIONS[activation][0]
        padding = (weight.shape[-2] // 2, weight.shape[-1] // 2)
        out = _empty_like_maps(drive, batch if last_only else steps * batch)
        activities = []
        h = state
        for t in range(steps):
            d = _part(drive, t, batch)
            u = d.clone() if h is None else F.conv2d(h, weight, None, 1, padding).add_(d)
            a = apply_(u)
            if keep:
                activities.append(a)
            wanted = not last_only or t == steps - 1
            h = _advance(h, a, rate, _part(out, t, batch) if wanted else None)
        ctx.save_for_backward(weight, rate, state, *activities)
        ctx.steps, ctx.batch, ctx.activation, ctx.last_only = steps, batch, activation, last_only
        ctx.drive_shape = drive.shape
        return out

    @staticmethod
    @differentiable_once(
        "run the forward pass inside bioplnn.functional.recurrence.second_derivatives()"
    )
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor | None, ...]:
        weight, rate, state, *activities = ctx.saved_tensors
        steps, batch = ctx.steps, ctx.batch
        grad_out = grad_out.contiguous(memory_format=torch.channels_last)
        grad_drive = _empty_like_maps(grad_out, ctx.drive_shape[0])
        sums = _Sums(weight, rate, ctx.needs_input_grad[1], ctx.needs_input_grad[2])
        derivative = _ACTIVATIONS[ctx.activation][1]
        before = _states_before(activities, rate, state)
        grad = _part(grad_out, steps - 1, batch)
        for t in reversed(range(steps)):
            grad_a = grad * rate
            sums.add_rate(grad, activities[t], before[t])
            grad_u = derivative(grad_a, activities[t])
            place = _part(grad_drive, t, batch)
            if ctx.drive_shape[0] != batch or t == steps - 1:
                place.copy_(grad_u)
            else:
                place.add_(grad_u)
            source = before[t]
            if source is None:
                break
            # The gradient passed in from outside must stay as it is.
            grad = grad - grad_a if t == steps - 1 else grad.sub_(grad_a)
            grad.add_(sums.through_conv(grad_u, source))
            if t > 0 and not ctx.last_only:
                grad.add_(_part(grad_out, t - 1, batch))
        grad_state = None if state is None else grad
        return grad_drive, sums.weight, sums.rate, grad_state, None, None, None, None, None


def _advance(h: Tensor | None, a: Tensor, rate: Tensor, out: Tensor | None) -> Tensor:
    if h is None:
        return torch.mul(a, rate, out=out)
    return torch.lerp(h, a, rate, out=out)


def _states_before(
    activities: list[Tensor], rate: Tensor, state: Tensor | None
) -> list[Tensor | None]:
    states = [state]
    for a in activities[:-1]:
        states.append(_advance(states[-1], a, rate, None))
    return states


class _Sums:
    """Gradients that add up over steps and blocks."""

    def __init__(self, weight: Tensor, rate: Tensor, need_weight: bool, need_rate: bool) -> None:
        self._kernel = weight
        self._padding = [weight.shape[-2] // 2, weight.shape[-1] // 2]
        self._reduced = [0] if rate.shape[-2:] != (1, 1) else [0, 2, 3]
        self.weight = torch.zeros_like(weight) if need_weight else None
        self.rate = torch.zeros_like(rate) if need_rate else None

    def add_rate(self, grad: Tensor, activity: Tensor, before: Tensor | None) -> None:
        if self.rate is None:
            return
        moved = activity * grad if before is None else (activity - before).mul_(grad)
        self.rate += moved.sum(self._reduced, keepdim=True)

    def through_conv(self, grad: Tensor, source: Tensor) -> Tensor:
        grad_source, grad_weight, _ = torch.ops.aten.convolution_backward(
            grad, source, self._kernel, None, [1, 1], self._padding, [1, 1], False, [0, 0], 1,
            [True, self.weight is not None, False],
        )  # fmt: skip
        if self.weight is not None:
            self.weight += grad_weight
        return grad_source
