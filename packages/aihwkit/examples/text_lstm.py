"""An LSTM learns a text character by character on a crossbar.

Two layers of 64 units whose weights lie on one tile each, trained from the start by AGAD, or by
plain pulses on coarse, asymmetric or on fine, symmetric devices, or digitally. The text is
`rhymes.txt`; the reference learns a novel for 50 epochs: `--text FILE`.
"""

import argparse
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot
from tqdm import tqdm

from aihwkit.nn import AnalogLinear, AnalogLSTMCellCombinedWeight, AnalogRNN, AnalogSequential
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    FloatingPointRPUConfig,
    IOParameters,
    MappingParameter,
    SingleRPUConfig,
    SoftBoundsDevice,
    SoftBoundsReferenceDevice,
    UpdateParameters,
    build_config,
)

TEXT = Path(__file__).parent / "rhymes.txt"


# --8<-- [start:configs]
def io() -> IOParameters:
    """Return converters of 7 bits for inputs and 9 for outputs."""
    return IOParameters(inp_res=1 / (2**7 - 2), out_res=1 / (2**9 - 2), out_scale=2 / 0.6)


def config(kind: str) -> Any:
    """Return the configuration of a name."""
    mapping = MappingParameter(weight_scaling_omega=0.6)
    if kind == "digital":
        return FloatingPointRPUConfig()
    if kind == "agad":
        device = SoftBoundsReferenceDevice(dw_min=0.1, subtract_symmetry_point=True)
        return build_config("agad", device, io_parameters=io(), mapping=mapping)
    devices = {
        "coarse": SoftBoundsDevice(dw_min=0.1),
        "symmetric": ConstantStepDevice(dw_min=0.00025, up_down_dtod=0.0),
    }
    return SingleRPUConfig(
        device=devices[kind],
        forward=io(),
        backward=io(),
        update=UpdateParameters(desired_bl=10),
        mapping=mapping,
    )


# --8<-- [end:configs]


class Network(AnalogSequential):
    """Two recurrent layers and a decoder; characters come as one-hot vectors."""

    def __init__(self, n_characters: int, options: Any) -> None:
        super().__init__()
        rpu_config = config(options.training)
        self.rnn = AnalogRNN(
            AnalogLSTMCellCombinedWeight,
            n_characters,
            options.hidden,
            rpu_config=rpu_config,
            num_layers=2,
            dropout=0.2,
        )
        self.decoder = AnalogLinear(options.hidden, n_characters, rpu_config=rpu_config)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores `[T, B, C]` of the next characters of `[T, B, C]`."""
        return self.decoder(self.rnn(x)[0])


def batches(options: Any) -> tuple[Tensor, int]:
    """Return the text as numbers `[parts, B, T + 1]`, and the number of characters."""
    text = options.text.read_text()
    alphabet = {character: index for index, character in enumerate(sorted(set(text)))}
    codes = torch.tensor([alphabet[character] for character in text])
    parts = codes.unfold(0, options.length + 1, max(options.length // 2, 1))
    whole = len(parts) // options.batch_size * options.batch_size
    if whole == 0:
        raise SystemExit(
            f"{options.text} has {len(parts)} parts of {options.length} characters, fewer than "
            f"the batch of {options.batch_size}: give a smaller --batch-size or --length"
        )
    return parts[:whole].view(-1, options.batch_size, options.length + 1), len(alphabet)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--text", type=Path, default=TEXT)
    parser.add_argument(
        "--training", choices=("agad", "coarse", "symmetric", "digital"), default="agad"
    )
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--length", type=int, default=100, help="characters of a part")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--plot", type=Path, help="save the losses to this file")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train and return the losses, and the loss of knowing nothing."""
    options = parse(argv)
    torch.manual_seed(options.seed)
    parts, n_characters = batches(options)
    model = Network(n_characters, options).to(options.device)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)
    losses: list[float] = []
    for epoch in range(options.epochs):
        for part in tqdm(parts[torch.randperm(len(parts))], disable=options.quiet):
            codes = part.t().to(options.device)
            optimizer.zero_grad()
            scores = model(one_hot(codes[:-1], n_characters).float())
            loss = cross_entropy(scores.flatten(0, 1), codes[1:].flatten())
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
        mean = sum(losses[-len(parts) :]) / len(parts)
        print(f"epoch {epoch + 1}: loss {mean:.3f}, perplexity {math.exp(mean):.2f}")
    if options.plot:
        from matplotlib.figure import Figure
        from toy import draw_curves, save

        figure = Figure(figsize=(6, 4), layout="constrained")
        draw_curves(figure.subplots(), {options.training: losses})
        save(figure, options.plot)
    return {"first": losses[0], "last": mean, "ignorant": math.log(n_characters)}


if __name__ == "__main__":
    main()
