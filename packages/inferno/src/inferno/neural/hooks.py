"""Hooks that keep attributes of a module normalized or within bounds."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from inferno import StateHook, normalize
from inferno._internal import argtest, rgetattr, rsetattr
from inferno.neural.kernels import clamp, clamp_, sole_user

__all__ = ["Clamping", "Normalization"]


class Normalization(StateHook):
    r"""Keeps the norm of an attribute constant.

    $$
    x \leftarrow c \frac{x}{\max(\lVert x \rVert_p, \epsilon)}
    $$

    Args:
        module: module that the hook runs on.
        attr: dotted path of the attribute, relative to ``module``.
        order: order $p$ of the norm.
        scale: norm $c$ to keep.
        dim: dimensions over which the norm is taken; all if ``None``.
        epsilon: lower limit of the divisor.
        train_update: run while ``module`` is in training mode.
        eval_update: run while ``module`` is in evaluation mode.
        as_prehook: run before the forward call instead of after it.
        prepend: run before the hooks registered so far.
        always_call: run even if the forward call fails.

    Raises:
        ValueError: if ``order`` or ``scale`` is zero, or ``attr`` is not a path.
    """

    def __init__(
        self,
        module: nn.Module,
        attr: str,
        order: int | float,
        scale: float | complex,
        dim: int | Sequence[int] | None,
        epsilon: float = 1e-12,
        *,
        train_update: bool = True,
        eval_update: bool = True,
        as_prehook: bool = False,
        prepend: bool = False,
        always_call: bool = False,
    ) -> None:
        attr = argtest.nestedidentifier("attr", attr)
        order = argtest.neq("order", order, 0)
        scale = argtest.neq("scale", scale, 0)
        StateHook.__init__(
            self,
            module,
            train_update=train_update,
            eval_update=eval_update,
            as_prehook=as_prehook,
            prepend=prepend,
            always_call=always_call,
        )
        self.attribute = attr
        self.order = order
        self.scale = scale
        self.dim = tuple(dim) if isinstance(dim, Sequence) else dim
        self.eps = epsilon

    def hook(self, module: nn.Module) -> None:
        """Normalizes the attribute of ``module``."""
        value = rgetattr(module, self.attribute)
        scaled = normalize(value, self.order, self.scale, self.dim, self.eps)
        rsetattr(module, self.attribute, scaled)


class Clamping(StateHook):
    r"""Keeps the values of an attribute within bounds.

    $$
    x \leftarrow \min(\max(x, x_\text{min}), x_\text{max})
    $$

    Args:
        module: module that the hook runs on.
        attr: dotted path of the attribute, relative to ``module``.
        min: lower bound; none if ``None``.
        max: upper bound; none if ``None``.
        train_update: run while ``module`` is in training mode.
        eval_update: run while ``module`` is in evaluation mode.
        as_prehook: run before the forward call instead of after it.
        prepend: run before the hooks registered so far.
        always_call: run even if the forward call fails.

    Raises:
        RuntimeError: if neither bound is given.
        ValueError: if ``max`` is not greater than ``min``, or ``attr`` is not a path.
    """

    def __init__(
        self,
        module: nn.Module,
        attr: str,
        min: int | float | None = None,
        max: int | float | None = None,
        *,
        train_update: bool = True,
        eval_update: bool = True,
        as_prehook: bool = False,
        prepend: bool = False,
        always_call: bool = False,
    ) -> None:
        attr = argtest.nestedidentifier("attr", attr)
        argtest.onedefined(("min", min), ("max", max))
        if min is not None and max is not None:
            argtest.gt("max", max, min, limit_name="min")
        StateHook.__init__(
            self,
            module,
            train_update=train_update,
            eval_update=eval_update,
            as_prehook=as_prehook,
            prepend=prepend,
            always_call=always_call,
        )
        self.attribute = attr
        self.clampmin = min
        self.clampmax = max

    def hook(self, module: nn.Module) -> None:
        """Clamps the attribute of ``module``."""
        value = rgetattr(module, self.attribute)
        low, high = self.clampmin, self.clampmax
        if isinstance(value, nn.Parameter) and sole_user(value) and clamp_(value, low, high):
            rsetattr(module, self.attribute, value)
            return
        clamped = clamp(value, low, high)
        if clamped is None:
            clamped = torch.clamp(value, low, high)
        rsetattr(module, self.attribute, clamped)
