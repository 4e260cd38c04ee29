"""Convolutional non-negative similarity matching on CIFAR-10, without labels.

Published: training 41.1 s on a GPU; accuracies of a linear classifier on the pooled outputs
77.4 % (train) and 43.5 % (test).
"""

from cifar import parse, run
from torch import nn

from pynsm import SimilarityMatching


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train, probe, plot."""
    options = parse("Convolutional similarity matching on CIFAR-10.", argv)
    return run(
        lambda encoder: SimilarityMatching(encoder, 50, iteration_projection=nn.ReLU()),
        False,
        options,
        "published: 41.1 s on a GPU; accuracies 77.4 %, 43.5 %",
    )


if __name__ == "__main__":
    main()
