"""Runners on this machine."""

from __future__ import annotations

from typing import Any

from aihwkit.experiments.experiments.base import Signals
from aihwkit.experiments.runners.base import Runner
from aihwkit.experiments.runners.metrics import InferenceLocalMetric, LocalMetric

__all__ = ["InferenceLocalRunner", "LocalRunner"]

_DOWNLOADED = ("FashionMNIST", "SVHN")


def _download(experiment: Any, dataset_root: str) -> None:
    """Download the data sets that may be downloaded without asking."""
    if experiment.dataset.__name__ in _DOWNLOADED:
        for arguments in experiment.get_dataset_arguments(experiment.dataset):
            experiment.dataset(dataset_root, download=True, **arguments)


class LocalRunner(Runner):
    """Runs training experiments on this machine.

    Args:
        device: where to train; None leaves the model where it is.
    """

    def __init__(self, device: Any = None) -> None:
        self.device = device

    def run(  # type: ignore[override]
        self,
        experiment: Any,
        max_elements_train: int = 0,
        dataset_root: str = "data",
        stdout: bool = False,
    ) -> list[dict[str, Any]]:
        """Run an experiment and return one dictionary for each epoch.

        Args:
            experiment: `BasicTraining`; its hooks are replaced.
            max_elements_train: number of samples to use; 0 for all.
            dataset_root: folder of the data set.
            stdout: print results as they come.
        """
        experiment.clear_hooks()
        metric = LocalMetric(stdout)
        for signal, hook in (
            (Signals.EPOCH_START, metric.receive_epoch_start),
            (Signals.EPOCH_END, metric.receive_epoch_end),
            (Signals.TRAIN_EPOCH_BATCH_END, metric.receive_train_epoch_batch_end),
            (Signals.TRAIN_EPOCH_END, metric.receive_train_epoch_end),
            (Signals.VALIDATION_EPOCH_BATCH_END, metric.receive_validation_epoch_batch_end),
            (Signals.VALIDATION_EPOCH_END, metric.receive_validation_epoch_end),
        ):
            experiment.add_hook(signal, hook)
        _download(experiment, dataset_root)
        results: list[dict[str, Any]] = experiment.run(
            max_elements_train, dataset_root, self.device
        )
        return results


class InferenceLocalRunner(Runner):
    """Runs inference experiments on this machine.

    Args:
        device: where to compute; None leaves the model where it is.
    """

    def __init__(self, device: Any = None) -> None:
        self.device = device

    def run(  # type: ignore[override]
        self,
        experiment: Any,
        max_elements: int = 0,
        dataset_root: str = "data",
        stdout: bool = False,
    ) -> dict[str, Any]:
        """Run an experiment and return its results.

        Args:
            experiment: `BasicInferencing`; its hooks are replaced.
            max_elements: number of samples to use; 0 for all.
            dataset_root: folder of the data set.
            stdout: print results as they come.
        """
        experiment.clear_hooks()
        metric = InferenceLocalMetric(stdout)
        experiment.add_hook(Signals.INFERENCE_REPEAT_START, metric.receive_repeat_start)
        experiment.add_hook(Signals.INFERENCE_REPEAT_END, metric.receive_repeat_end)
        _download(experiment, dataset_root)
        results: dict[str, Any] = experiment.run(max_elements, dataset_root, self.device)
        return results
