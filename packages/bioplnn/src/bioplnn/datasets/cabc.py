"""Two letters out of dashes that overlap, and two dots: on the same letter or not (cABC)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from bioplnn.datasets.sources import existing
from synaptensor.optional import require

_TRAIN_SHARE = 0.8
_HINT = "bioplnn.datasets.generators.generate_cabc(root) writes such a folder"


class CABCDataset(Dataset):
    """Pictures and labels listed in ``metadata/combined.npy``.

    The table holds text: column 0 the folder of the picture (under the root), column 2 its file
    name, column 4 its label. The first 80 % of the rows are for training.

    Args:
        root: Folder with ``metadata/combined.npy``.
        transform: Applied to the picture (PIL).
        train: Whether to take the part for training, else that for validation.

    Raises:
        FileNotFoundError: The table is not there.
        ValueError: The table has another shape.
    """

    def __init__(
        self,
        root: str | os.PathLike,
        transform: Callable[[Any], Any] | None = None,
        train: bool = True,
    ) -> None:
        self.root = existing(root, _HINT)
        self.transform = transform
        path = existing(self.root / "metadata" / "combined.npy", _HINT)
        metadata = np.load(path, allow_pickle=False)
        if metadata.ndim != 2 or metadata.shape[1] < 5:
            raise ValueError(
                f"{path} must hold a table of at least 5 columns, got shape {metadata.shape}"
            )
        split = int(_TRAIN_SHARE * len(metadata))
        self.metadata = metadata[:split] if train else metadata[split:]
        self.image_dirs = self.metadata[:, 0]
        self.image_names = self.metadata[:, 2]
        self.labels = self.metadata[:, 4].astype(int)

    def __len__(self) -> int:
        return len(self.metadata)

    def __getitem__(self, index: int) -> tuple[Any, np.integer]:
        path = self.root / str(self.image_dirs[index]) / str(self.image_names[index])
        image = require("PIL.Image", "data", "bioplnn").open(existing(path, _HINT))
        if self.transform is not None:
            image = self.transform(image)
        return image, self.labels[index]
