"""A training step of a convolutional similarity-matching circuit."""

import torch
from case import Case, Ways, load
from torch import nn

__all__ = ["CASES"]

BLOCK = 2048


def circuit(device: str) -> Ways:
    """Return a step with general lateral weights; SGD so small that they stay what they are."""
    from pynsm import SimilarityMatching

    workloads = load("pynsm/workloads.py")
    encoder, x = workloads.encoder_and_input("convolution")
    lateral = workloads.lateral_weights("trained")
    model = SimilarityMatching(encoder, workloads.CHANNELS, iteration_projection=nn.ReLU())
    with torch.no_grad():
        model.competitor.weight.copy_(lateral)
    model, x, lateral = model.to(device), x.to(device), lateral.to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-7)

    def ours() -> None:
        model.training_step(optimizer, x)

    drive = torch.rand(workloads.CHANNELS, 100 * 23 * 23, device=device)

    def floor() -> None:
        for start in range(0, drive.shape[1], BLOCK):
            y = drive[:, start : start + BLOCK].contiguous()
            other = torch.empty_like(y)
            for _ in range(workloads.ITERATIONS // 2):
                torch.mm(lateral, y, out=other)
                torch.mm(lateral, other, out=y)

    return Ways(ours, plain(workloads, lateral, device), floor)


def plain(workloads: object, lateral: torch.Tensor, device: str) -> object:
    """Return the step as it is written down: einsum, autograd, an optimizer in every iteration."""
    encoder, x = workloads.encoder_and_input("convolution")
    encoder, x, M = encoder.to(device), x.to(device), nn.Parameter(lateral.clone())
    optimizer = torch.optim.SGD([*encoder.parameters(), M], lr=1e-7)

    def step() -> None:
        with torch.no_grad():
            drive = encoder(x)
            y = torch.zeros_like(drive)
            inner = torch.optim.SGD([y], lr=1.0)
            for _ in range(workloads.ITERATIONS):
                y.grad = torch.einsum("ij,bj...->bi...", M, y) - drive
                inner.step()
                y.relu_()
        loss = 2 * (y * torch.einsum("ij,bj...->bi...", M, y)).sum() - 4 * (y * encoder(x)).sum()
        loss = loss / y.numel() - M.square().sum() / workloads.CHANNELS
        loss = loss + (2 / workloads.CHANNELS) * sum(p.square().sum() for p in encoder.parameters())
        optimizer.zero_grad()
        loss.backward()
        M.grad.mul_(-1 / workloads.TAU)
        optimizer.step()

    return step


CASES = (
    Case(
        "pynsm",
        "training step, 50 filters of 6 x 6, batch of 100",
        circuit,
        plain="40 iterations of einsum and an optimizer object, loss, backward",
        floor="the 40 products of 50 x 50 with 52,900 columns, in the cache",
        gap="adding the input and rectifying, loss and its gradient",
        reference=(
            "pynsm/bench_training_step.py",
            "--worker",
            "convolution",
            "trained",
            "{threads}",
        ),
    ),
)
