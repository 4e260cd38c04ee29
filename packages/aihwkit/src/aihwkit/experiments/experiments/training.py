"""Training of a classifier."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from aihwkit.experiments.experiments.base import Experiment, Signals
from aihwkit.experiments.experiments.data import (
    dataset_arguments,
    dataset_transform,
    load_part,
)
from aihwkit.optim import AnalogSGD
from synaptensor.validation import check_integer, check_positive

__all__ = ["BasicTraining"]


class BasicTraining(Experiment):
    """Trains a classifier with `AnalogSGD` and validates it after each epoch.

    Args:
        dataset: class of the data set, as in torchvision.
        model: model; stays where it is moved to.
        batch_size: number of samples of a batch.
        loss_function: class of the loss.
        epochs: number of epochs.
        learning_rate: learning rate.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        dataset: type,
        model: nn.Module,
        batch_size: int = 64,
        loss_function: type = nn.NLLLoss,
        epochs: int = 30,
        learning_rate: float = 0.05,
    ) -> None:
        super().__init__()
        self.dataset = dataset
        self.model = model
        self.batch_size = check_integer("batch_size", batch_size, minimum=1)
        self.loss_function = loss_function
        self.epochs = check_integer("epochs", epochs, minimum=0)
        self.learning_rate = check_positive("learning_rate", learning_rate)

    def get_dataset_arguments(self, dataset: type) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the arguments for the training and the validation part."""
        return dataset_arguments(dataset)

    def get_dataset_transform(self, dataset: type) -> Any:
        """Return the transform of the samples."""
        return dataset_transform(dataset)

    def get_data_loaders(
        self,
        dataset: type,
        batch_size: int,
        max_elements_train: int = 0,
        dataset_root: str = "data",
    ) -> tuple[DataLoader[Any], DataLoader[Any]]:
        """Return batches for training and validation, both of the first elements if limited."""
        transform = self.get_dataset_transform(dataset)
        first, second = (
            load_part(
                dataset, arguments, transform, batch_size, max_elements_train, dataset_root, True
            )
            for arguments in self.get_dataset_arguments(dataset)
        )
        return first, second

    def get_optimizer(self, learning_rate: float, model: nn.Module) -> Any:
        """Return the optimizer."""
        optimizer = AnalogSGD(model.parameters(), lr=learning_rate)
        optimizer.regroup_param_groups(model)
        return optimizer

    def training_step(
        self,
        training_loader: Any,
        model: nn.Module,
        optimizer: Any,
        loss_function: Any,
        device: Any,
    ) -> None:
        """Train for one epoch."""
        model.train()
        for images, labels in training_loader:
            self._call_hook(Signals.TRAIN_EPOCH_BATCH_START)
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = loss_function(model(images), labels)
            loss.backward()
            optimizer.step()
            count = len(labels)
            self._call_hook(Signals.TRAIN_EPOCH_BATCH_END, count, loss.item() * count)

    @torch.no_grad()
    def validation_step(
        self, validation_loader: Any, model: nn.Module, loss_function: Any, device: Any
    ) -> None:
        """Validate in evaluation mode, without gradients."""
        model.eval()
        for images, labels in validation_loader:
            self._call_hook(Signals.VALIDATION_EPOCH_BATCH_START)
            images, labels = images.to(device), labels.to(device)
            output = model(images)
            loss = loss_function(output, labels)
            right, count = int((output.argmax(dim=1) == labels).sum()), len(labels)
            self._call_hook(Signals.VALIDATION_EPOCH_BATCH_END, count, right, loss.item() * count)

    def train(
        self,
        training_loader: Any,
        validation_loader: Any,
        model: nn.Module,
        optimizer: Any,
        loss_function: Any,
        epochs: int,
        device: Any,
    ) -> list[dict[str, Any]]:
        """Train and validate for some epochs; return what the hooks return at their ends."""
        results = []
        for epoch in range(epochs):
            self._call_hook(Signals.EPOCH_START, epoch)
            self._call_hook(Signals.TRAIN_EPOCH_START, epoch)
            self.training_step(training_loader, model, optimizer, loss_function, device)
            self._call_hook(Signals.TRAIN_EPOCH_END)
            self._call_hook(Signals.VALIDATION_EPOCH_START, epoch)
            self.validation_step(validation_loader, model, loss_function, device)
            self._call_hook(Signals.VALIDATION_EPOCH_END)
            results.append({"epoch": epoch, **self._call_hook(Signals.EPOCH_END)})
        return results

    def run(
        self, max_elements: int = 0, dataset_root: str = "data", device: Any = None
    ) -> list[dict[str, Any]]:
        """Load the data, train, and return one dictionary for each epoch.

        Args:
            max_elements: number of samples to use of each part; 0 for all.
            dataset_root: folder of the data set.
            device: where to train; None leaves the model where it is.
        """
        self._call_hook(Signals.EXPERIMENT_START)
        loaders = self.get_data_loaders(self.dataset, self.batch_size, max_elements, dataset_root)
        device = next(self.model.parameters()).device if device is None else device
        self.model = self.model.to(device)
        optimizer = self.get_optimizer(self.learning_rate, self.model)
        loss_function = self.loss_function()
        self.results = self.train(
            *loaders, self.model, optimizer, loss_function, self.epochs, device
        )
        self._call_hook(Signals.EXPERIMENT_END)
        return self.results

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}(dataset={self.dataset.__name__}, "
            f"batch_size={self.batch_size}, loss_function={self.loss_function.__name__}, "
            f"epochs={self.epochs}, learning_rate={self.learning_rate}, model={self.model})"
        )
