"""Training steps of a spatial area and of a connectome."""

import torch
from case import Case, Ways, load
from torch import nn

__all__ = ["CASES"]

BATCH, STEPS = 32, 5
NEURONS, SYNAPSES = 20_000, 50


def area(device: str) -> Ways:
    """Return a training step of a classifier with one area of excitation and inhibition."""
    from bioplnn.models import SpatiallyEmbeddedClassifier

    networks = load("bioplnn/bench_networks.py")
    torch.manual_seed(0)
    model = SpatiallyEmbeddedClassifier(
        {"area_kwargs": [networks.AREA]}, num_classes=10, fc_dim=256, dropout=0.0
    ).to(device)
    x = torch.randn(BATCH, 1, 28, 28, device=device)
    kernel = torch.rand(32, 33, 3, 3, device=device, requires_grad=True)
    states = torch.rand(BATCH, 33, 28, 28, device=device, requires_grad=True)

    gradient = torch.rand(BATCH, 32, 28, 28, device=device)

    def floor() -> None:
        for _ in range(STEPS):
            nn.functional.conv2d(states, kernel, padding=kernel.shape[-1] // 2).backward(gradient)

    return Ways(
        networks.training(lambda: model(x, num_steps=STEPS), model),
        # it makes its states without a device
        with_device(device, networks.training(lambda: networks.plain_area(model, x, STEPS), model)),
        floor,
    )


def connectome(device: str) -> Ways:
    """Return a training step of a network with a million synapses."""
    from bioplnn.models import ConnectomeRNN

    networks = load("bioplnn/bench_networks.py")
    torch.manual_seed(0)
    n, k = NEURONS, SYNAPSES
    indices = torch.stack([torch.arange(n).repeat_interleave(k), torch.randint(n, (n * k,))])
    wiring = torch.sparse_coo_tensor(indices, torch.rand(n * k) / k, (n, n), check_invariants=False)
    rnn = ConnectomeRNN(n, n, wiring.coalesce()).to(device)
    x = torch.randn(16, n, device=device)
    rows, h = wiring.coalesce().to_sparse_csr().to(device), torch.rand(n, 16, device=device)

    def floor() -> None:
        # one product forward, two backward: for the states and for the synapses
        for _ in range(3 * 10):
            torch.mm(rows, h)

    return Ways(
        networks.training(lambda: rnn(x, num_steps=10)[1][:, -1], rnn),
        with_device(device, networks.training(lambda: networks.plain_connectome(rnn, x, 10), rnn)),
        floor,
    )


def with_device(device: str, step: object) -> object:
    """Return the step with new tensors on the device."""

    def run() -> None:
        with torch.device(device):
            step()

    return run if device != "cpu" else step


CASES = (
    Case(
        "bioplnn",
        f"training step, area of 32 channels, 28 x 28, {STEPS} steps, batch of {BATCH}",
        area,
        plain="one convolution for every connection and step",
        floor="one convolution of all channels a step, and its backward pass",
        gap="activities, integration, readout",
    ),
    Case(
        "bioplnn",
        "training step, connectome of a million synapses, 10 steps, batch of 16",
        connectome,
        plain="gather, multiply and add up",
        floor="three sparse products a step",
        gap="activities, integration, loss",
    ),
)
