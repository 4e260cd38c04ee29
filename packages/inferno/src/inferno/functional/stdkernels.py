r"""Kernels of spike-timing-dependent plasticity.

``diff`` is the time of the postsynaptic minus that of the presynaptic spike. Where a spike
was never seen it is infinite or NaN, and the result is 0.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["exp_stdp_post_kernel", "exp_stdp_pre_kernel"]


def exp_stdp_post_kernel(
    diff: Tensor, learning_rate: float | Tensor, time_constant: float | Tensor, **kwargs: Any
) -> Tensor:
    r"""Update on a postsynaptic spike.

    $$K_{post}(t_\Delta) = \eta\, e^{-\lvert t_\Delta \rvert / \tau}\,[t_\Delta \geq 0]$$

    Args:
        diff: time differences $t_\Delta$.
        learning_rate: learning rate $\eta$.
        time_constant: time constant $\tau$.
        **kwargs: ignored.
    """
    value = torch.exp(-diff.abs() / time_constant) * learning_rate
    return torch.where(diff >= 0, value, torch.zeros_like(value))


def exp_stdp_pre_kernel(
    diff: Tensor, learning_rate: float | Tensor, time_constant: float | Tensor, **kwargs: Any
) -> Tensor:
    r"""Update on a presynaptic spike.

    $$K_{pre}(t_\Delta) = \eta\, e^{-\lvert t_\Delta \rvert / \tau}\,[t_\Delta < 0]$$

    Args:
        diff: time differences $t_\Delta$.
        learning_rate: learning rate $\eta$.
        time_constant: time constant $\tau$.
        **kwargs: ignored.
    """
    value = torch.exp(-diff.abs() / time_constant) * learning_rate
    return torch.where(diff < 0, value, torch.zeros_like(value))
