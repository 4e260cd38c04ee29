"""Layers of compounds that learn, and pictures of their cross-points."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import torch
from docs.figures import inline
from docs.zoo.colours import DEVICES, DOWN, UP
from torch import Tensor

from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs.devices import ChoppedTransferCompound

__all__ = ["learn", "life"]


def learn(config: Any, steps: int = 300, size: int = 10, every: int = 3) -> dict[str, Tensor]:
    """Let a layer `[size, size]` learn a matrix from products with random vectors.

    Returns:
        By name, `[steps // every]` each: ``error``, the standard deviation of the learned from the
        wanted weights; ``weight``, ``wanted`` and everything hidden of the first cross-point, and
        ``chopped``, the fast weight times the sign of its column.
    """
    torch.manual_seed(1)
    layer = AnalogLinear(size, size, bias=False, rpu_config=config)
    wanted = (0.3 * torch.randn(size, size)).clamp(-0.6, 0.6)
    wanted[0, 0] = 0.4
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)
    optimizer.regroup_param_groups(layer)
    (tile,) = layer.analog_tiles()
    history: dict[str, list[Tensor]] = {}
    for step in range(steps):
        x = torch.rand(10, size) * 2 - 1
        optimizer.zero_grad()
        (layer(x) - x @ wanted.t()).square().sum().div(20).backward()
        optimizer.step()
        if step % every == 0:
            weights = layer.get_weights()[0]
            seen = {"error": (weights - wanted).std(), "weight": weights[0, 0]}
            hidden = tile.get_hidden_parameters()
            seen |= {name: hidden[name][0, 0].clone() for name in hidden if "weight" in name}
            if isinstance(config.device, ChoppedTransferCompound):
                extra = tile.dump_extra()
                (name,) = (name for name in extra if name.endswith(".in_chopper"))
                seen["chopped"] = seen["hidden_weights_0"] * (1 - 2 * int(extra[name][0]))
            for name, value in seen.items():
                history.setdefault(name, []).append(value)
    result = {name: torch.stack(values) for name, values in history.items()}
    return result | {"wanted": wanted[0, 0].expand(len(result["error"]))}


def life(history: dict[str, Tensor], panels: Sequence[dict[str, str]], every: int = 3) -> str:
    """Draw what happens to one cross-point, a panel for each dictionary of names and labels."""
    figure, axes = plt.subplots(1, len(panels), figsize=(8, 2.4), layout="constrained")
    for axis, panel in zip(axes, panels, strict=True):
        axis.set_prop_cycle(color=(DOWN, UP, *DEVICES))
        for name, label in panel.items():
            style = {"color": "#888888", "ls": "--"} if name == "wanted" else {}
            values = history[name]
            axis.plot(torch.arange(len(values)) * every, values, lw=1, label=label, **style)
        axis.set_xlabel("mini-batch")
        axis.legend(frameon=False, fontsize=8)
    axes[0].set_ylabel("weight")
    return inline(figure, "what happens to one cross-point: " + ", ".join(panels[0].values()))
