"""Part 4: a network on simulated crossbars, trained with device pulses."""

import inspect
import itertools

import matplotlib.pyplot as plt
import torch
from digits import Digits, batches
from matplotlib.figure import Figure
from report import Picture, Section
from torch import Tensor, nn
from tqdm import tqdm

from aihwkit.nn import AnalogLinear
from aihwkit.optim.analog_sgd import AnalogSGD
from aihwkit.simulator.devices import ConstantStepResistiveDevice
from aihwkit.simulator.parameters import PulsedResistiveDeviceParameters

EPOCHS = 4


def build() -> nn.Sequential:
    """Two analog layers; every crosspoint steps by a width of its own."""
    parameters = PulsedResistiveDeviceParameters(w_min=-0.6, w_max=0.6)
    device = ConstantStepResistiveDevice(parameters)
    return nn.Sequential(
        AnalogLinear(784, 128, resistive_device=device),
        nn.Sigmoid(),
        AnalogLinear(128, 10, resistive_device=device),
        nn.LogSoftmax(dim=1),
    )


def train(model: nn.Sequential, images: Tensor, labels: Tensor, epochs: int) -> list[float]:
    """Train on images `[N, 784]` with pulsed updates and return the loss of each batch."""
    optimizer = AnalogSGD(model.parameters(), lr=0.1)
    optimizer.regroup_param_groups(model)
    order = torch.Generator().manual_seed(0)
    losses = []
    steps = [pick for _ in range(epochs) for pick in batches(len(images), 10, order)]
    for pick in tqdm(steps, desc="aihwkit", unit="batch"):
        optimizer.zero_grad()
        loss = nn.functional.nll_loss(model(images[pick]), labels[pick])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def test(model: nn.Sequential, digits: Digits) -> float:
    """Share of test digits that noisy reads get right."""
    predicted = model(digits.test_images.flatten(1)).argmax(1)
    return float((predicted == digits.test_labels).float().mean())


def pulse_response(pulses: int = 200, devices: int = 12) -> Tensor:
    """Weights `[2 * pulses, devices]` of a row of crosspoints: pulses up, then as many down."""
    parameters = PulsedResistiveDeviceParameters(w_min=-0.6, w_max=0.6, dw_min=0.01)
    layer = AnalogLinear(
        1, devices, bias=False, resistive_device=ConstantStepResistiveDevice(parameters)
    )
    (tile,) = layer.analog_tiles()
    tile.tile.set_weights(torch.zeros(devices, 1))
    tile.set_learning_rate(0.01)
    weights = []
    for direction in itertools.chain([-1.0] * pulses, [1.0] * pulses):
        tile.update(torch.ones(1), torch.full((devices,), direction))
        weights.append(tile.tile.get_weights().flatten().clone())
    return torch.stack(weights)


def draw_device() -> Figure:
    """Response of a few devices to the same pulses."""
    weights = pulse_response()
    figure, axis = plt.subplots(figsize=(10, 3.2), layout="constrained")
    axis.plot(weights, linewidth=0.9, alpha=0.85)
    axis.axvline(len(weights) // 2, color="#8b949e", linestyle=":")
    axis.set(xlabel="pulse: first up, then down", ylabel="weight", xlim=(0, len(weights)))
    return figure


def draw_loss(losses: list[float]) -> Figure:
    """Loss of each batch with its running mean."""
    figure, axis = plt.subplots(figsize=(10, 2.8), layout="constrained")
    values = torch.tensor(losses)
    smooth = values.unfold(0, min(50, len(values)), 1).mean(1)
    axis.plot(values, color="#c8d0d8", linewidth=0.6)
    axis.plot(range(len(values) - len(smooth), len(values)), smooth, color="#1f6f8b")
    axis.set(xlabel="batch of ten digits", ylabel="loss", yscale="log")
    return figure


def run(digits: Digits) -> Section:
    """Train the network and describe the devices that hold it."""
    model = build()
    losses = train(model, digits.train_images.flatten(1), digits.train_labels, EPOCHS)
    accuracy = test(model, digits)
    return Section(
        package="aihwkit",
        title="a network on noisy crossbars, trained with pulses",
        lead="Every weight is the conductance of one simulated device. Products are read with "
        "noise and limited converters, and only trains of pulses change a weight.",
        program=inspect.getsource(build) + "\n\n" + inspect.getsource(train),
        results={
            "test accuracy": f"{accuracy:.1%}",
            "last loss, mean of fifty": f"{sum(losses[-50:]) / 50:.2f}",
            "devices": f"{785 * 128 + 129 * 10:,}",
        },
        pictures=[
            Picture.of(
                draw_device(),
                "Twelve devices receive the same 200 pulses up and 200 down: each has its own "
                "step, its own asymmetry and its own bounds.",
            ),
            Picture.of(draw_loss(losses), "The training loss of the network made of them."),
        ],
    )
