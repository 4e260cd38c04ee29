"""Online clustering: non-negative similarity matching with one output for each cluster.

Published: loss of the last batch -2890.5; matched entries of the confusion matrix over the
whole run 0.994, 0.994, 0.999, 1.000, 0.927, over its second half all 1.000; 4.6 s on a CPU.
"""

import math

import torch
from common import arguments, new_figure, save, train
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from pynsm import SimilarityMatching

CLUSTERS, DIMENSION = 5, 50


def samples(per_cluster: int) -> tuple[Tensor, Tensor]:
    """Return Gaussian samples around random means, and the cluster of each."""
    torch.manual_seed(1)
    parts = []
    for _ in range(CLUSTERS):
        mean = 2.5 * torch.randn(DIMENSION)
        parts.append(mean + torch.randn(per_cluster, DIMENSION))
    x = torch.cat(parts)
    label = torch.arange(CLUSTERS).repeat_interleave(per_cluster)
    order = torch.randperm(len(x))
    return x[order], label[order]


def confusion(found: Tensor, label: Tensor) -> Tensor:
    """Return the share of each true cluster (rows) that went to each output (columns)."""
    counts = torch.zeros(CLUSTERS, CLUSTERS)
    counts.index_put_((label, found), torch.ones(len(label)), accumulate=True)
    return counts / counts.sum(1, keepdim=True)


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train on a stream of samples and compare the largest outputs with the clusters."""
    parser = arguments("Clustering.", epochs=1, data=False)
    parser.add_argument("--samples", type=int, default=20_000, help="for each cluster")
    options = parser.parse_args(argv)
    x, label = samples(options.samples)
    loader = DataLoader(TensorDataset(x, label), batch_size=100, shuffle=True)

    torch.manual_seed(options.seed)
    model = SimilarityMatching(
        nn.Linear(DIMENSION, CLUSTERS),
        CLUSTERS,
        tau=0.5,
        iteration_projection=nn.ReLU(),
        max_iterations=200,
        iteration_lr=0.05,
        tol=1e-4,
    ).to(options.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda i: max(1 / (1 + 20 * math.sqrt(i / 1000)), 0.01)
    )
    found: list[Tensor] = []
    truth: list[Tensor] = []
    iterations: list[int] = []

    def keep(y: Tensor, label: Tensor) -> None:
        found.append(y.argmax(1).cpu())
        truth.append(label)
        iterations.append(model.iteration_idx + 1)

    def stream() -> object:
        for x, label in loader:
            yield x.to(options.device), label

    losses = train(model, optimizer, stream, options, scheduler=scheduler, after=keep)
    half = len(found) // 2
    whole = confusion(torch.cat(found), torch.cat(truth))
    second = confusion(torch.cat(found[half:]), torch.cat(truth[half:]))
    print(f"loss of the last batch {losses[-1]:.3f}")
    print(f"iterations of a forward pass: {sum(iterations) / len(iterations):.1f} on average")
    for name, matrix in (("whole run", whole), ("second half", second)):
        print(f"matched entries, {name}:", " ".join(f"{v:.3f}" for v in matrix.amax(1)))
    print("published: loss -2890.5; 0.994 0.994 0.999 1.000 0.927, then all 1.000; 4.6 s")
    if options.plot is not None:
        figure, axes = new_figure(1, 2, (10, 4))
        axes[0].plot(losses, linewidth=0.8)
        axes[0].set(xlabel="batch", ylabel="loss")
        axes[1].imshow(second.numpy(), cmap="gray_r")
        axes[1].set(xlabel="largest output", ylabel="cluster")
        save(figure, options.plot)
    return {
        "loss": losses[-1],
        "iterations": sum(iterations) / len(iterations),
        "worst_match": float(second.amax(1).min()),
    }


if __name__ == "__main__":
    main()
