"""An analog recurrent network learns to predict the next value of a curve.

The curve is sin(x) cos(x / 2) + 0.5 over 8 pi in 501 points; the batch holds copies of it that
are shifted by 100 points each. One recurrent layer of 50 units between two linear layers.
"""

import argparse
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from toy import save
from tqdm import tqdm

from aihwkit.nn import (
    AnalogGRUCell,
    AnalogLinear,
    AnalogLSTMCell,
    AnalogLSTMCellCombinedWeight,
    AnalogRNN,
    AnalogSequential,
    AnalogVanillaRNNCell,
)
from aihwkit.optim import AnalogSGD
from aihwkit.simulator import presets

CELLS = {
    "gru": AnalogGRUCell,
    "lstm": AnalogLSTMCell,
    "lstm-combined": AnalogLSTMCellCombinedWeight,
    "rnn": AnalogVanillaRNNCell,
}
N_POINTS, N_COPIES, SHIFT = 501, 5, 100
N_EMBEDDING, N_HIDDEN = 20, 50


# --8<-- [start:network]
class Network(AnalogSequential):
    """Embedding, recurrent layer and decoder."""

    def __init__(self, cell: type, config: Any) -> None:
        super().__init__()
        self.embedding = AnalogLinear(1, N_EMBEDDING, rpu_config=config)
        self.rnn = AnalogRNN(cell, N_EMBEDDING, N_HIDDEN, rpu_config=config)
        self.decoder = AnalogLinear(N_HIDDEN, 1, rpu_config=config)

    def forward(self, x: Tensor) -> Tensor:
        """Return the next values `[T, B, 1]` of curves `[T, B, 1]`."""
        hidden, _ = self.rnn(torch.tanh(self.embedding(x)))
        return self.decoder(hidden)


# --8<-- [end:network]


def curves(n_points: int) -> Tensor:
    """Return shifted copies of the curve, `[n_points, copies, 1]`."""
    x = torch.linspace(0.0, 8 * torch.pi, N_POINTS)
    y = torch.sin(x) * torch.cos(x / 2) + 0.5
    copies = torch.stack([y.roll(SHIFT * copy) for copy in range(N_COPIES)], dim=1)
    return copies[:n_points].unsqueeze(-1)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cell", choices=CELLS, default="gru")
    parser.add_argument("--preset", default="GokmenVlasovPreset", help="name of a configuration")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--points", type=int, default=N_POINTS, help="length of the curve")
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--plot", type=Path, help="save curve, prediction and loss to this file")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args(argv)


def draw(path: Path, target: Tensor, prediction: Tensor, losses: list[float]) -> None:
    """Save a figure with the first curve, its prediction, and the loss."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[2, 1])
    left.plot(target[:, 0, 0].cpu().numpy(), label="curve")
    left.plot(prediction[:, 0, 0].cpu().numpy(), label="prediction", linewidth=1)
    left.set(xlabel="step", ylabel="value")
    left.legend()
    right.semilogy(losses)
    right.set(xlabel="epoch", ylabel="loss")
    save(figure, path)


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train and return the first loss, the last loss and the error of the prediction."""
    options = parse(argv)
    torch.manual_seed(options.seed)
    model = Network(CELLS[options.cell], getattr(presets, options.preset)()).to(options.device)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)
    data = curves(options.points).to(options.device)
    x, target = data[:-1], data[1:]
    losses = []
    for _ in tqdm(range(options.epochs), disable=options.quiet):
        optimizer.zero_grad()
        loss = mse_loss(model(x), target)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        prediction = model.eval()(x)
    error = mse_loss(prediction, target).item()
    print(f"loss {losses[0]:.4f} -> {losses[-1]:.4f}, error of the prediction {error:.4f}")
    if options.plot:
        draw(options.plot, target, prediction, losses)
    return {"first": losses[0], "last": losses[-1], "error": error}


if __name__ == "__main__":
    main()
