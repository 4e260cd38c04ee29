"""Delays that learn to bring the spikes of a pattern together.

Forty inputs fire once each at fixed random times within 20 ms. While the pattern is shown, a
teacher lets the output neuron fire at its end, and delay-adjusted plasticity moves every delay
until the spikes arrive together with it. Then a leaky neuron that is too fast to add up spikes
over 20 ms fires at the pattern, and at no other with the same spikes at other times.

Prints the spread of the arrivals and the neuron's responses, before and after; plots arrivals,
spread and voltages. The spread of the
arrivals falls from 6.5 ms to 0.01 ms; the neuron fires once at the pattern, never at 20 others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from inferno import learn, neural
from inferno.extra import ExactNeuron

INPUTS, WINDOW, TEACHER, LENGTH = 40, 20, 24, 60


def pattern(times: Tensor) -> Tensor:
    """Returns the spikes of inputs that fire once each, time first."""
    return torch.arange(LENGTH)[:, None] == times


def detector() -> neural.LIF:
    """A leaky neuron that only spikes at once can make fire."""
    return neural.LIF(
        1,
        1.0,
        rest_v=-60.0,
        reset_v=-65.0,
        thresh_v=-50.0,
        refrac_t=5.0,
        time_constant=2.0,
        resistance=1.0,
    )


def respond(connection: neural.LinearDense, spikes: Tensor) -> tuple[int, Tensor]:
    """Shows a pattern to a leaky neuron; returns its number of spikes and its voltages."""
    layer = neural.Serial(connection, detector())
    layer.clear()
    fired, voltages = 0, []
    for x in spikes:
        fired += int(layer(x[None]).sum())
        voltages.append(layer.neuron.voltage.item())
    return fired, torch.tensor(voltages)


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Trains, tests, plots; returns spreads and responses before and after."""
    parser = argparse.ArgumentParser(description="Delays learned by plasticity.")
    parser.add_argument("--plot", type=Path, help="file for arrivals, delays and voltages")
    parser.add_argument("--presentations", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)

    times = torch.randint(0, WINDOW, (INPUTS,))
    spikes = pattern(times)
    connection = neural.LinearDense(
        INPUTS,
        1,
        1.0,
        synapse=neural.DeltaPlusCurrent.partialconstructor(1.0, interp_mode="nearest"),
        delay=30.0,
        weight_init=lambda w: torch.full_like(w, 1.2),
        delay_init=lambda d: torch.full_like(d, 10.0),
    )
    connection.updater = connection.defaultupdater(exclude_weight=True)
    clamp = neural.Clamping(connection.updater, "parent.delay", min=0.0, max=30.0)
    clamp.register()
    taught = neural.Serial(connection, ExactNeuron(1, 1.0, rest_v=-60.0, thresh_v=-40.0))
    # a spike that arrives before the output's lengthens its delay, a later one shortens it
    trainer = learn.DelayAdjustedSTDPD(0.02, -0.02, 20.0, 20.0)
    trainer.register_cell("taught", taught.cell)

    def spread() -> float:
        return float((times + connection.delay[0]).std())

    history, results = [spread()], {"spread_before": spread()}
    results["spikes_before"], before = respond(connection, spikes)
    with torch.no_grad():
        for _ in tqdm(range(options.presentations), desc="pattern", disable=options.quiet):
            connection.clear()
            trainer.clear()
            for step, x in enumerate(spikes):
                override = torch.tensor([[step == TEACHER]])
                taught(x[None], neuron_kwargs={"override": override})
                trainer()
                connection.update()
            history.append(spread())
    results["spread_after"] = spread()
    results["spikes_after"], after = respond(connection, spikes)
    others = [respond(connection, pattern(times[torch.randperm(INPUTS)]))[0] for _ in range(20)]
    results["spikes_other"] = sum(others) / len(others)
    for name, value in results.items():
        print(f"{name}: {value:.3f}")
    if options.plot:
        plot(options.plot, times, connection.delay[0].detach(), history, (before, after))
    return results


def plot(
    path: Path, times: Tensor, delay: Tensor, history: list[float], voltages: tuple[Tensor, Tensor]
) -> None:
    """Draws spikes and arrivals, the spread while it falls, and the voltages."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(14, 4), layout="constrained")
    index = range(len(times))
    axes[0].plot(times, index, "|", label="spikes")
    axes[0].plot(times + delay, index, "C1.", label="arrivals after learning")
    axes[0].axvline(TEACHER, color="k", lw=0.5)
    axes[0].set(xlabel="time (ms)", ylabel="input")
    axes[1].plot(history)
    axes[1].set(xlabel="presentation", ylabel="spread of arrivals (ms)")
    for voltage, label in zip(voltages, ("before", "after"), strict=True):
        axes[2].plot(voltage, label=label)
    axes[2].axhline(-50.0, color="k", lw=0.5)
    axes[2].set(xlabel="time (ms)", ylabel="voltage (mV)")
    for axis in axes[[0, 2]]:
        axis.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
