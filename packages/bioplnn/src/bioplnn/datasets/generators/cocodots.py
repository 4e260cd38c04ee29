"""Pictures of overlapping things with two dots, in the files that ``CocoDots`` reads."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from bioplnn.datasets.drawing import draw_contours, pillow
from synaptensor.validation import check_integer

_CORNERS = 24
_ATTEMPTS = 200


def generate_cocodots(
    root: str | os.PathLike,
    count: int = 500,
    size: int = 150,
    num_things: int = 4,
    seed: int = 0,
) -> Path:
    """Write pictures of smooth blobs, their contours, and two dots for each picture.

    Args:
        root: Folder to write to: ``annotations.json``, and the pictures in ``images``.
        count: Number of pictures; in half of them both dots lie on the same thing.
        size: Height and width in pixels.
        num_things: Blobs in a picture; later ones cover earlier ones.
        seed: Seed of everything random here.

    Returns:
        The folder.
    """
    folder = Path(root)
    check_integer("count", count, minimum=1)
    check_integer("size", size, minimum=32)
    check_integer("num_things", num_things, minimum=2)
    random = np.random.default_rng(check_integer("seed", seed, minimum=0))
    (folder / "images").mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = {
        "categories": [{"id": 1, "isthing": 1, "name": "blob"}],
        "images": [],
        "annotations": [],
        "serrelab_anns": [],
    }
    for i in range(count):
        things, visible = _visible_things(random, size, num_things)
        name = f"{i:06d}.png"
        _picture(random, things, size).save(folder / "images" / name)
        cue, fixation = _dots(random, visible, same=i % 2 == 0)
        content["images"].append({"id": i, "file_name": name, "height": size, "width": size})
        segments = [{"category_id": 1, "contours_LG": [points.tolist()]} for points in things]
        content["annotations"].append({"image_id": i, "segments_info": segments})
        content["serrelab_anns"].append(
            {"image_id": i, "same": int(i % 2 == 0), "cue_xy": cue, "fixation_xy": fixation}
        )
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder


def _visible_things(
    random: np.random.Generator, size: int, count: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """Contours of things, and which thing shows at every pixel (0 for none)."""
    for _ in range(_ATTEMPTS):
        things = [_blob(random, size) for _ in range(count)]
        canvas = pillow("Image").new("L", (size, size), 0)
        for number, points in enumerate(things, 1):
            draw_contours(canvas, [points], number, None)
        visible = np.asarray(canvas)
        shown = [(visible == number).sum() for number in range(1, count + 1)]
        if min(shown) >= size:
            return things, visible
    raise RuntimeError(f"found no picture with {count} visible things in {_ATTEMPTS} attempts")


def _blob(random: np.random.Generator, size: int) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    waves = np.zeros(_CORNERS)
    for k in (2, 3, 4):
        waves += random.uniform(0, 0.25) * np.cos(k * angles + random.uniform(0, 2 * np.pi))
    radius = size * random.uniform(0.12, 0.22) * (1 + waves)
    middle = random.uniform(0.2 * size, 0.8 * size, 2)
    points = middle + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    return points.round().clip(0, size - 1).astype(int)


def _picture(random: np.random.Generator, things: list[np.ndarray], size: int) -> Any:
    canvas = pillow("Image").new("RGB", (size, size), (90, 110, 90))
    drawing = pillow("ImageDraw").Draw(canvas)
    for points in things:
        fill = tuple(int(value) for value in random.integers(40, 256, 3))
        drawing.polygon([(x, y) for x, y in points.tolist()], fill=fill)
    return canvas


def _dots(
    random: np.random.Generator, visible: np.ndarray, same: bool
) -> tuple[list[int], list[int]]:
    things = random.permutation(np.unique(visible[visible > 0]))
    chosen = (things[0], things[0]) if same else (things[0], things[1])
    first, second = (random.permutation(np.argwhere(visible == thing))[:2] for thing in chosen)
    a, b = first[0], second[1] if same else second[0]
    return [int(a[1]), int(a[0])], [int(b[1]), int(b[0])]
