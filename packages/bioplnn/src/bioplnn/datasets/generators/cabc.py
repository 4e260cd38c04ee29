"""Overlapping letters with two dots, in the folder that ``CABCDataset`` reads."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np

from bioplnn.datasets.drawing import pillow
from synaptensor.validation import check_in_range, check_integer

# Letters as strokes through points (x, y) in a unit square, y downwards.
_STROKES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "A": (((0, 1), (0.5, 0), (1, 1)), ((0.2, 0.6), (0.8, 0.6))),
    "C": (((1, 0.15), (0.6, 0), (0.2, 0.15), (0, 0.5), (0.2, 0.85), (0.6, 1), (1, 0.85)),),
    "E": (((1, 0), (0, 0), (0, 1), (1, 1)), ((0, 0.5), (0.8, 0.5))),
    "H": (((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 0.5), (1, 0.5))),
    "K": (((0, 0), (0, 1)), ((1, 0), (0, 0.55)), ((0.25, 0.4), (1, 1))),
    "L": (((0, 0), (0, 1), (0.9, 1)),),
    "M": (((0, 1), (0.1, 0), (0.5, 0.7), (0.9, 0), (1, 1)),),
    "N": (((0, 1), (0, 0), (1, 1), (1, 0)),),
    "P": (((0, 1), (0, 0), (0.8, 0), (1, 0.25), (0.8, 0.5), (0, 0.5)),),
    "S": (((1, 0.1), (0.5, 0), (0.1, 0.2), (0.5, 0.5), (0.9, 0.75), (0.5, 1), (0, 0.9)),),
    "T": (((0, 0), (1, 0)), ((0.5, 0), (0.5, 1))),
    "V": (((0, 0), (0.5, 1), (1, 0)),),
    "X": (((0, 0), (1, 1)), ((1, 0), (0, 1))),
    "Z": (((0, 0), (1, 0), (0, 1), (1, 1)),),
}


def generate_cabc(
    root: str | os.PathLike,
    count: int = 1000,
    size: int = 128,
    clutter: float = 0.5,
    seed: int = 0,
) -> Path:
    """Write pictures of two dashed letters with two dots on them.

    The label is 1 if both dots lie on the same letter. Every letter is turned, sheared and
    stretched at random.

    Args:
        root: Folder to write to.
        count: Number of pictures; :class:`~bioplnn.datasets.CABCDataset` trains on 80 % of them.
        size: Height and width in pixels.
        clutter: 0 for letters side by side, 1 for letters on top of each other.
        seed: Seed of everything random here.

    Returns:
        The folder.

    Reference:
        Kim, Linsley, Thakkar and Serre (2020), Disentangling neural mechanisms for perceptual
        grouping.
    """
    folder = Path(root)
    check_integer("count", count, minimum=1)
    check_integer("size", size, minimum=32)
    check_in_range("clutter", clutter, 0.0, 1.0)
    random = np.random.default_rng(check_integer("seed", seed, minimum=0))
    (folder / "imgs" / "0").mkdir(parents=True, exist_ok=True)
    (folder / "metadata").mkdir(exist_ok=True)
    rows = []
    for i in range(count):
        same = i % 2
        picture, letters = _picture(random, size, clutter, bool(same))
        name = f"sample_{i}.png"
        picture.save(folder / "imgs" / "0" / name)
        rows.append(["imgs/0", str(i), name, letters, str(same)])
    np.save(folder / "metadata" / "combined.npy", np.array(rows)[random.permutation(count)])
    return folder


def _picture(random: np.random.Generator, size: int, clutter: float, same: bool) -> tuple[Any, str]:
    canvas = pillow("Image").new("L", (size, size), 0)
    drawing = pillow("ImageDraw").Draw(canvas)
    names = random.choice(sorted(_STROKES), 2, replace=False)
    apart = (1 - 0.7 * clutter) * size / 4
    direction = random.uniform(0, 2 * np.pi)
    offset = apart * np.array([np.cos(direction), np.sin(direction)])
    middle = np.full(2, size / 2)
    paths = [
        _warped(random, _STROKES[str(name)], 0.45 * size, middle + sign * offset)
        for name, sign in zip(names, (-1, 1), strict=True)
    ]
    for path in paths:
        for dash in path[::2]:
            drawing.line([tuple(p) for p in dash], fill=255, width=max(1, size // 64))
    chosen = (paths[0], paths[0]) if same else (paths[0], paths[1])
    radius = max(2, size // 40)
    for (x, y), _ in zip(_dots(random, chosen, size / 5), range(2), strict=True):
        drawing.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return canvas, "".join(str(name) for name in names)


def _warped(
    random: np.random.Generator, strokes: Any, scale: float, middle: np.ndarray
) -> list[np.ndarray]:
    """Dashes ``(2, 2)`` along the strokes of a letter, turned, sheared and moved."""
    angle = random.uniform(-0.5, 0.5)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, random.uniform(-0.3, 0.3)], [0, 1]])
    stretch = np.diag(random.uniform(0.8, 1.1, 2))
    dashes = []
    for stroke in strokes:
        points = (np.array(stroke) - 0.5) @ (turn @ shear @ stretch).T * scale + middle
        for start, stop in itertools.pairwise(points):
            count = max(2, int(np.linalg.norm(stop - start) / (scale / 14)))
            steps = start + np.linspace(0, 1, count + 1)[:, None] * (stop - start)
            dashes += [np.stack(pair) for pair in itertools.pairwise(steps)]
    return dashes


def _dots(
    random: np.random.Generator, paths: tuple[list[np.ndarray], list[np.ndarray]], apart: float
) -> list[np.ndarray]:
    """A place on each of two letters, the places apart."""
    first = paths[0][int(random.integers(len(paths[0])))].mean(0)
    others = np.array([dash.mean(0) for dash in paths[1]])
    distance = np.linalg.norm(others - first, axis=1)
    far = np.flatnonzero(distance >= min(apart, distance.max()))
    return [first, others[random.choice(far)]]
