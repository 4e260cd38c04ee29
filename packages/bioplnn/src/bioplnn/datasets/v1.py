"""Images as they fall on the sheet of primary visual cortex."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from bioplnn.datasets.sources import existing
from synaptensor.optional import require
from synaptensor.validation import check_integer, check_positive

_HINT = "bioplnn.datasets.generators.generate_retina(path) writes one"


def normalize_for_mp(indices: Tensor, retina_radius: float, n: int) -> Tensor:
    """Coordinates of the cortical map of positions ``(2, K)`` on a sheet of ``n`` columns."""
    x, y = indices
    return torch.stack(((1 - x / retina_radius) * 2.4 - 0.6, (y - n // 2) / retina_radius * 3.5))


def r_theta_mp(coordinates: Tensor) -> tuple[Tensor, Tensor]:
    r"""Radius and angle in the visual field, $w = e^{a + ib} - 1/2$ (monopole map).

    Reference:
        Schwartz (1977), Spatial mapping in the primate sensory projection.
    """
    a, b = coordinates
    w = torch.polar(a.exp(), b) - 0.5
    return w.abs(), w.angle()


class V1Dataset:
    """Samples images at the places that the neurons of a cortical sheet look at.

    Args:
        retina_path: File of a ``(2, K)`` tensor: row and column of the neurons that see.
        m: Rows of the sheet.
        n: Columns.
        retina_radius: Rows from the fovea to the edge of the visual field.
        image_top_corner: Height and width of an image in the visual field.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: Indices lie outside the sheet.
    """

    def __init__(
        self,
        retina_path: str | os.PathLike,
        m: int,
        n: int,
        retina_radius: float,
        image_top_corner: tuple[float, float] = (4, 4),
    ) -> None:
        self.m = check_integer("m", m, minimum=1)
        self.n = check_integer("n", n, minimum=1)
        check_positive("retina_radius", retina_radius)
        retina = torch.load(existing(retina_path, _HINT), weights_only=True)
        if retina.ndim != 2 or retina.shape[0] != 2:
            raise ValueError(
                f"retina_path must hold a (2, K) tensor, got shape {tuple(retina.shape)}"
            )
        limits = torch.tensor([m, n])[:, None]
        outside = ((retina < 0) | (retina >= limits)).any(0).nonzero().flatten()
        if len(outside):
            k = int(outside[0])
            raise ValueError(
                f"retina_path must hold positions on the ({m}, {n}) sheet, "
                f"got {tuple(retina[:, k].tolist())} at entry {k}"
            )
        radius, angle = r_theta_mp(normalize_for_mp(retina.float(), retina_radius, n))
        x = radius * angle.cos() / (image_top_corner[0] / 2) - 1
        y = radius * angle.sin() / image_top_corner[1]
        self.grid = torch.full((1, m, n, 2), float("nan"))
        self.grid[0, retina[0], retina[1]] = torch.stack((y, x), -1)

    def image_to_cortex(self, image: Tensor) -> Tensor:
        """Map an image ``(C, H, W)``, or a batch, to the sheet, ``(C, m, n)``."""
        images = image[None] if image.ndim == 3 else image
        grid = self.grid.to(images).expand(len(images), -1, -1, -1)
        cortex = F.grid_sample(images, grid, align_corners=True).nan_to_num(0.0)
        # Where no neuron looks the grid is not a number, and what was sampled there is arbitrary.
        cortex = cortex.where(grid.isfinite().all(-1)[:, None], 0.0)
        return cortex[0] if len(images) == 1 else cortex


class _CorticalImages(V1Dataset, Dataset):
    """One of torchvision's data sets, seen by a cortical sheet; items are ``(m * n,)``."""

    _source: str

    def __init__(
        self,
        root: str | os.PathLike,
        retina_path: str | os.PathLike,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
        m: int = 150,
        n: int = 300,
        retina_radius: float = 80,
        image_top_corner: tuple[float, float] = (4, 4),
    ) -> None:
        V1Dataset.__init__(self, retina_path, m, n, retina_radius, image_top_corner)
        source = getattr(require("torchvision.datasets", "data", "bioplnn"), self._source)
        self.images = source(
            root=str(root),
            train=train,
            transform=transform,
            target_transform=target_transform,
            download=download,
        )

    def __getattr__(self, name: str) -> Any:
        # What torchvision's data set offers, such as ``classes`` or ``targets``.
        if name.startswith("_") or name == "images":
            raise AttributeError(name)
        return getattr(self.images, name)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        image, target = self.images[index]
        return self.image_to_cortex(image).flatten(1).mean(0), target


class MNIST_V1(_CorticalImages):  # noqa: N801 - the reference's name
    """MNIST on the cortical sheet."""

    _source = "MNIST"


class CIFAR10_V1(_CorticalImages):  # noqa: N801 - the reference's name
    """CIFAR-10 on the cortical sheet."""

    _source = "CIFAR10"


class CIFAR100_V1(_CorticalImages):  # noqa: N801 - the reference's name
    """CIFAR-100 on the cortical sheet."""

    _source = "CIFAR100"
