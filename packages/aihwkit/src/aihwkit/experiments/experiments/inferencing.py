"""Inference over time."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader

from aihwkit.experiments.experiments.base import Experiment, Signals
from aihwkit.experiments.experiments.data import (
    dataset_arguments,
    dataset_transform,
    load_part,
)
from aihwkit.inference.utils import drift_analog_weights, program_analog_weights
from synaptensor.validation import check_integer, check_positive

__all__ = ["BasicInferencing"]

_PERCENT = 100.0
Array = NDArray[np.float64]


class BasicInferencing(Experiment):
    """Programs a model several times and tests it at several times.

    Args:
        dataset: class of the data set, as in torchvision.
        model: analog model; a copy is programmed.
        batch_size: number of samples of a batch.
        loss_function: class of the loss.
        weight_template_id: checkpoint file to load; nothing is downloaded.
        inference_repeats: number of times the model is programmed.
        inference_time: last time in seconds.
        remap_weights: scale the weights of the tiles to their full range first.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        dataset: type,
        model: nn.Module,
        batch_size: int = 10,
        loss_function: type = nn.CrossEntropyLoss,
        weight_template_id: str = "",
        inference_repeats: int = 2,
        inference_time: float = 86400,
        remap_weights: bool = True,
    ) -> None:
        super().__init__()
        self.dataset = dataset
        self.model = model
        self.batch_size = check_integer("batch_size", batch_size, minimum=1)
        self.loss_function = loss_function
        self.weight_template_id = weight_template_id
        self.inference_repeats = check_integer("inference_repeats", inference_repeats, minimum=1)
        self.inference_time = check_positive("inference_time", inference_time)
        self.remap_weights = remap_weights

    def get_dataset_arguments(self, dataset: type) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the arguments for the training and the validation part."""
        return dataset_arguments(dataset)

    def get_dataset_transform(self, dataset: type) -> Any:
        """Return the transform of the samples, the same as in training."""
        return dataset_transform(dataset)

    def get_data_loader(
        self, dataset: type, batch_size: int, max_elements: int = 0, dataset_root: str = "data"
    ) -> DataLoader[Any]:
        """Return the batches of the validation part, in order."""
        arguments = self.get_dataset_arguments(dataset)[1]
        transform = self.get_dataset_transform(dataset)
        return load_part(
            dataset, arguments, transform, batch_size, max_elements, dataset_root, False
        )

    def get_model(self, weight_template_id: str, device: Any) -> Any:
        """Return a copy of the model, with the weights of a checkpoint if one is named.

        Raises:
            FileNotFoundError: if the checkpoint does not exist.
        """
        model: Any = copy.deepcopy(self.model)
        if weight_template_id:
            path = Path(weight_template_id)
            if not path.is_file():
                raise FileNotFoundError(
                    f"weight_template_id must be a checkpoint file, got {weight_template_id!r}; "
                    "the archive of checkpoints is no longer served"
                )
            state = torch.load(path, weights_only=True)
            model.load_state_dict(state, load_rpu_config=False)
        if self.remap_weights:
            model.remap_analog_weights()
        return model.to(device)

    @torch.no_grad()
    def inferencing_step(
        self,
        validation_loader: Any,
        model: nn.Module,
        loss_function: Any,
        t_inference_list: Any,
        device: Any,
    ) -> tuple[Array, Array, Array]:
        """Program once; return accuracy and error in percent and mean loss at each time."""
        model.eval()
        program_analog_weights(model)
        accuracy, loss = np.zeros(len(t_inference_list)), np.zeros(len(t_inference_list))
        for index, time in enumerate(t_inference_list):
            drift_analog_weights(model, float(time))
            right, total, summed = 0, 0, 0.0
            for images, labels in validation_loader:
                images, labels = images.to(device), labels.to(device)
                output = model(images)
                summed += float(loss_function(output, labels)) * len(labels)
                right += int((output.argmax(dim=1) == labels).sum())
                total += len(labels)
            accuracy[index], loss[index] = _PERCENT * right / total, summed / total
        return accuracy, _PERCENT - accuracy, loss

    def inference_times(self, inference_time: float, n_inference_times: int = 10) -> Array:
        """Return 0 and logarithmically spaced times from 1 second on.

        Override it for noise models that only know some times.
        """
        later = np.logspace(0, np.log10(float(inference_time)), n_inference_times - 1)
        return np.concatenate([[0.0], later])

    def inference(
        self,
        validation_loader: Any,
        model: nn.Module,
        loss_function: Any,
        inference_repeats: int,
        inference_time: float,
        device: Any,
        n_inference_times: int = 10,
    ) -> dict[str, Any]:
        """Program and test several times; return what the hook returns after the last time."""
        times = self.inference_times(inference_time, n_inference_times)
        rows: list[tuple[Array, Array, Array]] = []
        result: dict[str, Any] = {}
        self._call_hook(Signals.INFERENCE_START)
        for repeat in range(inference_repeats):
            self._call_hook(Signals.INFERENCE_REPEAT_START, repeat)
            rows.append(
                self.inferencing_step(validation_loader, model, loss_function, times, device)
            )
            accuracy, error, loss = (np.stack(column) for column in zip(*rows, strict=True))
            result = self._call_hook(
                Signals.INFERENCE_REPEAT_END,
                times,
                accuracy.mean(axis=0),
                accuracy.std(axis=0),
                error.mean(axis=0),
                loss.mean(axis=0),
                inference_repeats,
            )
        self._call_hook(Signals.INFERENCE_END)
        return result

    def run(
        self, max_elements: int = 0, dataset_root: str = "data", device: Any = None
    ) -> dict[str, Any]:
        """Load the data, program and test a copy of the model, and return the results.

        Args:
            max_elements: number of samples to use; 0 for all.
            dataset_root: folder of the data set.
            device: where to compute; None leaves the model where it is.
        """
        self._call_hook(Signals.EXPERIMENT_START)
        loader = self.get_data_loader(self.dataset, self.batch_size, max_elements, dataset_root)
        device = next(self.model.parameters()).device if device is None else device
        model = self.get_model(self.weight_template_id, device)
        self.results = self.inference(
            loader,
            model,
            self.loss_function(),
            self.inference_repeats,
            self.inference_time,
            device,
        )
        self.model = model
        self._call_hook(Signals.EXPERIMENT_END)
        return self.results

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}(dataset={self.dataset.__name__}, "
            f"batch_size={self.batch_size}, loss_function={self.loss_function.__name__}, "
            f"weight_template_id={self.weight_template_id!r}, "
            f"inference_repeats={self.inference_repeats}, "
            f"inference_time={self.inference_time}, model={self.model})"
        )
