"""Devices that keep their own conductances through drift, and devices that are stuck."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from aihwkit.inference.noise.base import BaseNoiseModel, working_type
from aihwkit.inference.noise.physics import uniform_like
from synaptensor.validation import check_in_range, check_instance, check_nonnegative

__all__ = ["KeptConductances"]

_OF_SLICES = ("apply_programming_noise_to_conductance", "apply_drift_noise_to_conductance")


class KeptConductances(BaseNoiseModel):
    """Another noise model whose devices keep the conductances that they were programmed to.

    Noise models remember programmed weights alone: drift begins with conductances that a perfect
    programming of these weights would give, so that errors of the device that should be off move
    to the other one. Here every device keeps its conductance, at the price of its memory, and some
    may be stuck for good. `ReRamWan2022NoiseModel` draws each read around the target, so with it
    only stuck devices differ.

    Args:
        noise_model: the model of programming, drift and reads.
        stuck_low: fraction of the devices that are stuck at the smallest conductance.
        stuck_high: fraction of the devices that are stuck at the largest conductance.

    Raises:
        TypeError: if `noise_model` is no `BaseNoiseModel` or does not act on single conductances,
            or devices are stuck though its converter has no range of conductances `g_min` to
            `g_max`.
        ValueError: if a fraction is not between 0 and 1, or both add up to more than 1.

    Example:
        >>> model = KeptConductances(PCMLikeNoiseModel(g_max=25.0), stuck_low=0.01)
    """

    def __init__(
        self, noise_model: BaseNoiseModel, stuck_low: float = 0.0, stuck_high: float = 0.0
    ) -> None:
        check_instance("noise_model", noise_model, BaseNoiseModel)
        for name in _OF_SLICES:
            if getattr(type(noise_model), name) is getattr(BaseNoiseModel, name):
                raise TypeError(
                    f"noise_model must define {name}, since each device keeps its own "
                    f"conductance, got a {type(noise_model).__name__}"
                )
        super().__init__(noise_model.g_converter)
        self.noise_model = noise_model
        self.stuck_low = check_in_range("stuck_low", stuck_low, 0.0, 1.0)
        self.stuck_high = check_in_range("stuck_high", stuck_high, 0.0, 1.0)
        if stuck_low + stuck_high > 1.0:
            raise ValueError(
                f"stuck_low and stuck_high must add up to at most 1, got {stuck_low + stuck_high}"
            )
        converter = noise_model.g_converter
        ranged = hasattr(converter, "g_min") and hasattr(converter, "g_max")
        if stuck_low + stuck_high > 0.0 and not ranged:
            raise TypeError(
                "stuck_low and stuck_high must be 0 for a converter without g_min and g_max, got "
                f"{stuck_low} and {stuck_high} with a {type(converter).__name__}"
            )

    @property
    def g_max(self) -> float:
        """Largest conductance in microsiemens."""
        return float(self.noise_model.g_converter.g_max)  # type: ignore[attr-defined]

    @torch.no_grad()
    def apply_noise(self, weights: Tensor, t_inference: float) -> Tensor:
        """Return weights that are programmed and then read at a time, all drawn anew."""
        check_nonnegative("t_inference", t_inference)
        programmed, parameters = self.apply_programming_noise(weights)
        if t_inference == 0:
            return programmed
        return self.apply_drift_noise(programmed, parameters, t_inference)

    @torch.no_grad()
    def apply_programming_noise(self, weights: Tensor) -> tuple[Tensor, list[Any]]:
        """Return programmed weights, and what each slice keeps.

        Args:
            weights: target weights `[out, in]`.
        """
        model, converter = self.noise_model, self.noise_model.g_converter
        slices, params = converter.convert_to_conductances(working_type(weights))
        kept: list[dict[str, Any]] = []
        for g_target in slices:
            g = model.apply_programming_noise_to_conductance(g_target)
            coefficients = model.generate_drift_coefficients(g_target)
            stuck = self._stuck(g)
            g = g if stuck is None else torch.where(stuck.isnan(), g, stuck)
            kept.append({"g": g, "coefficients": coefficients, "stuck": stuck, "params": params})
        conductances = [entry["g"] for entry in kept]
        programmed = converter.convert_back_to_weights(conductances, params)
        return programmed.to(weights.dtype), kept

    @torch.no_grad()
    def apply_drift_noise(
        self, weights: Tensor, drift_noise_parameters: Sequence[Any] | None, t_inference: float
    ) -> Tensor:
        """Return the weights of the kept conductances as they are read at a time.

        Args:
            weights: programmed weights; only their type counts.
            drift_noise_parameters: second result of `apply_programming_noise`.
            t_inference: seconds since the programming.

        Raises:
            ValueError: if the time is negative, or nothing was programmed with this model.
        """
        check_nonnegative("t_inference", t_inference)
        kept = drift_noise_parameters
        if not kept or not all(isinstance(entry, dict) for entry in kept):
            raise ValueError(
                "drift_noise_parameters must be what apply_programming_noise of this model "
                "returned: weights are programmed before they drift"
            )
        conductances = []
        for entry in kept:
            g = self.noise_model.apply_drift_noise_to_conductance(
                entry["g"], entry["coefficients"], t_inference
            )
            stuck = entry["stuck"]
            conductances.append(g if stuck is None else torch.where(stuck.isnan(), g, stuck))
        converter = self.noise_model.g_converter
        return converter.convert_back_to_weights(conductances, kept[0]["params"]).to(weights.dtype)

    def _stuck(self, g: Tensor) -> Tensor | None:
        """Return the conductances of stuck devices, NaN elsewhere; None if there are none."""
        if self.stuck_low == 0.0 and self.stuck_high == 0.0:
            return None
        converter: Any = self.noise_model.g_converter
        draw = uniform_like(g)
        stuck = torch.full_like(g, torch.nan)
        stuck[draw < self.stuck_low] = converter.g_min
        stuck[draw >= 1.0 - self.stuck_high] = converter.g_max
        return stuck
