"""Classification by the classes for which neurons fire most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inferno import Module
from inferno._internal import argtest
from inferno.neural.mixins import check_shape_argument
from synaptensor.validation import check_flag, check_nonnegative, check_number

__all__ = ["MaxRateClassifier"]


class MaxRateClassifier(Module):
    r"""Classifies by the rates of neurons assigned to the class for which they fire most.

    Rates of neuron $n$ for class $c$ are updated from a batch with $N_c$ samples of the class,

    $$
    r_{nc} \leftarrow e^{-\lambda N_c} \, r_{nc} + \bar{x}_{nc}
    $$

    A neuron is assigned to the class with the largest share $p_{nc} = r_{nc} / \sum_k r_{nk}$.
    The logit of a class is the mean over its neurons of their activity, weighted with $p$.

    Args:
        shape: shape of one sample of the neurons' output.
        num_classes: number of classes $C$.
        decay: rate $\lambda$ at which former samples lose weight, per sample of the class.
        assign_silent: count neurons that never fired as neurons of class 0; otherwise they
            belong to no class.

    Raises:
        TypeError: if ``shape`` is neither an integer nor a sequence.
        ValueError: if an argument is out of range.

    Reference:
        Diehl and Cook (2015), Frontiers in Computational Neuroscience 9, 99.
    """

    def __init__(
        self,
        shape: Sequence[int] | int,
        num_classes: int,
        *,
        decay: float = 0.0,
        assign_silent: bool = True,
    ) -> None:
        sizes = check_shape_argument("shape", shape)
        classes = argtest.gt("num_classes", num_classes, 0, int)
        Module.__init__(self)
        self._shape: tuple[int, ...] = tuple(sizes)
        self._classes: int = classes
        self.decay = check_number("decay", decay, check_nonnegative)
        self.assign_silent = check_flag("assign_silent", assign_silent)
        self.rates_ = nn.Parameter(torch.zeros(*sizes, classes), False)
        zeros = torch.zeros(*sizes, dtype=torch.long)
        self.register_buffer("assignments_", zeros, persistent=False)
        counts = torch.zeros(classes, dtype=torch.long)
        self.register_buffer("occurrences_", counts, persistent=False)
        self.register_buffer("proportions_", torch.zeros(*sizes, classes), persistent=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample of the neurons' output."""
        return self._shape

    @property
    def ndim(self) -> int:
        """Number of dimensions of one sample."""
        return len(self._shape)

    @property
    def nclass(self) -> int:
        """Number of classes."""
        return self._classes

    @property
    def assignments(self) -> Tensor:
        """Class of each neuron, shape ``shape``; -1 for none."""
        return self._buffers["assignments_"]  # type: ignore[return-value]

    @property
    def occurrences(self) -> Tensor:
        """Number of neurons of each class, shape ``(C,)``."""
        return self._buffers["occurrences_"]  # type: ignore[return-value]

    @property
    def proportions(self) -> Tensor:
        """Share of each class in the rates of a neuron, shape ``(*shape, C)``."""
        return self._buffers["proportions_"]  # type: ignore[return-value]

    @property
    def rates(self) -> Tensor:
        """Rates of each neuron for each class, shape ``(*shape, C)``."""
        return self._parameters["rates_"]  # type: ignore[return-value]

    @rates.setter
    def rates(self, value: Tensor) -> None:
        if value.shape != self.rates.shape:
            raise ValueError(
                f"`rates` must be of shape {tuple(self.rates.shape)}, got {tuple(value.shape)}"
            )
        self.rates.data = value.detach().to(self.rates.dtype)
        self._derive()

    def _derive(self) -> None:
        rates = self.rates.data
        self.proportions_ = F.normalize(rates, p=1, dim=-1)
        assignments = torch.argmax(self.proportions, dim=-1)
        if not self.assign_silent:
            assignments = torch.where(rates.sum(-1) == 0, -1, assignments)
        self.assignments_ = assignments
        self.occurrences_ = self._onehot().sum(0).long()

    def _onehot(self) -> Tensor:
        classes = torch.arange(self._classes, device=self.assignments.device)
        return self.assignments.view(-1, 1) == classes

    def regress(self, inputs: Tensor, proportional: bool = True) -> Tensor:
        """Computes logits.

        Args:
            inputs: activity of the neurons, shape ``(B, *shape)``.
            proportional: weight the activity with the share of the neuron's class.

        Returns:
            Logits, shape ``(B, C)``; zero for a class without neurons.
        """
        association = self._onehot().to(self.rates.dtype)
        if proportional:
            association = association * self.proportions.view(-1, self._classes)
        self._check_activity(inputs)
        flat = inputs.reshape(inputs.shape[0], -1).to(association.dtype)
        logits = (flat @ association) / self.occurrences
        return logits.nan_to_num_(nan=0.0, posinf=0.0)

    def classify(self, inputs: Tensor, proportional: bool = True) -> Tensor:
        """Computes the class with the largest logit.

        Args:
            inputs: activity of the neurons, shape ``(B, *shape)``.
            proportional: weight the activity with the share of the neuron's class.

        Returns:
            Classes, shape ``(B,)``.
        """
        return torch.argmax(self.regress(inputs, proportional), dim=1)

    @torch.no_grad()
    def update(self, inputs: Tensor, labels: Tensor) -> None:
        """Updates the rates from labelled samples.

        Args:
            inputs: activity of the neurons, shape ``(B, *shape)``.
            labels: classes of the samples, integers of shape ``(B,)``.

        Raises:
            ValueError: if shapes do not fit or a label is not a class.
        """
        self._check(inputs, labels)
        rates = self.rates.data
        counts = torch.bincount(labels, minlength=self._classes).to(rates.dtype)
        sums = torch.zeros(
            self._classes, math.prod(self._shape), dtype=rates.dtype, device=rates.device
        )
        sums.index_add_(0, labels, inputs.reshape(inputs.shape[0], -1).to(rates.dtype))
        means = (sums / counts.unsqueeze(1)).nan_to_num_(nan=0.0, posinf=0.0)
        self.rates = torch.exp(-self.decay * counts) * rates + means.t().view_as(rates)

    def forward(
        self,
        inputs: Tensor,
        labels: Tensor | None,
        logits: bool | None = False,
        proportional: bool = True,
    ) -> Tensor | tuple[Tensor, Tensor] | None:
        """Classifies samples, then updates the rates if labels are given.

        Args:
            inputs: activity of the neurons, shape ``(B, *shape)``, or spikes with time in
                front, ``(T, B, *shape)``, which are averaged.
            labels: classes of the samples, integers of shape ``(B,)``.
            logits: return logits too; ``None`` to return nothing.
            proportional: weight the activity with the share of the neuron's class.

        Returns:
            Classes, classes and logits, or ``None``.
        """
        if inputs.ndim == self.ndim + 2:
            inputs = inputs.to(self.rates.dtype).mean(dim=0)
        if labels is not None:
            self._check(inputs, labels)
        result: Any = None
        if logits is not None:
            computed = self.regress(inputs, proportional)
            result = torch.argmax(computed, dim=1)
            result = (result, computed) if logits else result
        if labels is not None:
            self.update(inputs, labels)
        return result

    def _check_activity(self, inputs: Tensor) -> None:
        if tuple(inputs.shape[1:]) != self._shape:
            raise ValueError(
                f"`inputs` must be of shape {('B', *self._shape)}, got {tuple(inputs.shape)}"
            )

    def _check(self, inputs: Tensor, labels: Tensor) -> None:
        if labels.is_floating_point() or labels.is_complex() or labels.ndim != 1:
            raise TypeError(
                f"`labels` must be integers of shape (B,), got {labels.dtype} of shape "
                f"{tuple(labels.shape)}"
            )
        if tuple(inputs.shape[1:]) != self._shape or inputs.shape[0] != labels.shape[0]:
            raise ValueError(
                f"`inputs` must be of shape {(labels.shape[0], *self._shape)} for "
                f"{labels.shape[0]} labels, got {tuple(inputs.shape)}"
            )
        if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < self._classes:
            raise ValueError(
                f"`labels` must be in [0, {self._classes - 1}], got values from "
                f"{int(labels.min())} to {int(labels.max())}"
            )

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self._derive()
