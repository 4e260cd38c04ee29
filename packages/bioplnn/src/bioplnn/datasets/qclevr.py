"""How many things match the cue? (Q-CLEVR)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from bioplnn.datasets.drawing import pillow, random_integer
from bioplnn.datasets.qclevr_tables import COLOR_VALUES, COLORS, CONJUNCTIONS, SHAPES
from bioplnn.datasets.sources import MissingDataError, existing
from synaptensor.validation import check_choice

MODES = ("color", "shape", "conjunction")
SPLITS = ("train", "valid", "test")
_HINT = "bioplnn.datasets.generators.generate_qclevr(root) writes such folders"
# Sizes of cues on pictures of this many pixels; smaller pictures get smaller cues.
_FULL_SIZE = 203
_CYLINDER, _CUBE, _SPHERE, _CAP = (50, 100), 100, 100, 25

__all__ = ["COLORS", "CONJUNCTIONS", "MODES", "SHAPES", "QCLEVRDataset"]


class QCLEVRDataset(Dataset):
    """Pictures of coloured shapes with a cue; the label is the number of things that match it.

    Args:
        root: Folder with ``{split}_{mode}/images`` and ``{split}_{mode}/scenes``.
        cue_assets_root: Pictures of cues, exactly if not ``primitive``.
        transform: Applied to the cue and to the picture.
        return_metadata: Return path, mode and cue, too.
        split: ``"train"``, ``"valid"`` (or ``"val"``) or ``"test"``.
        mode: ``"color"``, ``"shape"``, ``"conjunction"`` or ``"every"``.
        holdout: Cues kept from training; validation and test then have these alone.
        primitive: Whether cues are drawn shapes.
        shape_cue_color: Colour of the pictures of shape cues.
        use_cache: Read the list of scenes from the cache, which must be there; otherwise scenes
            are read and the cache is written.
        num_workers: Threads that read scenes.

    Raises:
        FileNotFoundError: A folder, picture or the cache is not there.
        ValueError: An argument is not allowed, or no scene is left.
    """

    color_dict = COLOR_VALUES

    def __init__(
        self,
        root: str | os.PathLike,
        cue_assets_root: str | os.PathLike | None = None,
        transform: Callable[[Any], Any] | None = None,
        return_metadata: bool = False,
        split: str = "train",
        mode: str = "color",
        holdout: Sequence[str] = (),
        primitive: bool = True,
        shape_cue_color: str = "orange",
        use_cache: bool = True,
        num_workers: int = 0,
    ) -> None:
        self.root = existing(root, _HINT)
        self.split = check_choice("split", "valid" if split == "val" else split, SPLITS)
        check_choice("mode", mode, (*MODES, "every"))
        if primitive != (cue_assets_root is None):
            expected = "None" if primitive else "a folder"
            raise ValueError(
                f"cue_assets_root must be {expected} with primitive={primitive}, "
                f"got {cue_assets_root!r}"
            )
        self.mode, self.primitive = mode, primitive
        self.cue_assets_root = None if cue_assets_root is None else Path(cue_assets_root)
        self.transform, self.return_metadata = transform, return_metadata
        self.holdout = list(holdout)
        self.shape_cue_color = check_choice("shape_cue_color", shape_cue_color, tuple(COLORS))
        held = f"holdout={self.holdout}"
        cache = self.root.parent / "qclevr_cache" / self.split / mode / held / "cache.json"
        found = _read_cache(cache) if use_cache else self._read_scenes(num_workers)
        if not use_cache:
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps(found))
        self.files, self.cues = found["files"], found["cues"]
        self.counts, self.modes = found["counts"], found["modes"]

    def _read_scenes(self, num_workers: int) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {"files": [], "cues": [], "counts": [], "modes": []}
        for mode in MODES if self.mode == "every" else (self.mode,):
            folder = self.root / f"{self.split}_{mode}"
            images = existing(folder / "images", _HINT)
            paths = sorted(existing(folder / "scenes", _HINT).glob("*.json"))
            with ThreadPoolExecutor(max(1, num_workers)) as pool:
                scenes = list(pool.map(_read_json, paths))
            for scene in scenes:
                if not self._keeps(scene["cue"]):
                    continue
                found["files"].append(str(existing(images / scene["image_filename"], _HINT)))
                found["cues"].append(scene["cue"])
                found["counts"].append(scene["target_count"])
                found["modes"].append(mode)
        if not found["files"]:
            raise ValueError(
                f"root must hold scenes for split={self.split!r}, mode={self.mode!r} and "
                f"holdout={self.holdout}, got none in {self.root}"
            )
        return found

    def _keeps(self, cue: str | list[str]) -> bool:
        held = _cue_name(cue) in self.holdout
        if self.split == "train":
            return not held
        return held or not self.holdout

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Any:
        path = existing(self.files[index], _HINT)
        image = pillow("Image").open(path).convert("RGB")
        cue = self._cue(image.size, self.cues[index], self.modes[index])
        if self.transform is not None:
            cue, image = self.transform(cue), self.transform(image)
        sample = (cue, image), self.counts[index]
        if not self.return_metadata:
            return sample
        return *sample, str(path), self.modes[index], _cue_name(self.cues[index])

    def _cue(self, size: tuple[int, int], cue: str | list[str], mode: str) -> Any:
        if mode == "color":
            return pillow("Image").new("RGB", size, COLOR_VALUES[str(cue)])
        shape, color = list(cue) if mode == "conjunction" else (str(cue), self.shape_cue_color)
        if not self.primitive:
            return self._asset(size, f"{shape}_{color}")
        fill = COLOR_VALUES[color] if mode == "conjunction" else (255, 255, 255)
        scale = min(1.0, min(size) / _FULL_SIZE)
        if shape == "cylinder":
            sides = tuple(max(1, int(side * scale)) for side in _CYLINDER)
            return self.draw_shape(size, shape, size=sides, color=fill)
        if shape == "cube":
            return self.draw_shape(size, shape, size=max(1, int(_CUBE * scale)), color=fill)
        return self.draw_shape(size, shape, radius=max(1, int(_SPHERE * scale)), color=fill)

    def _asset(self, size: tuple[int, int], name: str) -> Any:
        assert self.cue_assets_root is not None  # refused when the data set is built
        found = sorted(self.cue_assets_root.glob(f"{name}.*"))
        if not found:
            raise MissingDataError(f"no picture of the cue {name} in {self.cue_assets_root}")
        return pillow("Image").open(found[0]).convert("RGB").resize(size)

    @staticmethod
    def draw_shape(
        image_size: tuple[int, int],
        shape_type: str,
        size: Any = None,
        radius: int | None = None,
        color: tuple[int, int, int] = (255, 0, 0),
    ) -> Any:
        """Draw a shape of random place and slightly random size on black.

        Args:
            image_size: Width and height.
            shape_type: One of ``SHAPES``.
            size: ``(width, height)`` of a cylinder, side of a cube.
            radius: Of a sphere.
            color: Its colour.

        Raises:
            ValueError: The shape is unknown, its size is missing, or it does not fit.
        """
        check_choice("shape_type", shape_type, tuple(SHAPES))
        given: Any = radius if shape_type == "sphere" else size
        if given is None:
            name = "radius" if shape_type == "sphere" else "size"
            raise ValueError(f"{name} must be given for a {shape_type}, got None")
        canvas = pillow("Image").new("RGB", image_size, (0, 0, 0))
        drawing = pillow("ImageDraw").Draw(canvas)
        scale = 1 - torch.rand(1).item() / 4
        if shape_type == "cylinder":
            _draw_cylinder(drawing, image_size, given, scale, color)
        elif shape_type == "cube":
            x, y = _place(image_size, given // 2 + 1, given // 2 + 1)
            half = int(given * scale) // 2
            drawing.rectangle((x - half, y - half, x + half, y + half), fill=color)
        else:
            scaled = int(given * scale)
            x, y = _place(image_size, scaled + 1, scaled + 1)
            drawing.ellipse((x - scaled, y - scaled, x + scaled, y + scaled), fill=color)
        return canvas


def _draw_cylinder(
    drawing: Any,
    image_size: tuple[int, int],
    size: tuple[int, int],
    scale: float,
    color: tuple[int, int, int],
) -> None:
    width, height = (int(side * scale) for side in size)
    cap = min(_CAP, max(1, height // 4))
    x, y = _place(image_size, width // 2 + cap, height // 2 + cap)
    left, right = x - width // 2, x + width // 2
    top, bottom = y - height // 2, y + height // 2
    drawing.ellipse((left, bottom - cap, right, bottom + cap), fill=color)
    drawing.rectangle((left, top, right, bottom), fill=color)
    drawing.ellipse((left, top - cap, right, top + cap), fill=color)


def _place(image_size: tuple[int, int], across: int, down: int) -> tuple[int, int]:
    """A random centre at least ``across`` and ``down`` pixels from the edges."""
    for side, margin in zip(image_size, (across, down), strict=True):
        if side <= 2 * margin:
            raise ValueError(
                f"image_size must be larger than twice the shape's margin {margin}, got {side}"
            )
    x = random_integer(across, image_size[0] - across)
    return x, random_integer(down, image_size[1] - down)


def _cue_name(cue: str | list[str]) -> str:
    return cue if isinstance(cue, str) else "_".join(cue)


def _read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _read_cache(path: Path) -> dict[str, list[Any]]:
    if not path.exists():
        raise FileNotFoundError(f"no cache {path}; build the data set once with use_cache=False")
    return _read_json(path)
