"""The two CIFAR-10 examples, which differ in the circuit alone."""

import argparse
from typing import Any

import torch
from common import SMALL_DATA, arguments, batches, load, plot_training, probe, train
from torch import Tensor, nn

from pynsm import MultiSimilarityMatching


def parse(description: str, argv: list[str] | None) -> argparse.Namespace:
    """Return the options of a CIFAR-10 example; the data have no small version."""
    parser = arguments(description, epochs=3)
    parser.set_defaults(data=SMALL_DATA)
    return parser.parse_args(argv)


def run(
    build: Any, labelled: bool, options: argparse.Namespace, published: str
) -> dict[str, float]:
    """Train the circuit that ``build(encoder)`` returns, probe and plot."""
    x, label = _normalized(*load("CIFAR10", options.data, train=True))
    test = _normalized(*load("CIFAR10", options.data, train=False))

    torch.manual_seed(options.seed)
    encoder = nn.Conv2d(3, 50, 6, bias=False)
    model: MultiSimilarityMatching = build(encoder).to(options.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    losses = train(
        model,
        optimizer,
        batches(x, label, 100, True, options.device),
        options,
        inputs=(lambda x, label: (x, label)) if labelled else (lambda x, label: (x,)),
    )
    plot_training(options.plot, losses, encoder.weight)
    results = {"loss": losses[-1]}
    if options.probe:
        loaders = {
            "train": batches(x, label, 100, False, options.device),
            "test": batches(*test, 100, False, options.device),
        }
        from sklearn.linear_model import SGDClassifier  # as in the published runs

        published_probe = SGDClassifier(random_state=123, eta0=0.001, n_jobs=-1)
        results |= probe(model, loaders, options, published_probe)
    print(published)
    return results


def _normalized(x: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    return (x - 0.5) / 0.5, label
