"""One synapse under plain and under reward-modulated plasticity (Florian, 2007, figure 1).

Fixed spikes on both sides, a reward that turns from 1 to -1 halfway: pair STDP ignores it, MSTDP
follows it at each spike, MSTDPET through a trace of eligibility that carries a pairing on to later
rewards. Plots spikes, traces, eligibility, reward and the three weights.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from inferno import learn, neural
from inferno.extra import ExactNeuron

PRE = (10, 85, 115, 135)
POST = (15, 75, 110, 140)
RATES = (0.2, -0.2, 20.0, 20.0)


def build(trainer: learn.IndependentCellTrainer) -> neural.Serial:
    """Builds a synapse onto a neuron whose spikes are given, and registers it."""
    connection = neural.LinearDirect(
        (1,),
        1.0,
        synapse=neural.DeltaCurrent.partialconstructor(1.0),
        weight_init=lambda w: torch.full_like(w, 0.2),
    )
    layer = neural.Serial(connection, ExactNeuron((1,), 1.0, rest_v=-60.0, thresh_v=-40.0))
    connection.updater = connection.defaultupdater()
    trainer.register_cell("only", layer.cell)
    return layer


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Simulates 200 ms and plots; returns the weights at the end."""
    parser = argparse.ArgumentParser(description="Reward-modulated plasticity of one synapse.")
    parser.add_argument("--plot", type=Path, help="file for spikes, traces and weights")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args(argv)

    trainers: dict[str, learn.IndependentCellTrainer] = {
        "STDP": learn.STDP(*RATES),
        "MSTDP": learn.MSTDP(*RATES),
        "MSTDPET": learn.MSTDPET(*RATES, 25.0),
    }
    layers = {name: build(trainer) for name, trainer in trainers.items()}
    recorded: dict[str, list[float]] = {}
    for step in tqdm(range(1, 201), desc="ms", disable=options.quiet):
        pre, post = torch.tensor([[step in PRE]]), torch.tensor([[step in POST]])
        reward = 1.0 if step <= 100 else -1.0
        for name, layer in layers.items():
            layer(pre, neuron_kwargs={"override": post})
            trainers[name](*(() if name == "STDP" else (reward,)))
            layer.connection.update()
            recorded.setdefault(name, []).append(layer.connection.weight.item())
        for name in ("trace_pre", "trace_post", "elig_post", "elig_pre"):
            value: Tensor = trainers["MSTDPET"].get_monitor("only", name).peek()
            recorded.setdefault(name, []).append(value.item())
        recorded.setdefault("reward", []).append(reward)
    weights = {name: recorded[name][-1] for name in trainers}
    for name, weight in weights.items():
        print(f"{name}: weight {weight:.6f}")
    if options.plot:
        plot(options.plot, recorded)
    return weights


def plot(path: Path, recorded: dict[str, list[float]]) -> None:
    """Draws spikes, traces, eligibility, reward and weights below each other."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(5, 1, figsize=(8, 9), sharex=True, layout="constrained")
    axes[0].eventplot([PRE, POST], colors=("C0", "C1"))
    axes[0].set_yticks((0, 1), ("pre", "post"))
    for name, color in (("trace_pre", "C0"), ("trace_post", "C1")):
        axes[1].plot(recorded[name], color, label=name)
    for name in ("elig_post", "elig_pre"):
        axes[2].plot(recorded[name], label=name)
    axes[3].step(range(200), recorded["reward"], "k", where="post")
    for name in ("STDP", "MSTDP", "MSTDPET"):
        axes[4].plot(recorded[name], label=name)
    for axis, label in zip(
        axes, ("spikes", "traces", "eligibility", "reward", "weight"), strict=True
    ):
        axis.set_ylabel(label)
    for axis in axes[[1, 2, 4]]:
        axis.legend(loc="upper left")
    axes[4].set_xlabel("time (ms)")
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
