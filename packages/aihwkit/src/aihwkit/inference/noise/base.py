"""Base class of the statistical models of a chip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from aihwkit.inference.converter.base import BaseConductanceConverter
from aihwkit.inference.converter.conductance import SinglePairConductanceConverter
from synaptensor.validation import check_instance, check_nonnegative

__all__ = ["BaseNoiseModel"]

_SMALL_TYPES = (torch.float16, torch.bfloat16)


class BaseNoiseModel:
    r"""Noise of weights that are programmed once, drift, and are read.

    A weight matrix becomes conductances (`g_converter`), which are programmed with an error, drift
    with coefficients drawn at the programming, and are read with noise; then they become weights
    again. All of it happens on the device of the weights, without gradients. Draws come from
    torch's default generator, or from that of `noise_generator`.

    Derive from it and define `apply_programming_noise_to_conductance`,
    `apply_drift_noise_to_conductance` and, for drift, `generate_drift_coefficients`.

    Args:
        g_converter: mapping of weights to conductances; `SinglePairConductanceConverter()` if
            None.

    Raises:
        TypeError: if `g_converter` is no `BaseConductanceConverter`.

    Example:
        >>> class Gaussian(BaseNoiseModel):
        ...     def apply_programming_noise_to_conductance(self, g_target):
        ...         return (g_target + 0.3 * torch.randn_like(g_target)).clamp(min=0)
        ...
        ...     def apply_drift_noise_to_conductance(self, g_prog, drift_noise_param, t_inference):
        ...         return g_prog
    """

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __init__(self, g_converter: BaseConductanceConverter | None = None) -> None:
        if g_converter is None:
            g_converter = SinglePairConductanceConverter()
        self.g_converter = check_instance("g_converter", g_converter, BaseConductanceConverter)

    # -- whole matrices ----------------------------------------------------------------------

    @torch.no_grad()
    def apply_noise(self, weights: Tensor, t_inference: float) -> Tensor:
        """Return weights that are programmed and then read at a time, all drawn anew.

        Args:
            weights: target weights `[out, in]`.
            t_inference: seconds since the programming; 0 for the programming alone.

        Raises:
            ValueError: if the time is negative.
        """
        check_nonnegative("t_inference", t_inference)
        slices, params = self.g_converter.convert_to_conductances(working_type(weights))
        noisy = []
        for g_target in slices:
            g = self.apply_programming_noise_to_conductance(g_target)
            if t_inference > 0:
                coefficients = self.generate_drift_coefficients(g_target)
                g = self.apply_drift_noise_to_conductance(g, coefficients, t_inference)
            noisy.append(g)
        return self.g_converter.convert_back_to_weights(noisy, params).to(weights.dtype)

    @torch.no_grad()
    def apply_programming_noise(self, weights: Tensor) -> tuple[Tensor, list[Any]]:
        """Return programmed weights and what is drawn for the drift of each slice.

        Args:
            weights: target weights `[out, in]`.
        """
        slices, params = self.g_converter.convert_to_conductances(working_type(weights))
        noisy, drift_noise_parameters = [], []
        for g_target in slices:
            noisy.append(self.apply_programming_noise_to_conductance(g_target))
            drift_noise_parameters.append(self.generate_drift_coefficients(g_target))
        programmed = self.g_converter.convert_back_to_weights(noisy, params)
        return programmed.to(weights.dtype), drift_noise_parameters

    @torch.no_grad()
    def apply_drift_noise(
        self, weights: Tensor, drift_noise_parameters: Sequence[Any] | None, t_inference: float
    ) -> Tensor:
        """Return programmed weights as they are read at a time.

        The conductances are those that a perfect programming of `weights` would give, so that the
        programmed weights are all that is kept of the programming.

        Args:
            weights: programmed weights `[out, in]`.
            drift_noise_parameters: second result of `apply_programming_noise`.
            t_inference: seconds since the programming.

        Raises:
            ValueError: if the time is negative, or the parameters are missing or do not fit the
                converter.
        """
        check_nonnegative("t_inference", t_inference)
        if drift_noise_parameters is None:
            raise ValueError(
                "drift_noise_parameters must be what apply_programming_noise returned, got None: "
                "weights are programmed before they drift"
            )
        slices, params = self.g_converter.convert_to_conductances(working_type(weights))
        if len(drift_noise_parameters) != len(slices):
            raise ValueError(
                f"drift_noise_parameters must have one entry for each of the {len(slices)} slices "
                f"of {self.g_converter}, got {len(drift_noise_parameters)}; after a change of the "
                "converter weights must be programmed again"
            )
        noisy = [
            self.apply_drift_noise_to_conductance(g, parameter, t_inference)
            for g, parameter in zip(slices, drift_noise_parameters, strict=True)
        ]
        return self.g_converter.convert_back_to_weights(noisy, params).to(weights.dtype)

    # -- single slices, to be defined by models ------------------------------------------------

    def generate_drift_coefficients(self, g_target: Tensor) -> Any:
        """Draw what the drift of a slice needs; nothing here.

        Args:
            g_target: target conductances in microsiemens.
        """
        return None

    def apply_programming_noise_to_conductance(self, g_target: Tensor) -> Tensor:
        """Return the conductances after programming.

        Args:
            g_target: target conductances in microsiemens.
        """
        raise NotImplementedError

    def apply_drift_noise_to_conductance(
        self, g_prog: Tensor, drift_noise_param: Any, t_inference: float
    ) -> Tensor:
        """Return the conductances as they are read at a time.

        Args:
            g_prog: conductances after programming in microsiemens.
            drift_noise_param: what `generate_drift_coefficients` drew.
            t_inference: seconds since the programming.
        """
        raise NotImplementedError

    # -- comparison and text -----------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        return self.__class__ == other.__class__ and self.__dict__ == other.__dict__

    def __str__(
        self, exclude_keys: Sequence[str] | None = None, keys: Sequence[str] | None = None
    ) -> str:
        names = list(self.__dict__) if keys is None else list(keys)
        shown = [name for name in names if name not in (exclude_keys or ())]
        text = ", ".join(f"{name}={self.__dict__[name]}" for name in shown)
        return f"{type(self).__name__}({text})"


def working_type(weights: Tensor) -> Tensor:
    """Return weights in a type that has enough digits for the equations."""
    weights = weights.detach()
    return weights.float() if weights.dtype in _SMALL_TYPES else weights
