"""The workloads of the benchmarks, written with what this package and the reference both have."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Step = Callable[[], Any]

DEVICES = ("ConstantStep", "LinearStep", "SoftBounds", "ExpStep")
PULSES = {"4 pulses": 1.0, "0.4 pulses": 0.1, "0.04 pulses": 0.01}
COMPOUNDS = {
    "TTv2": "TTv2ReRamESPreset",
    "c-TTv2": "ChoppedTTv2ReRamESPreset",
    "AGAD": "AGADReRamESPreset",
}
NAMES = (
    *(f"update {device}, {pulses}" for device in DEVICES for pulses in PULSES),
    "forward 784-256",
    "step 784-256 ConstantStep",
    *(f"step 784-256 {name}" for name in COMPOUNDS),
    "step LeNet5 ConstantStep",
)


def make(name: str) -> Step:
    """Return the workload of a name."""
    torch.manual_seed(0)
    if name.startswith("update"):
        device, pulses = name.removeprefix("update ").split(", ")
        return _update(device, PULSES[pulses])
    if name.startswith("forward"):
        layer, x = _layer(_constant_step()), torch.rand(64, 784)
        return lambda: layer(x)
    if name.startswith("step LeNet5"):
        return _training(_lenet5(), torch.rand(8, 1, 28, 28))
    kind = name.split()[-1]
    config = _constant_step() if kind == "ConstantStep" else _preset(COMPOUNDS[kind])
    return _training(nn.Sequential(_layer(config), nn.LogSoftmax(dim=1)), torch.rand(64, 784))


def _constant_step() -> Any:
    from aihwkit.simulator.configs import ConstantStepDevice, SingleRPUConfig

    return SingleRPUConfig(device=ConstantStepDevice())


def _preset(name: str) -> Any:
    from aihwkit.simulator import presets

    return getattr(presets, name)()


def _layer(config: Any) -> nn.Module:
    from aihwkit.nn import AnalogLinear

    layer: nn.Module = AnalogLinear(784, 256, bias=False, rpu_config=config)
    return layer


def _update(device: str, scale: float) -> Step:
    """Return an update of 512 x 512 devices with 64 vectors, from weights near zero."""
    from aihwkit.simulator import configs

    kind = getattr(configs, f"{device}Device")()
    update = configs.UpdateParameters(update_bl_management=False, update_management=False)
    config = configs.SingleRPUConfig(device=kind, update=update)
    tile = config.tile_class(512, 512, config)
    x, d = (torch.rand(64, 512) * 2 - 1 for _ in range(2))
    start = torch.rand(512, 512) * 0.2 - 0.1
    tile.set_weights(start)
    # A probability of the root of one half for the largest entries, in 31 slots; the granularity of
    # an exponential device is a little below its smallest step.
    granularity = kind.dw_min * (0.983 if device == "ExpStep" else 1.0)
    tile.tile.set_learning_rate(0.5 * 31 * granularity * scale)

    def step() -> None:
        # Both directions by turns, so that the weights stay where they are.
        tile.tile.update(x, d, False)
        d.neg_()

    return step


def _lenet5() -> nn.Module:
    from aihwkit.nn import AnalogConv2d, AnalogLinear

    config = _constant_step()
    return nn.Sequential(
        AnalogConv2d(1, 16, kernel_size=5, rpu_config=config),
        nn.Tanh(),
        nn.MaxPool2d(kernel_size=2),
        AnalogConv2d(16, 32, kernel_size=5, rpu_config=config),
        nn.Tanh(),
        nn.MaxPool2d(kernel_size=2),
        nn.Tanh(),
        nn.Flatten(),
        AnalogLinear(512, 128, rpu_config=config),
        nn.Tanh(),
        AnalogLinear(128, 10, rpu_config=config),
        nn.LogSoftmax(dim=1),
    )


def _training(model: nn.Module, x: Tensor) -> Step:
    """Return a step of training: forward, loss, backward, update."""
    from aihwkit.optim import AnalogSGD

    optimizer = AnalogSGD(model.parameters(), lr=0.01)
    optimizer.regroup_param_groups(model)
    labels = torch.randint(0, 10, (len(x),))

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.nll_loss(model(x), labels).backward()
        optimizer.step()

    return step
