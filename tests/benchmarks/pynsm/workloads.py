"""The workloads of the benchmarks, for this package and for a plain loop in torch."""

from collections.abc import Callable

import torch
from torch import nn

BATCH, CHANNELS, ITERATIONS, TAU = 100, 50, 40, 0.1

Step = Callable[[], float]


def encoder_and_input(kind: str) -> tuple[nn.Module, torch.Tensor]:
    """Return the encoder and a batch of the size of MNIST images."""
    torch.manual_seed(0)
    if kind == "convolution":
        return nn.Conv2d(1, CHANNELS, 6, bias=False), torch.rand(BATCH, 1, 28, 28)
    return nn.Linear(784, CHANNELS), torch.rand(BATCH, 784)


def lateral_weights(state: str) -> torch.Tensor:
    """Return the weights of a new circuit, or weights as training leaves them."""
    M = torch.eye(CHANNELS)
    if state == "new":
        return M
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(CHANNELS, CHANNELS, generator=generator)
    return M + 0.3 * (noise + noise.T) / (2 * CHANNELS) ** 0.5


def package_step(kind: str, state: str, way: str = "auto") -> Step:
    """Return one training step with this package; `way` is ``relaxation`` or ``"once"``."""
    from pynsm import SimilarityMatching

    encoder, x = encoder_and_input(kind)
    once = way == "once"
    options = {} if way in ("once", "auto") else {"relaxation": way}
    model = SimilarityMatching(encoder, CHANNELS, iteration_projection=nn.ReLU(), **options)
    with torch.no_grad():
        model.competitor.weight.copy_(lateral_weights(state))
    # So small that the weights stay what they are however often the step is timed.
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-7)

    def loop() -> float:
        y = model(x)
        loss = model.loss(x, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    def single() -> float:
        return float(model.training_step(optimizer, x)[1])

    return single if once else loop


def plain_step(kind: str, state: str) -> Step:
    """Return one training step as it is written down: autograd, einsum, an optimizer object."""
    encoder, x = encoder_and_input(kind)
    M = nn.Parameter(lateral_weights(state))
    optimizer = torch.optim.SGD([*encoder.parameters(), M], lr=1e-7)

    def relax(drive: torch.Tensor) -> torch.Tensor:
        y = torch.zeros_like(drive)
        inner = torch.optim.SGD([y], lr=1.0)
        for _ in range(ITERATIONS):
            y.grad = torch.einsum("ij,bj...->bi...", M, y) - drive
            inner.step()
            y.relu_()
        return y

    def step() -> float:
        with torch.no_grad():
            y = relax(encoder(x))
        lateral = torch.einsum("ij,bj...->bi...", M, y)
        loss = (2 * (y * lateral).sum() - 4 * (y * encoder(x)).sum()) / y.numel()
        loss = loss - M.square().sum() / CHANNELS
        loss = loss + (2 / CHANNELS) * sum(p.square().sum() for p in encoder.parameters())
        optimizer.zero_grad()
        loss.backward()
        M.grad.mul_(-1 / TAU)
        optimizer.step()
        return float(loss.detach())

    return step
