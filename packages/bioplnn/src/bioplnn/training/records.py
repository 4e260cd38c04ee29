"""Where the numbers of a training go: a table, TensorBoard, Weights and Biases."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from synaptensor.optional import require
from synaptensor.validation import check_choice, check_instance

KINDS = ("csv", "tensorboard", "wandb", "none")


class Recorder(Protocol):
    """Takes the numbers of every step that is logged."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Record some numbers."""

    def close(self) -> None:
        """Write what is left."""


class CSVRecorder:
    """Appends to a table with the columns ``step``, ``name``, ``value``.

    Args:
        path: File; its folder is made if it is not there.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(check_instance("path", path, str | os.PathLike))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = not self.path.exists()
        self._file = self.path.open("a", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)
        if new:
            self._writer.writerow(["step", "name", "value"])

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Write one row per number."""
        self._writer.writerows([step, name, repr(float(value))] for name, value in values.items())
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TensorBoardRecorder:
    """Writes event files for TensorBoard.

    Args:
        folder: Where to.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        require("tensorboard", "tensorboard", "bioplnn")
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder))

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Write the numbers."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Close the files."""
        self._writer.close()


class WandbRecorder:
    """Sends the numbers to Weights and Biases.

    Args:
        project: Project there.
        mode: ``"online"``, ``"offline"`` or ``"disabled"``.
        group: Group of the run.
        config: Configuration to show.
    """

    def __init__(
        self,
        project: str,
        mode: str = "online",
        group: str | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        wandb = require("wandb", "wandb", "bioplnn")
        given = None if config is None else dict(config)
        self._run: Any = wandb.init(project=project, mode=mode, group=group, config=given)

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Send the numbers."""
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """Finish the run."""
        self._run.finish()


class NoRecorder:
    """Records nothing."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def make_recorder(config: Mapping[str, Any], folder: Path) -> Recorder:
    """Build the recorder that ``config["log"]["kind"]`` names."""
    kind = check_choice("log.kind", config["log"]["kind"], KINDS)
    if kind == "csv":
        return CSVRecorder(folder / "log.csv")
    if kind == "tensorboard":
        return TensorBoardRecorder(folder / "tensorboard")
    if kind == "wandb":
        group = config["wandb"]["group"]
        if group is None:
            group = f"{config['model']['class_name']}_{config['data']['dataset']}"
        return WandbRecorder(config["wandb"]["project"], config["wandb"]["mode"], group, config)
    return NoRecorder()
