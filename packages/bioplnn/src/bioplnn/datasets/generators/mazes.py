"""Random mazes with two cues, in the files that :class:`~bioplnn.datasets.Mazes` reads."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from bioplnn.datasets.mazes import ANNOTATION_SCALING, FRAME_THICKNESS
from synaptensor.validation import check_integer

_SIDE = 48
_INNER = _SIDE - 2 * FRAME_THICKNESS
_CELLS = 7
_PITCH = _INNER // _CELLS
_CORRIDOR = 4
_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def generate_mazes(
    root: str | os.PathLike, train: int = 1000, val: int = 200, seed: int = 0
) -> Path:
    """Write mazes of 48 x 48 pixels, in half of which a path joins the two cues.

    A maze is a spanning tree of a 7 x 7 grid of cells that a wall cuts into two parts. The cues lie
    in one part (``same``) or in both.

    Args:
        root: Folder to write to.
        train: Number of mazes for training.
        val: Number of mazes for validation.
        seed: Seed of everything random here.

    Returns:
        The folder.
    """
    folder = Path(root)
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(check_integer("seed", seed, minimum=0))
    for part, count in (("train", train), ("val", val)):
        check_integer(part, count, minimum=1)
        mazes = np.ones((count, 3, _SIDE, _SIDE), dtype=np.float32)
        records = []
        for i in range(count):
            walls, record = _one(random, same=i % 2 == 0)
            mazes[i] = walls
            records.append({"id": i, **record})
        np.save(folder / f"mazes_{part}.npy", mazes)
        (folder / f"mazes_{part}.json").write_text(json.dumps({"serrelab_anns": records}))
    return folder


def _one(random: np.random.Generator, same: bool) -> tuple[np.ndarray, dict[str, Any]]:
    tree = _spanning_tree(random)
    cut = int(random.integers(len(tree)))
    edges = tree[:cut] + tree[cut + 1 :]
    parts = _parts(edges)
    labels = np.unique(parts)
    sizes = [int((parts == label).sum()) for label in labels]
    # A part of one cell has no room for two cues.
    first = labels[int(np.argmax(sizes))] if same else labels[0]
    second = first if same else labels[1]
    a = _cell(random, parts == first)
    b = _cell(random, (parts == second) & ~_at(a))
    picture = np.zeros((_SIDE, _SIDE), dtype=np.float32)
    for cell in np.ndindex(_CELLS, _CELLS):
        _open(picture, cell, cell)
    for one, other in edges:
        _open(picture, one, other)
    record: dict[str, Any] = {
        "same": int(same),
        "row_start": FRAME_THICKNESS,
        "row_stop": FRAME_THICKNESS + _INNER,
        "col_start": FRAME_THICKNESS,
        "col_stop": FRAME_THICKNESS + _INNER,
        "horizontal_flip": False,
        "vertical_flip": False,
        "rotation_k": 0,
        "blocks_x": [],
        "blocks_y": [],
    }
    for name, (row, column) in (("fixation", a), ("cue", b)):
        record[f"{name}_top_y"] = (_corner(row) + 1) * ANNOTATION_SCALING
        record[f"{name}_left_x"] = (_corner(column) + 1) * ANNOTATION_SCALING
    return picture, record


def _spanning_tree(random: np.random.Generator) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Edges of a random tree over the grid, by a walk that turns back where it is stuck."""
    start = (int(random.integers(_CELLS)), int(random.integers(_CELLS)))
    seen, stack, edges = {start}, [start], []
    while stack:
        row, column = stack[-1]
        around = [(row + r, column + c) for r, c in _STEPS]
        free = [p for p in around if min(p) >= 0 and max(p) < _CELLS and p not in seen]
        if not free:
            stack.pop()
            continue
        chosen = free[int(random.integers(len(free)))]
        seen.add(chosen)
        edges.append(((row, column), chosen))
        stack.append(chosen)
    return edges


def _parts(edges: list[tuple[tuple[int, int], tuple[int, int]]]) -> np.ndarray:
    """Number of the connected part of every cell."""
    parts = np.arange(_CELLS**2).reshape(_CELLS, _CELLS)
    for one, other in edges:
        parts[parts == parts[other]] = parts[one]
    return parts


def _cell(random: np.random.Generator, allowed: np.ndarray) -> tuple[int, int]:
    row, column = random.permutation(np.argwhere(allowed))[0]
    return int(row), int(column)


def _at(cell: tuple[int, int]) -> np.ndarray:
    mask = np.zeros((_CELLS, _CELLS), dtype=bool)
    mask[cell] = True
    return mask


def _corner(k: int) -> int:
    return FRAME_THICKNESS + 1 + k * _PITCH


def _open(picture: np.ndarray, one: tuple[int, int], other: tuple[int, int]) -> None:
    """Clear two neighbouring cells and what lies between them."""
    (top, bottom), (left, right) = (sorted(pair) for pair in zip(one, other, strict=True))
    rows = slice(_corner(top), _corner(bottom) + _CORRIDOR)
    picture[rows, _corner(left) : _corner(right) + _CORRIDOR] = 1
