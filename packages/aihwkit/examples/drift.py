"""A trained network on chips that drift: what the examples of accuracy over time share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from aihwkit.inference import drift_analog_weights, program_analog_weights

DAY = 86400.0
TIMES = (1.0, 60.0, 3600.0, DAY, 30 * DAY, 365 * DAY)
LABELS = ("1 s", "1 min", "1 h", "1 day", "1 month", "1 year")
CURVES = {
    "aware, compensated": ("#2b6cb0", "o-"),
    "aware": ("#2b6cb0", "o:"),
    "exact, compensated": ("#c05621", "s-"),
    "exact": ("#c05621", "s:"),
}


# --8<-- [start:over-time]
def over_time(
    model: Any, measure: Callable[[nn.Module], float], options: Any
) -> dict[bool, list[list[float]]]:
    """Program chips, let them drift, and measure each of them with and without compensation.

    Args:
        model: analog network.
        measure: what to measure of the network in evaluation mode.
        options: with `repeats`, the number of chips.

    Returns:
        Lists `[chip][time]`, by whether the drift was compensated.
    """
    model.eval()
    results: dict[bool, list[list[float]]] = {True: [], False: []}
    for _ in tqdm(range(options.repeats), disable=options.quiet, desc="chips"):
        program_analog_weights(model)
        rows: dict[bool, list[float]] = {True: [], False: []}
        for time in TIMES:
            drift_analog_weights(model, time)
            rows[True].append(measure(model))
            for tile in model.analog_tiles():
                tile.alpha.fill_(1.0)
            rows[False].append(measure(model))
        for compensated, row in rows.items():
            results[compensated].append(row)
    return results


# --8<-- [end:over-time]


def summary(name: str, results: dict[bool, list[list[float]]]) -> dict[str, dict[str, Any]]:
    """Print and return mean and standard deviation over the chips at all times."""
    summaries = {}
    for compensated, rows in results.items():
        label = f"{name}, compensated" if compensated else name
        values = torch.tensor(rows, dtype=torch.float64)
        mean, std = values.mean(0), values.std(0, correction=0)
        summaries[label] = {"mean": mean.tolist(), "std": std.tolist()}
        row = "  ".join(
            f"{t}: {m:.2f} ± {s:.2f}" for t, m, s in zip(LABELS, mean, std, strict=True)
        )
        print(f"{label:>20}  {row}")
    return summaries


def plot(path: Path, results: dict[str, Any], quantity: str) -> None:
    """Save the curves with one standard deviation over the chips."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.subplots()
    for name, (colour, style) in CURVES.items():
        mean, std = results[name]["mean"], results[name]["std"]
        axes.errorbar(TIMES, mean, std, fmt=style, color=colour, label=name, capsize=3)
    if "digital" in results:
        axes.axhline(results["digital"], color="#718096", linewidth=0.8, label="digital")
    axes.set(xscale="log", xlabel="time after programming", ylabel=quantity)
    axes.set_xticks(TIMES, LABELS)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(title="training", fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    print(f"saved {path}")
