"""Colour images for the larger examples: a data set of torchvision, or digits in its place."""

import argparse
from pathlib import Path
from typing import Any

import torch
from common import SMALL_DATA
from torch import Tensor
from torch.nn.functional import interpolate, pad

SIZE = 32
STATISTICS = {
    "CIFAR10": ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
    "SVHN": ((0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970)),
}


def load_colour(options: argparse.Namespace, name: str, train: bool) -> tuple[Tensor, Tensor]:
    """Return normalised images `[N, 3, 32, 32]` and labels `[N]`, on the device.

    Where the folder of `--data` does not hold the data set, digits of MNIST take its place: those
    of the folder, or the small part that the examples come with.

    Args:
        options: with `data`, `limit` and `device`.
        name: `CIFAR10` or `SVHN`.
        train: the part for training, not the one for tests.
    """
    try:
        images, labels = _of_torchvision(options.data, name, train)
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in STATISTICS[name])
    except RuntimeError:
        images, labels = _digits(options.data, train)
        mean = std = torch.tensor(0.5)
        if train:
            print(f"{name} is not in {options.data}: enlarged digits of MNIST instead")
    images = images[: options.limit].float() / 255
    if images.shape[1] == 1:
        images = interpolate(images, size=(SIZE, SIZE), mode="bilinear").expand(-1, 3, -1, -1)
    images = (images - mean) / std
    return images.to(options.device), labels[: options.limit].to(options.device)


def _of_torchvision(folder: Path, name: str, train: bool) -> tuple[Tensor, Tensor]:
    """Return images `[N, 3, 32, 32]` with values up to 255, and labels."""
    from torchvision import datasets

    data: Any
    if name == "SVHN":
        data = datasets.SVHN(folder, split="train" if train else "test", download=False)
        return torch.as_tensor(data.data), torch.as_tensor(data.labels)
    data = getattr(datasets, name)(folder, train=train, download=False)
    return torch.as_tensor(data.data).movedim(-1, 1), torch.as_tensor(data.targets)


def _digits(folder: Path, train: bool) -> tuple[Tensor, Tensor]:
    """Return digits `[N, 1, 28, 28]` with values up to 255, and labels."""
    from torchvision.datasets import MNIST

    try:
        data = MNIST(folder, train=train, download=False)
    except RuntimeError:
        data = MNIST(SMALL_DATA, train=train, download=False)
    return data.data.unsqueeze(1), data.targets


# --8<-- [start:augment]
def augmented(images: Tensor, cut: int = 8) -> Tensor:
    """Return images that are shifted by up to four pixels, flipped at random, with a square cut."""
    n = len(images)
    shift = torch.randint(0, 9, (2, n), device=images.device)
    places = torch.arange(SIZE, device=images.device)
    rows, columns = (places + shift[axis].unsqueeze(1) for axis in range(2))
    flipped = torch.rand(n, device=images.device) < 0.5
    columns = torch.where(flipped.unsqueeze(1), columns.flip(1), columns)
    index = torch.arange(n, device=images.device).view(n, 1, 1)
    padded = pad(images, (4, 4, 4, 4)).movedim(1, -1)
    moved = padded[index, rows.unsqueeze(2), columns.unsqueeze(1)].movedim(-1, 1)
    corner = torch.randint(-cut // 2, SIZE - cut // 2, (2, n, 1), device=images.device)
    inside = (places >= corner) & (places < corner + cut)
    hole = inside[0].unsqueeze(2) & inside[1].unsqueeze(1)
    return moved.masked_fill(hole.unsqueeze(1), 0.0)


# --8<-- [end:augment]
