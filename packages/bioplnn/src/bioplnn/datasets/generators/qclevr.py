"""Flat pictures of coloured shapes with a cue, in the folders that ``QCLEVRDataset`` reads."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bioplnn.datasets.drawing import pillow
from bioplnn.datasets.qclevr import MODES
from bioplnn.datasets.qclevr_tables import COLOR_VALUES, COLORS, SHAPES
from synaptensor.validation import check_choice, check_integer

_BACKGROUND = (120, 120, 120)
_GRID = 4


def generate_qclevr(
    root: str | os.PathLike,
    train: int = 200,
    valid: int = 50,
    test: int = 50,
    *,
    modes: Sequence[str] = MODES,
    size: int = 128,
    num_things: int = 6,
    seed: int = 0,
) -> Path:
    """Write pictures, scenes and cues of every mode and split.

    The pictures are flat (the original ones are rendered in three dimensions); scenes have the
    original's keys. The number of things that match the cue is uniform from 1 to ``num_things``.

    Args:
        root: Folder to write to.
        train: Pictures per mode for training.
        valid: For validation.
        test: For testing.
        modes: What cues are about, out of ``"color"``, ``"shape"``, ``"conjunction"``.
        size: Height and width in pixels.
        num_things: Things in a picture, at most 16.
        seed: Seed of everything random here.

    Returns:
        The folder.
    """
    folder = Path(root)
    check_integer("num_things", num_things, minimum=1, maximum=_GRID**2)
    check_integer("size", size, minimum=32)
    random = np.random.default_rng(check_integer("seed", seed, minimum=0))
    for mode in modes:
        check_choice("modes", mode, MODES)
        for split, count in (("train", train), ("valid", valid), ("test", test)):
            part = folder / f"{split}_{mode}"
            (part / "images").mkdir(parents=True, exist_ok=True)
            (part / "scenes").mkdir(exist_ok=True)
            for i in range(check_integer(split, count, minimum=0)):
                cue, matches, things = _scene(random, mode, num_things)
                name = f"{split}_{mode}_{i:06d}"
                _draw(random, things, size).save(part / "images" / f"{name}.png")
                scene = {"cue": cue, "image_filename": f"{name}.png", "target_count": matches}
                (part / "scenes" / f"{name}.json").write_text(json.dumps(scene))
    return folder


def _scene(
    random: np.random.Generator, mode: str, num_things: int
) -> tuple[Any, int, list[tuple[str, str]]]:
    shape, color = str(random.choice(SHAPES)), str(random.choice(COLORS))
    matches = int(random.integers(1, num_things + 1))
    things: list[tuple[str, str]] = []
    while len(things) < num_things:
        thing = (str(random.choice(SHAPES)), str(random.choice(COLORS)))
        if len(things) < matches:
            if mode != "color":
                thing = (shape, thing[1])
            if mode != "shape":
                thing = (thing[0], color)
        elif {"color": thing[1] == color, "shape": thing[0] == shape}.get(
            mode, thing == (shape, color)
        ):
            continue
        things.append(thing)
    cue: Any = {"color": color, "shape": shape}.get(mode, [shape, color])
    return cue, matches, things


def _draw(random: np.random.Generator, things: list[tuple[str, str]], size: int) -> Any:
    canvas = pillow("Image").new("RGB", (size, size), _BACKGROUND)
    drawing = pillow("ImageDraw").Draw(canvas)
    pitch = size / _GRID
    for thing, place in zip(things, random.permutation(_GRID**2), strict=False):
        x, y = (np.array([place % _GRID, place // _GRID]) + 0.5) * pitch
        half = pitch * random.uniform(0.25, 0.4)
        _draw_thing(drawing, *thing, x, y, half)
    return canvas


def _draw_thing(drawing: Any, shape: str, color: str, x: float, y: float, half: float) -> None:
    fill = COLOR_VALUES[color]
    edge = tuple(int(0.6 * value) for value in fill)
    if shape == "cube":
        drawing.rectangle((x - half, y - half, x + half, y + half), fill=fill, outline=edge)
    elif shape == "sphere":
        drawing.ellipse((x - half, y - half, x + half, y + half), fill=fill, outline=edge)
    else:
        width, cap = 0.6 * half, 0.3 * half
        drawing.ellipse((x - width, y + half - 2 * cap, x + width, y + half), fill=fill)
        drawing.rectangle((x - width, y - half + cap, x + width, y + half - cap), fill=fill)
        drawing.ellipse(
            (x - width, y - half, x + width, y - half + 2 * cap), fill=fill, outline=edge
        )
