"""Data loaders: a pair for training and validation for every data set.

All shuffle the training data, and the validation data only with ``shuffle_test``. A ``seed``
fixes the order of the samples and the random numbers of the workers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from bioplnn.utils.seeding import manual_seed
from synaptensor.optional import require
from synaptensor.validation import check_choice

Path = str | os.PathLike
Loaders = tuple[DataLoader, DataLoader]

# Mean and standard deviation of the training images, per channel.
_STATISTICS = {
    "mnist": ((0.1307,), (0.3081,)),
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.247, 0.243, 0.261)),
    "cifar100": ((0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
}
_CLASSES = {"mnist": "MNIST", "cifar10": "CIFAR10", "cifar100": "CIFAR100"}


def rescale_to_range(
    x: Any, old_min: float = 0, old_max: float = 1, new_min: float = -1, new_max: float = 1
) -> Any:
    """Map ``[old_min, old_max]`` linearly to ``[new_min, new_max]``."""
    return (x - old_min) / (old_max - old_min) * (new_max - new_min) + new_min


def seed_worker(worker_id: int, seed: int) -> None:
    """Seed a worker process; every worker gets random numbers of its own."""
    manual_seed(worker_id + seed)


def make_loaders(
    train: Dataset,
    val: Dataset,
    train_batch_size: int,
    val_batch_size: int,
    num_workers: int = 0,
    seed: int | None = None,
    shuffle_test: bool = False,
    shuffle_train: bool = True,
) -> Loaders:
    """Make the two loaders of a data set.

    Args:
        train: Data for training.
        val: Data for validation.
        train_batch_size: Samples per batch.
        val_batch_size: Samples per batch.
        num_workers: Worker processes.
        seed: Fixes order and workers.
        shuffle_test: Whether to shuffle the validation data.
        shuffle_train: Whether to shuffle the training data.
    """
    loaders = []
    for data, batch_size, shuffle in (
        (train, train_batch_size, shuffle_train),
        (val, val_batch_size, shuffle_test),
    ):
        loaders.append(
            DataLoader(
                data,
                batch_size=batch_size,
                num_workers=num_workers,
                shuffle=shuffle,
                pin_memory=torch.cuda.is_available(),
                worker_init_fn=None if seed is None else partial(seed_worker, seed=seed),
                generator=None if seed is None else torch.Generator().manual_seed(seed),
            )
        )
    return loaders[0], loaders[1]


def _transforms() -> Any:
    return require("torchvision.transforms", "data", "bioplnn")


def _pipeline(steps: Sequence[Callable], resolution: tuple[int, int] | None) -> Any:
    transforms = _transforms()
    resize = []
    if resolution is not None:
        nearest = transforms.InterpolationMode.NEAREST_EXACT
        resize = [transforms.Resize(tuple(resolution), interpolation=nearest)]
    return transforms.Compose([*steps, *resize])


def get_qclevr_dataloaders(
    *,
    root: Path,
    cue_assets_root: Path | None,
    train_batch_size: int,
    val_batch_size: int,
    resolution: tuple[int, int] | None = None,
    mode: str = "color",
    holdout: Sequence[str] = (),
    primitive: bool = True,
    shape_cue_color: str = "orange",
    return_metadata: bool = False,
    use_cache: bool = False,
    num_workers: int = 0,
    seed: int | None = None,
    shuffle_test: bool = False,
) -> Loaders:
    """Loaders of :class:`~bioplnn.datasets.QCLEVRDataset`, values from -1 to 1."""
    from bioplnn.datasets import QCLEVRDataset

    transform = _pipeline([_transforms().ToTensor(), rescale_to_range], resolution)
    train, val = (
        QCLEVRDataset(
            root=root,
            cue_assets_root=cue_assets_root,
            transform=transform,
            return_metadata=return_metadata,
            split=split,
            mode=mode,
            holdout=holdout,
            primitive=primitive,
            shape_cue_color=shape_cue_color,
            use_cache=use_cache,
            num_workers=num_workers,
        )
        for split in ("train", "valid")
    )
    return make_loaders(
        train, val, train_batch_size, val_batch_size, num_workers, seed, shuffle_test
    )


def get_cabc_dataloaders(
    *,
    root: Path,
    resolution: tuple[int, int] | None = None,
    batch_size: int = 16,
    num_workers: int = 0,
    seed: int | None = None,
    shuffle_test: bool = False,
) -> Loaders:
    """Loaders of :class:`~bioplnn.datasets.CABCDataset`, values from -1 to 1."""
    from bioplnn.datasets import CABCDataset

    transform = _pipeline([_transforms().ToTensor(), rescale_to_range], resolution)
    train, val = (CABCDataset(root, transform, train=part) for part in (True, False))
    return make_loaders(train, val, batch_size, batch_size, num_workers, seed, shuffle_test)


def get_mazes_dataloaders(
    *,
    root: Path,
    resolution: tuple[int, int] | None = None,
    subset: float = 1.0,
    return_metadata: bool = False,
    batch_size: int = 16,
    num_workers: int = 0,
    seed: int | None = None,
    shuffle_test: bool = False,
) -> Loaders:
    """Loaders of :class:`~bioplnn.datasets.Mazes`."""
    from bioplnn.datasets import Mazes

    transform = None if resolution is None else _pipeline([], resolution)
    train, val = (Mazes(root, part, subset, return_metadata, transform) for part in (True, False))
    return make_loaders(train, val, batch_size, batch_size, num_workers, seed, shuffle_test)


def get_correlated_dots_dataloaders(
    resolution: tuple[int, int] = (128, 128),
    n_frames: int = 10,
    n_dots: int = 100,
    correlation: float = 1.0,
    max_speed: float = 5,
    samples_per_epoch: int = 10000,
    val_samples_per_epoch: int = 2000,
    batch_size: int = 512,
    num_workers: int = 0,
    seed: int | None = None,
) -> Loaders:
    """Loaders of :class:`~bioplnn.datasets.CorrelatedDots`; nothing to shuffle."""
    from bioplnn.datasets import CorrelatedDots

    train, val = (
        CorrelatedDots(resolution, n_frames, n_dots, correlation, max_speed, count)
        for count in (samples_per_epoch, val_samples_per_epoch)
    )
    return make_loaders(train, val, batch_size, batch_size, num_workers, seed, shuffle_train=False)


def get_image_classification_dataloaders(
    dataset: str = "mnist",
    root: Path = "data",
    resolution: tuple[int, int] | None = None,
    batch_size: int = 16,
    num_workers: int = 0,
    seed: int | None = None,
    shuffle_test: bool = False,
) -> Loaders:
    """Loaders of MNIST, CIFAR-10 or CIFAR-100 with normalised images; downloads what is missing.

    Raises:
        NotImplementedError: The data set is none of these.
    """
    source = getattr(require("torchvision.datasets", "data", "bioplnn"), _class_name(dataset))
    transform = _normalised(dataset, resolution)
    train, val = (
        source(root=str(root), train=part, download=True, transform=transform)
        for part in (True, False)
    )
    return make_loaders(train, val, batch_size, batch_size, num_workers, seed, shuffle_test)


def get_v1_dataloaders(
    dataset: str = "mnist",
    root: Path = "data",
    resolution: tuple[int, int] | None = None,
    retina_path: Path | None = None,
    batch_size: int = 16,
    num_workers: int = 0,
    seed: int | None = None,
    shuffle_test: bool = False,
) -> Loaders:
    """The same images as they fall on a cortical sheet, see :class:`~bioplnn.datasets.MNIST_V1`.

    Raises:
        ValueError: ``retina_path`` is missing.
        NotImplementedError: The data set is not known.
    """
    from bioplnn import datasets

    source = getattr(datasets, f"{_class_name(dataset)}_V1")
    if retina_path is None:
        raise ValueError(
            "retina_path must be the file of a retina, got None; "
            "bioplnn.datasets.generators.generate_retina(path) writes one"
        )
    transform = _normalised(dataset, resolution)
    train, val = (
        source(root, retina_path, train=part, download=True, transform=transform)
        for part in (True, False)
    )
    return make_loaders(train, val, batch_size, batch_size, num_workers, seed, shuffle_test)


def _class_name(dataset: str) -> str:
    try:
        check_choice("dataset", dataset, tuple(_CLASSES))
    except ValueError as error:
        raise NotImplementedError(str(error)) from None
    return _CLASSES[dataset]


def _normalised(dataset: str, resolution: tuple[int, int] | None) -> Any:
    transforms = _transforms()
    steps = [transforms.ToTensor(), transforms.Normalize(*_STATISTICS[dataset])]
    return _pipeline(steps, resolution)


# Arguments of these are those above without ``dataset``.
get_mnist_dataloaders = partial(get_image_classification_dataloaders, "mnist")
"""Loaders of MNIST."""
get_cifar10_dataloaders = partial(get_image_classification_dataloaders, "cifar10")
"""Loaders of CIFAR-10."""
get_cifar100_dataloaders = partial(get_image_classification_dataloaders, "cifar100")
"""Loaders of CIFAR-100."""
get_mnist_v1_dataloaders = partial(get_v1_dataloaders, "mnist")
"""Loaders of MNIST on a cortical sheet."""
get_cifar10_v1_dataloaders = partial(get_v1_dataloaders, "cifar10")
"""Loaders of CIFAR-10 on a cortical sheet."""
get_cifar100_v1_dataloaders = partial(get_v1_dataloaders, "cifar100")
"""Loaders of CIFAR-100 on a cortical sheet."""
