"""Fifty steps of a spiking network that learns."""

import torch
from case import Case, Ways, load

from synaptensor.kernels import use_kernel

__all__ = ["CASES"]


def network(size: int, batch: int, device: str) -> Ways:
    """Return fifty training steps of excitatory neurons that inhibit each other."""
    workloads = load("inferno/workloads.py")

    def run() -> object:
        made = workloads.Run("train", size, batch)
        if device != "cpu":
            made.model.to(device)
            made.trains = made.trains.to(device)
        return made

    fast, definitions = run(), run()

    def plain() -> None:
        with use_kernel("torch", "inferno"):
            definitions()

    spikes = fast.trains.flatten(2).float()
    weight = torch.rand(size, 784, device=device)
    posts = torch.rand(batch, size, device=device)

    @torch.no_grad()
    def floor() -> None:
        for x in spikes:
            torch.mm(x, weight.t())
            weight.addmm_(posts.t(), x, alpha=1e-9)
            weight.clamp_(min=0.0)

    return Ways(fast, plain, floor)


CASES = tuple(
    Case(
        "inferno",
        f"50 training steps, {size} neurons, batch of {batch}",
        lambda device, size=size, batch=batch: network(size, batch, device),
        plain="the definitions in tensor operations",
        floor="one dense product, one outer product and one clamp a step",
        gap=gap,
        reference=(
            "inferno/bench_steps.py", "--threads", "{threads}", "--worker", "train", str(size),
            str(batch),
        ),
    )
    for size, batch, gap in (
        (100, 20, "three layers, traces and hooks: 640 calls of Python a step"),
        (1600, 32, "three layers, traces; the loops use one thread"),
    )
)  # fmt: skip
