"""Online canonical correlation analysis: a circuit with two inputs and whitening regularisers.

The two views share two hidden signals. The outputs are compared with the exact solution: an
alignment of 1 means that they span the same signals as the sums of the canonical variables.
Nothing is published for this circuit; the exact solution is the comparison.

Reference:
    Lipshutz, Bahroun, Golkar, Sengupta & Chklovskii, "A biologically plausible neural network
    for multichannel canonical correlation analysis", Neural Computation 33 (2021).
"""

from collections.abc import Iterator
from typing import Any

import torch
from common import arguments, new_figure, save, train
from torch import Tensor, nn

from pynsm import MultiSimilarityMatching

SHARED, X_DIM, Y_DIM, BATCH = 2, 8, 6, 200


class CCA(MultiSimilarityMatching):
    """Canonical correlation analysis of two inputs."""

    def __init__(self, x_dim: int, y_dim: int, out_channels: int, **kwargs: Any) -> None:
        encoders = [
            nn.Linear(x_dim, out_channels, bias=False),
            nn.Linear(y_dim, out_channels, bias=False),
        ]
        super().__init__(encoders, out_channels, regularization="whiten", **kwargs)


def views(count: int) -> tuple[Tensor, Tensor]:
    """Return two mixtures of shared signals and, stronger, of signals of their own."""
    torch.manual_seed(0)
    shared = torch.randn(count, SHARED)
    strength = torch.tensor([1.0, 1.5])
    mixed = []
    for dimension in (X_DIM, Y_DIM):
        noise = 0.3 * torch.randn(count, SHARED)
        own = torch.randn(count, dimension - SHARED)
        sources = torch.cat([strength * (shared + noise), 2 * own], dim=1)
        basis, _ = torch.linalg.qr(torch.randn(dimension, dimension))
        mixed.append(sources @ basis.T)
    return mixed[0], mixed[1]


def whitened(x: Tensor) -> Tensor:
    """Return orthonormal columns with the span of the centred ones."""
    q, _ = torch.linalg.qr((x - x.mean(0)).double())
    return q


def correlations(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the canonical correlations, and the sums of the canonical variables."""
    a, b = whitened(x), whitened(y)
    u, values, vt = torch.linalg.svd(a.T @ b, full_matrices=False)
    return values, a @ u + b @ vt.T


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train on a stream of pairs and compare the outputs with the exact solution."""
    parser = arguments("Canonical correlation analysis.", epochs=10, data=False)
    parser.add_argument("--samples", type=int, default=20_000)
    options = parser.parse_args(argv)
    x, y = views(options.samples)

    torch.manual_seed(options.seed)
    model = CCA(X_DIM, Y_DIM, SHARED, tau=0.5, iteration_lr=0.2, max_iterations=100, tol=1e-4)
    model = model.to(options.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)

    def stream() -> Iterator[tuple[Tensor, Tensor]]:
        for part in torch.randperm(len(x)).split(BATCH):
            yield x[part].to(options.device), y[part].to(options.device)

    losses = train(model, optimizer, stream, options, inputs=lambda x, y: (x, y))

    exact, variables = correlations(x, y)
    output = model(x.to(options.device), y.to(options.device)).cpu()
    alignment = correlations(output, variables[:, :SHARED])[0]
    print("exact canonical correlations:", " ".join(f"{v:.3f}" for v in exact))
    print("alignment of the outputs with the exact solution:", *(f"{v:.4f}" for v in alignment))
    if options.plot is not None:
        figure, axes = new_figure(1, 2, (10, 4))
        axes[0].plot(losses, linewidth=0.8)
        axes[0].set(xlabel="batch", ylabel="loss")
        axes[1].bar(range(len(exact)), exact)
        axes[1].set(xlabel="pair", ylabel="canonical correlation")
        save(figure, options.plot)
    return {"loss": losses[-1], "alignment": float(alignment.min())}


if __name__ == "__main__":
    main()
