"""Learning windows of four plasticity rules, and what a delay does to a spike.

Writes ``learning_windows.png``; needs ``pip install inferno[plot]``.
"""

import matplotlib
import torch

matplotlib.use("Agg")
from matplotlib import pyplot

import inferno
from inferno import functional, learn, plot


def delayed_pulse() -> torch.Tensor:
    """Returns a pulse as it is read back 0, 2.5 and 5 ms later, over 20 steps."""
    module = inferno.Module()
    inferno.RecordTensor.create(module, "past", 1.0, 5.0, torch.zeros(1), inclusive=True)
    delays, read = torch.tensor([[0.0, 2.5, 5.0]]), []
    for step in range(20):
        module.past.push(torch.tensor([float(step == 5)]))
        read.append(module.past.select(delays, functional.interp_linear)[0])
    return torch.stack(read)


def main() -> None:
    """Draws the figure."""
    figure, axes = pyplot.subplots(2, 3, figsize=(13, 7), layout="constrained")
    rules = {
        "pair STDP": learn.STDP(lr_post=1e-3, lr_pre=-1e-3, tc_post=30.0, tc_pre=20.0),
        "nearest spikes": learn.STDP(
            lr_post=1e-3, lr_pre=-5e-4, tc_post=30.0, tc_pre=20.0, trace_mode="nearest"
        ),
        "anti-Hebbian": learn.STDP(lr_post=-1e-3, lr_pre=1e-3, tc_post=30.0, tc_pre=20.0),
    }
    for ax, (name, rule) in zip(axes.flat, rules.items(), strict=False):
        plot.learning_window(rule, ax=ax)
        ax.set_title(name)
    rewarded = learn.MSTDPET(1e-3, -1e-3, 20.0, 20.0, 100.0)
    for reward in (1.0, -1.0):
        plot.learning_window(
            rewarded, tail=50.0, forward_args=(reward,), ax=axes[1, 0], label=f"reward {reward:+g}"
        )
    axes[1, 0].set_title("rewarded, with eligibility")
    axes[1, 0].legend()
    for delay, trace in zip((0, 2.5, 5), delayed_pulse().T, strict=True):
        axes[1, 1].plot(trace, label=f"{delay} ms")
    axes[1, 1].set(title="a pulse, delayed", xlabel="time (ms)")
    axes[1, 1].legend()
    spikes = torch.rand(250, 60) < torch.linspace(0.005, 0.05, 60)
    plot.raster(spikes, ax=axes[1, 2])
    axes[1, 2].set_title("Poisson spikes")
    figure.savefig("learning_windows.png", dpi=100)


if __name__ == "__main__":
    main()
