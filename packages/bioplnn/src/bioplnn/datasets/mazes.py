"""Mazes with two cues: does a path join them?"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from bioplnn.datasets.sources import existing
from synaptensor.validation import check_flag, check_in_range, check_number

FRAME_THICKNESS = 3
ANNOTATION_SCALING = 3
CUE_SIZE = 2
_HINT = "bioplnn.datasets.generators.generate_mazes(root) writes such files"


class Mazes(Dataset):
    """Mazes of ``mazes_{train|val}.npy`` with the annotations of ``mazes_{train|val}.json``.

    A maze is a ``(4, H, W)`` tensor: its picture, and a channel that holds two squares, the
    fixation point and the cue. The label says whether a path joins them.

    Args:
        root: Folder of the files.
        train: Whether to take the part for training, else that for validation.
        subset: Share of the annotations to keep, drawn by Python's ``random`` within either label.
        return_metadata: Return a dictionary with everything known about the maze.
        transform: Applied to the tensor.

    Raises:
        FileNotFoundError: A file is not there.
    """

    frame_thickness = FRAME_THICKNESS
    annotation_scaling = ANNOTATION_SCALING
    cue_size = CUE_SIZE

    def __init__(
        self,
        root: str | os.PathLike,
        train: bool = True,
        subset: float = 1.0,
        return_metadata: bool = False,
        transform: Callable[[Tensor], Any] | None = None,
    ) -> None:
        folder = existing(root, _HINT)
        part = "train" if check_flag("train", train) else "val"
        self.return_metadata = return_metadata
        self.transform = transform
        annotations = existing(folder / f"mazes_{part}.json", _HINT)
        self.annotations = self.read_annotations(annotations, subset)
        self.mazes = np.load(existing(folder / f"mazes_{part}.npy", _HINT), allow_pickle=False)

    @staticmethod
    def read_annotations(file: str | os.PathLike, subset: float = 1.0) -> list[dict[str, Any]]:
        """Read annotations, or a share of them with as many of either label as in the whole."""
        check_in_range("subset", check_number("subset", subset), 0.0, 1.0)
        with open(file, encoding="utf-8") as text:
            records = json.load(text)["serrelab_anns"]
        if subset == 1:
            return records
        same = [record for record in records if record["same"]]
        other = [record for record in records if not record["same"]]
        count = {True: int(subset * len(same)), False: int(subset * len(other))}
        return random.sample(same, count[True]) + random.sample(other, count[False])

    def __len__(self) -> int:
        return len(self.annotations)

    def __getitem__(self, index: int) -> Any:
        record = self.annotations[index]
        image: Any = torch.from_numpy(self._with_cues(record)).permute(2, 0, 1).float()
        if self.transform is not None:
            image = self.transform(image)
        if not self.return_metadata:
            return image, record["same"]
        return {
            "image": image,
            "label": record["same"],
            "id": record["id"],
            "index": index,
            "cue_x": record["cue_left_x"] // ANNOTATION_SCALING,
            "cue_y": record["cue_top_y"] // ANNOTATION_SCALING,
            "fixation_x": record["fixation_left_x"] // ANNOTATION_SCALING,
            "fixation_y": record["fixation_top_y"] // ANNOTATION_SCALING,
        }

    def _with_cues(self, record: dict[str, Any]) -> np.ndarray:
        """The maze ``(H, W, 4)`` as annotated: cropped, framed, turned, blocked, with cues."""
        maze = self.mazes[record["id"]].transpose(1, 2, 0).copy()
        for colour in ((1, 0, 0), (0, 1, 0)):
            maze[(maze == colour).all(-1)] = 1
        maze = maze[
            record["row_start"] : record["row_stop"], record["col_start"] : record["col_stop"]
        ]
        frame = (FRAME_THICKNESS, FRAME_THICKNESS)
        maze = np.pad(maze, (frame, frame, (0, 0)))
        if record["horizontal_flip"]:
            maze = np.fliplr(maze)
        if record["vertical_flip"]:
            maze = np.flipud(maze)
        maze = np.rot90(maze, k=record["rotation_k"]).copy()
        maze[record["blocks_y"], record["blocks_x"]] = 0
        cues = np.zeros((*maze.shape[:2], 1), dtype=maze.dtype)
        for name in ("fixation", "cue"):
            top = record[f"{name}_top_y"] // ANNOTATION_SCALING
            left = record[f"{name}_left_x"] // ANNOTATION_SCALING
            cues[top : top + CUE_SIZE, left : left + CUE_SIZE] = 1
        return np.concatenate([maze, cues], -1)

    @staticmethod
    def tensor_to_image(img: Tensor, draw_cues: bool = True) -> Tensor:
        """Turn a maze into an integer picture ``(H, W, 3)`` from 0 to 255, cues in red."""
        picture = (img[:3] * 255).permute(1, 2, 0).to(torch.int32).clone()
        if draw_cues:
            picture[img[3] > 0] = torch.tensor([255, 0, 0], dtype=torch.int32)
        return picture
