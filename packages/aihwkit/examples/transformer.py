"""A small transformer, its chip, and its quality over time: what two examples share.

The text is that of `rhymes.txt` (L. Carroll and W. Blake, both in the public domain); networks
learn it by heart.
"""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention
from tqdm import tqdm

from aihwkit.inference import (
    GlobalDriftCompensation,
    PCMLikeNoiseModel,
    drift_analog_weights,
    program_analog_weights,
)
from aihwkit.optim import AnalogAdam
from aihwkit.simulator.configs import (
    IOParameters,
    MappingParameter,
    TorchInferenceRPUConfig,
    WeightClipParameter,
    WeightClipType,
    WeightModifierParameter,
    WeightModifierType,
)
from aihwkit.simulator.configs.utils import (
    BoundManagementType,
    NoiseManagementType,
    WeightNoiseType,
)

TEXT = Path(__file__).parent / "rhymes.txt"
# Right after programming, and nine times up to 1e6 s (11 days and a half).
TIMES = (0.0, *(10 ** (0.75 * k) for k in range(9)))


# --8<-- [start:network]
class Attention(nn.Module):
    """Attention of several heads; its four matrices are linear layers, so they become analog."""

    def __init__(self, width: int, heads: int, causal: bool) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        """Return `[B, T, width]` from `[B, T, width]`."""
        parts = (layer(x) for layer in (self.query, self.key, self.value))
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        mixed = scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.output(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention and two linear layers, each added to what comes in."""

    def __init__(self, width: int, heads: int, causal: bool) -> None:
        super().__init__()
        self.attention = Attention(width, heads, causal)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Return `[B, T, width]` from `[B, T, width]`."""
        x = x + self.attention(self.norms[0](x))
        return x + self.narrow(gelu(self.wide(self.norms[1](x))))


class Transformer(nn.Module):
    """Tokens and positions, some blocks, and scores of all tokens at each place."""

    def __init__(self, n_tokens: int, length: int, options: Any, causal: bool) -> None:
        super().__init__()
        width = options.width
        self.tokens, self.places = nn.Embedding(n_tokens, width), nn.Embedding(length, width)
        blocks = (Block(width, options.heads, causal) for _ in range(options.layers))
        self.blocks = nn.Sequential(*blocks)
        self.norm, self.scores = nn.LayerNorm(width), nn.Linear(width, n_tokens)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return scores `[B, T, tokens]` for tokens `[B, T]`."""
        x = self.tokens(tokens) + self.places.weight[: tokens.shape[1]]
        return self.scores(self.norm(self.blocks(x)))


# --8<-- [end:network]


# --8<-- [start:chip]
def chip(noise: float, read_noise: float = 0.0175) -> TorchInferenceRPUConfig:
    """Return the chip: 8-bit converters that scale with each input, phase-change memory.

    Args:
        noise: standard deviation of the weights in training, relative to the largest.
        read_noise: of each read of the memory.
    """
    forward = IOParameters(inp_res=256, out_res=256, out_bound=10.0, out_noise=0.04)
    forward.bound_management = BoundManagementType.ITERATIVE
    forward.noise_management = NoiseManagementType.ABS_MAX
    if read_noise > 0:
        forward.w_noise, forward.w_noise_type = read_noise, WeightNoiseType.PCM_READ
    return TorchInferenceRPUConfig(
        forward=forward,
        clip=WeightClipParameter(type=WeightClipType.FIXED_VALUE, fixed_value=1.0),
        modifier=WeightModifierParameter(type=WeightModifierType.ADD_NORMAL, std_dev=noise),
        mapping=MappingParameter(
            weight_scaling_omega=1.0,
            weight_scaling_columnwise=True,
            learn_out_scaling=True,
            out_scaling_columnwise=True,
            max_input_size=512,
        ),
        noise_model=PCMLikeNoiseModel(g_max=25.0),
        drift_compensation=GlobalDriftCompensation(),
    )


# --8<-- [end:chip]


def arguments(description: str, steps: int, length: int) -> argparse.ArgumentParser:
    """Return a parser with the options that both examples have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--text", type=Path, default=TEXT, help="text to learn (default: rhymes)")
    parser.add_argument("--length", type=int, default=length, help="tokens of a part")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--steps", type=int, default=steps, help="steps of exact training")
    parser.add_argument("--tune-steps", type=int, default=steps // 2, help="steps with noise")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--tune-lr", type=float, default=1e-3)
    parser.add_argument("--noise", type=float, default=0.1, help="of weights in training")
    parser.add_argument("--repeats", type=int, default=3, help="number of programmed chips")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--plot", type=Path, help="save the curves to this file")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    return parser


def encoded(tokens: list[str], length: int, stride: int) -> tuple[Tensor, list[str]]:
    """Return parts `[N, length]` of a text as numbers, and what they stand for.

    Args:
        tokens: the text.
        length: tokens of a part.
        stride: tokens from the start of one part to that of the next.
    """
    alphabet = sorted(set(tokens))
    numbers = {token: index for index, token in enumerate(alphabet)}
    codes = torch.tensor([numbers[token] for token in tokens])
    return codes.unfold(0, length, stride).clone(), alphabet


def fit(
    model: nn.Module, loss_of: Callable[[Tensor], Tensor], parts: Tensor, steps: int, lr: float,
    options: Any,
) -> float:  # fmt: skip
    """Train with a learning rate that falls to zero, and return the last loss."""
    optimizer = AnalogAdam(model.parameters(), lr=lr)
    if hasattr(model, "analog_tiles"):
        optimizer.regroup_param_groups(model)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
    model.train()
    loss = torch.tensor(math.nan)
    for _ in tqdm(range(steps), disable=options.quiet):
        optimizer.zero_grad()
        loss = loss_of(parts[torch.randint(len(parts), (options.batch_size,))])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
    return loss.item()


def over_time(model: nn.Module, measure: Callable[[], float], options: Any) -> dict[str, Any]:
    """Program some chips, let them drift, and return means and deviations at all times."""
    model.eval()
    rows = []
    for _ in tqdm(range(options.repeats), disable=options.quiet, desc="chips"):
        program_analog_weights(model)
        row = []
        for time in TIMES:
            drift_analog_weights(model, time)
            row.append(measure())
        rows.append(row)
    values = torch.tensor(rows, dtype=torch.float64)
    return {"mean": values.mean(0).tolist(), "std": values.std(0, correction=0).tolist()}


def report(results: dict[str, dict[str, Any]], quantity: str, path: Path | None) -> None:
    """Print the curves, and save a figure of them if there is a path."""
    for name, curve in results.items():
        values = "  ".join(f"{mean:.2f}" for mean in curve["mean"])
        print(f"{name:>8}: {values}")
    if path is None:
        return
    from matplotlib.figure import Figure
    from toy import save

    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.subplots()
    for name, curve in results.items():
        axes.errorbar(TIMES[1:], curve["mean"][1:], curve["std"][1:], fmt="o-", label=name)
    axes.set(xscale="log", xlabel="seconds after programming", ylabel=quantity)
    axes.grid(alpha=0.3)
    axes.legend(title="training")
    save(figure, path)
