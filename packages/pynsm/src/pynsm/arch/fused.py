"""Whether the relaxation of a circuit can run without an optimizer object."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from pynsm.functional.projections import is_elementwise

__all__ = ["obstacle_to_fusion"]

# A subclass that changes one of these may rely on being asked at every iteration.
_STEPS = (
    "_iterate",
    "abort_iteration",
    "converged",
    "iteration",
    "iteration_parameters",
    "iteration_set_gradients",
    "post_iteration",
    "pre_iteration",
)

_PLAIN_SGD: Mapping[str, Any] = {
    "dampening": 0,
    "differentiable": False,
    "foreach": None,
    "fused": None,
    "maximize": False,
    "momentum": 0,
    "nesterov": False,
    "weight_decay": 0,
}
_MISSING = object()


def obstacle_to_fusion(module: Any, original: type[nn.Module]) -> str | None:
    """Return why the general iteration is needed, or `None` if the fused one does the same.

    Args:
        module: The circuit.
        original: Class whose definition of the steps the fused iteration stands for.
    """
    for name in _STEPS:
        if getattr(type(module), name) is not getattr(original, name) or name in vars(module):
            return f"`{name}` is overridden"
    if len(module.hooks.get("iteration", ())):
        return "there are iteration hooks"
    if module.it_construct_optim is not torch.optim.SGD:
        return "`iteration_optimizer` is not torch.optim.SGD"
    if module.it_construct_sched is not None:
        return "there is an `iteration_scheduler`"
    if module.convergence == "sample" and not is_elementwise(module.iteration_projection):
        return "`iteration_projection` is not known to be element-wise"
    return _obstacle_in(module.it_optim_kwargs)


def _obstacle_in(options: Mapping[str, Any]) -> str | None:
    for name, value in options.items():
        if name != "lr" and _PLAIN_SGD.get(name, _MISSING) != value:
            return f"`it_optim_kwargs` sets {name!r}"
    step = options.get("lr")
    if isinstance(step, bool) or not isinstance(step, int | float) or step < 0:
        return f"the learning rate is {step!r}, not a number >= 0"
    return None
