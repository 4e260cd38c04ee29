"""Data sets of experiments."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import DataLoader, Subset

from synaptensor.optional import require

__all__ = ["dataset_arguments", "dataset_transform", "load_part"]

_SVHN = ((0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970))
_FASHION = ((0.2860,), (0.3205,))


def dataset_arguments(dataset: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments that select the training and the validation part of a data set."""
    if dataset.__name__ == "SVHN":
        return {"split": "train"}, {"split": "test"}
    return {"train": True}, {"train": False}


def dataset_transform(dataset: type) -> Any:
    """Return the transform of a data set: tensors, normalised for Fashion-MNIST and SVHN.

    Raises:
        ImportError: if torchvision is not installed.
    """
    transforms = require("torchvision.transforms", extra="experiments", package="aihwkit")
    statistics = {"SVHN": _SVHN, "FashionMNIST": _FASHION}.get(dataset.__name__)
    if statistics is None:
        return transforms.ToTensor()
    return transforms.Compose([transforms.ToTensor(), transforms.Normalize(*statistics)])


def load_part(
    dataset: type,
    arguments: dict[str, Any],
    transform: Any,
    batch_size: int,
    max_elements: int,
    dataset_root: str,
    shuffle: bool,
) -> DataLoader[Any]:
    """Return batches of a part of a data set, of its first elements if there is a maximum."""
    data: Any = dataset(dataset_root, transform=transform, **arguments)
    if max_elements > 0:
        data = Subset(data, range(min(max_elements, len(data))))
    generator = torch.Generator().manual_seed(torch.initial_seed() % 2**63)
    return DataLoader(data, batch_size=batch_size, shuffle=shuffle, generator=generator)
