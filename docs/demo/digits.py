"""The handwritten digits that every part of the demo learns."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchvision.datasets import MNIST

SMALL = Path(__file__).parents[2] / "tests" / "data"


@dataclass(frozen=True)
class Digits:
    """Images `[N, 28, 28]` in `[0, 1]` and labels `[N]` of a training and a test set."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def __str__(self) -> str:
        return f"{len(self.train_labels):,} training and {len(self.test_labels):,} test digits"


def load_digits(root: Path = SMALL) -> Digits:
    """Read MNIST in torchvision's folder layout, without a download.

    Args:
        root: folder that holds `MNIST/raw`.

    Raises:
        FileNotFoundError: `root` holds no MNIST.
    """
    tensors = []
    for train in (True, False):
        try:
            part = MNIST(root=root, train=train)
        except RuntimeError:
            message = (
                f"--data must be a folder that holds MNIST/raw with the four IDX files, got {root}"
            )
            raise FileNotFoundError(message) from None
        tensors += [part.data.float() / 255, part.targets]
    return Digits(*tensors)


def batches(size: int, batch_size: int, generator: torch.Generator) -> list[Tensor]:
    """Shuffle `size` samples and cut them into index tensors of `batch_size`."""
    return list(torch.randperm(size, generator=generator).split(batch_size))
