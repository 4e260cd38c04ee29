"""Pictures of things as outlines, and two dots: on the same thing or not (Cocodots)."""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from bioplnn.datasets.drawing import Contours, draw_contours, pillow
from bioplnn.datasets.sources import existing
from synaptensor.validation import check_choice

_OUTSIDE, _INSIDE, _LINE = 255, 100, 0
_HINT = "bioplnn.datasets.generators.generate_cocodots(root) writes such files"
CONDITIONS = ("Color_NoBackground", "WhiteOutline", "BlackOutline", "Color+Background")


class ToTorchFormatTensor:
    """Turn an ``(H, W, C)`` array into a ``(C, H, W)`` tensor of floats.

    Args:
        div: Whether to divide by 255.
        aug: Has no effect; accepted for programs that pass it.
    """

    def __init__(self, div: bool = True, aug: bool = True) -> None:
        self.div, self.aug = div, aug

    def __call__(self, picture: Any) -> Tensor:
        """Convert one picture."""
        tensor = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float()
        return tensor / 255 if self.div else tensor


def make_stimulus(
    image: Any,
    segm_contours: Sequence[Contours],
    thickness: int = 2,
    condition: str = "WhiteOutline",
) -> np.ndarray:
    """Reduce a picture to its things.

    Args:
        image: Picture ``(H, W, 3)`` from 0 to 255.
        segm_contours: Contours of every thing; later things cover earlier ones.
        thickness: Of the outlines in pixels.
        condition: ``"Color_NoBackground"`` (white around the things), ``"WhiteOutline"`` (white
            outlines on black), ``"BlackOutline"`` (the inverse) or ``"Color+Background"``
            (everything as it is).

    Returns:
        Picture ``(H, W, 3)``, bytes.
    """
    check_choice("condition", condition, CONDITIONS)
    picture = np.asarray(image, dtype=np.uint8).copy()
    canvas = pillow("Image").new("L", (picture.shape[1], picture.shape[0]), _OUTSIDE)
    for contours in segm_contours:
        draw_contours(canvas, contours, _INSIDE, None)
        draw_contours(canvas, contours, _LINE, max(1, thickness))
    template = np.asarray(canvas)
    if condition == "Color_NoBackground":
        picture[template == _OUTSIDE] = 255
    elif condition != "Color+Background":
        line, rest = (255, 0) if condition == "WhiteOutline" else (0, 255)
        picture[:] = np.where(template == _LINE, line, rest)[..., None]
    return picture


class CocoDots(Dataset):
    """Two dots in a picture of things; the label says whether they lie on the same thing.

    Args:
        anns_file: JSON file with ``serrelab_anns`` (the dots), ``images``, ``annotations`` (the
            contours) and ``categories``.
        img_dir: Folder of the pictures.
        size: Height and width of a sample.
        subset: Share of the dots' annotations to keep.
        shuffle: Whether to shuffle them (by Python's ``random``).
        stimulus_condition: See :func:`make_stimulus`.

    Raises:
        FileNotFoundError: A file is not there; for a picture, when it is wanted.
    """

    def __init__(
        self,
        anns_file: str | os.PathLike,
        img_dir: str | os.PathLike,
        size: tuple[int, int] = (150, 150),
        subset: float = 1,
        shuffle: bool = False,
        stimulus_condition: str = "WhiteOutline",
    ) -> None:
        self.img_dir = existing(img_dir, _HINT)
        self.size = size
        self.stimulus_condition = check_choice("stimulus_condition", stimulus_condition, CONDITIONS)
        with open(existing(anns_file, _HINT), encoding="utf-8") as file:
            content = json.load(file)
        self.serrelab_anns = content["serrelab_anns"]
        if shuffle:
            random.shuffle(self.serrelab_anns)
        self.serrelab_anns = self.serrelab_anns[: int(subset * len(self.serrelab_anns))]
        self._index(content)

    def _index(self, content: dict[str, Any]) -> None:
        self.imgs = {image["id"]: image for image in content["images"]}
        self.cats = {category["id"]: category for category in content["categories"]}
        self.img_to_anns: dict[Any, list[Any]] = defaultdict(list)
        for annotation in content["annotations"]:
            self.img_to_anns[annotation["image_id"]].append(annotation)
        self.img_to_serrelab_anns: dict[Any, list[Any]] = defaultdict(list)
        for annotation in self.serrelab_anns:
            self.img_to_serrelab_anns[annotation["image_id"]].append(annotation)

    def __len__(self) -> int:
        return len(self.serrelab_anns)

    def __getitem__(self, index: int) -> dict[str, Any]:
        record = self.serrelab_anns[index]
        info = self.imgs[record["image_id"]]
        picture = pillow("Image").open(existing(self.img_dir / info["file_name"], _HINT))
        height, width = self.size
        scale = min(height / info["height"], width / info["width"])
        stimulus = make_stimulus(
            picture.convert("RGB"),
            self._things(record["image_id"]),
            int(1 / scale),
            self.stimulus_condition,
        )
        resized = pillow("Image").fromarray(stimulus).resize((width, height))
        cue = self._scaled(record, info, "cue_xy")
        fixation = self._scaled(record, info, "fixation_xy")
        dots = np.zeros((height, width, 1), dtype=np.uint8)
        for x, y in (cue, fixation):
            dots[min(y, height - 1), min(x, width - 1)] = 255
        return {
            "image": ToTorchFormatTensor()(np.concatenate([np.asarray(resized), dots], -1)),
            "label": record["same"],
            "id": record["image_id"],
            "index": index,
            "cue_x": cue[0],
            "cue_y": cue[1],
            "fixation_x": fixation[0],
            "fixation_y": fixation[1],
        }

    def _things(self, image_id: Any) -> list[Contours]:
        return [
            segment["contours_LG"]
            for annotation in self.img_to_anns[image_id]
            for segment in annotation["segments_info"]
            if self.cats[segment["category_id"]]["isthing"]
        ]

    def _scaled(self, record: dict[str, Any], info: dict[str, Any], name: str) -> tuple[int, int]:
        height, width = self.size
        across = width / record.get("dot_res_width", info["width"])
        down = height / record.get("dot_res_height", info["height"])
        x, y = record[name]
        return round(x * across), round(y * down)

    @staticmethod
    def tensor_to_image(img: Tensor, draw_dots: bool = True) -> np.ndarray:
        """Turn a sample into a picture ``(H, W, 3)`` of bytes, dots as white circles."""
        picture = pillow("Image").fromarray((img[:3] * 255).byte().permute(1, 2, 0).numpy())
        if draw_dots:
            drawing = pillow("ImageDraw").Draw(picture)
            for y, x in img[3].nonzero().tolist():
                drawing.ellipse((x - 3, y - 3, x + 3, y + 3), fill=(255, 255, 255))
        return np.asarray(picture)
