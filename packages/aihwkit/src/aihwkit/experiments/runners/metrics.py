"""Collection of the results of experiments on this machine."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

__all__ = ["InferenceLocalMetric", "LocalMetric"]


@dataclass
class _Epoch:
    start: float
    train_images: int = 0
    train_loss: float = 0.0
    images: int = 0
    right: int = 0
    loss: float = 0.0


class LocalMetric:
    """Accuracy, losses and duration of the epochs of a training.

    Args:
        stdout: print them as they come.

    Attributes:
        epochs: numbers of the epochs so far.
        current_epoch: number of the current epoch.
    """

    def __init__(self, stdout: bool = True) -> None:
        self.stdout = stdout
        self.epochs: list[int] = []
        self.current_epoch = 0
        self._epoch = _Epoch(time.perf_counter())

    def receive_epoch_start(self, epoch: int) -> None:
        """Begin an epoch."""
        self.current_epoch = epoch
        self.epochs.append(epoch)
        self._epoch = _Epoch(time.perf_counter())

    def receive_train_epoch_batch_end(self, total: int, train_loss: float) -> None:
        """Add the images and the summed loss of a batch."""
        self._epoch.train_images += total
        self._epoch.train_loss += train_loss

    def receive_validation_epoch_batch_end(
        self, total: int, correct: int, validation_loss: float
    ) -> None:
        """Add the images, the correct ones and the summed loss of a batch."""
        self._epoch.images += total
        self._epoch.right += correct
        self._epoch.loss += validation_loss

    def receive_train_epoch_end(self) -> None:
        """Print the loss of the training."""
        if self.stdout:
            print(f"Epoch: {self.current_epoch}, loss: {self._train_loss:.8f}")

    def receive_validation_epoch_end(self) -> None:
        """Print accuracy and loss of the validation."""
        if self.stdout:
            epoch = self._epoch
            print(
                f"Number of images: {epoch.images}, accuracy: {100 * self._accuracy:.6f}%, "
                f"validation loss: {self._loss:.8f}"
            )

    def receive_epoch_end(self) -> dict[str, Any]:
        """Return the results of the epoch."""
        duration = time.perf_counter() - self._epoch.start
        if self.stdout:
            print(f"Time for epoch {self.current_epoch}: {duration:.4g}s")
        return {
            "epoch": self.current_epoch,
            "time_epoch": duration,
            "accuracy": self._accuracy,
            "train_loss": self._train_loss,
            "valid_loss": self._loss,
        }

    @property
    def _accuracy(self) -> float:
        return self._epoch.right / max(self._epoch.images, 1)

    @property
    def _loss(self) -> float:
        return self._epoch.loss / max(self._epoch.images, 1)

    @property
    def _train_loss(self) -> float:
        return self._epoch.train_loss / max(self._epoch.train_images, 1)


class InferenceLocalMetric:
    """Accuracy, error and loss over time of an inference experiment.

    Args:
        stdout: print them as they come.
    """

    def __init__(self, stdout: bool = False) -> None:
        self.stdout = stdout
        self._repeat = 0
        self._start = time.perf_counter()

    def receive_repeat_start(self, repeat: int) -> None:
        """Begin a repeat."""
        if repeat == 0:
            self._start = time.perf_counter()
        self._repeat = repeat

    def receive_repeat_end(
        self,
        t_array: Any,
        avg_acc: Any,
        std_acc: Any,
        avg_err: Any,
        avg_loss: Any,
        repeats: int,
    ) -> dict[str, Any]:
        """Return the statistics over the repeats so far."""
        done = self._repeat + 1
        columns = zip(t_array, avg_acc, std_acc, avg_err, avg_loss, strict=True)
        names = ("t_inference", "avg_accuracy", "std_accuracy", "avg_error", "avg_loss")
        rows = [dict(zip(names, map(float, row), strict=True)) for row in columns]
        result = {
            "inference_runs": {
                "inference_repeat": done,
                "is_partial": done < repeats,
                "time_elapsed": time.perf_counter() - self._start,
                "inference_results": rows,
            }
        }
        if self.stdout:
            print(json.dumps(result))
        return result
