"""Guard against optimizers that would silently leave analog tiles untrained."""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from aihwkit.optim.analog_optimizer import AnalogOptimizerMixin
from aihwkit.optim.context import AnalogContext

__all__ = ["install_optimizer_guard"]

_installed: list[Any] = []


def install_optimizer_guard() -> None:
    """Check every optimizer step from now on; tiles call this when the first one is built.

    Torch's own optimizers skip parameters without `.grad`, and analog tiles trained in analog never
    have one, so a plain `torch.optim.SGD` would train nothing without a word.
    """
    if not _installed:
        _installed.append(register_optimizer_step_pre_hook(_refuse_torch_optimizer))
        _installed.append(register_optimizer_step_post_hook(_refuse_unused_trace))


def _untrained_contexts(optimizer: Optimizer) -> int:
    """Count the tiles whose stored gradients the optimizer would not use."""
    if isinstance(optimizer, AnalogOptimizerMixin):
        return 0
    return sum(
        1
        for group in optimizer.param_groups
        for parameter in group["params"]
        if isinstance(parameter, AnalogContext)
        and not parameter.use_torch_update
        and parameter.has_gradient()
    )


def _refuse_torch_optimizer(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
    if type(optimizer).__module__.startswith("torch."):
        _refuse(optimizer)


def _refuse_unused_trace(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
    _refuse(optimizer)


def _refuse(optimizer: Optimizer) -> None:
    count = _untrained_contexts(optimizer)
    if count:
        name = type(optimizer).__name__
        raise RuntimeError(
            f"{name} cannot train the {count} analog tile(s) among its parameters, whose weights "
            f"change by tile.update only; use AnalogSGD, or AnalogOptimizer({name}, ...), from "
            "aihwkit.optim"
        )
