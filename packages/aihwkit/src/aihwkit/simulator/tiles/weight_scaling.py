"""Digital output scales of a tile."""

from __future__ import annotations

from math import isfinite
from typing import Any

import torch
from torch import Tensor, as_tensor
from torch.nn import Parameter

from synaptensor.validation import check_finite

__all__ = ["WeightScaling"]


class WeightScaling:
    r"""Mixin for the output scales :math:`y = \alpha\, s\, (W x)` of a tile.

    Mapping scales :math:`s` come from writing weights so that the crossbar's range is used; learned
    scales :math:`\alpha` are trained. Logical weights are :math:`\alpha s W`.
    """

    # Provided by the tile classes that this mixin is combined with.
    rpu_config: Any
    tile: Any
    out_size: int
    out_scaling_alpha: Parameter | None
    mapping_scales: Tensor | None

    def init_learned_out_scales(self) -> None:
        """Create the learned scales, if the mapping asks for them."""
        mapping = getattr(self.rpu_config, "mapping", None)
        self.out_scaling_alpha = None
        if mapping is not None and mapping.learn_out_scaling:
            size = self.out_size if mapping.out_scaling_columnwise else 1
            self.out_scaling_alpha = Parameter(self._ones(size))

    def init_mapping_scales(self) -> None:
        """Create the mapping scales, if the mapping asks for them."""
        mapping = getattr(self.rpu_config, "mapping", None)
        self.mapping_lr_scale = 1.0
        scales = None
        if mapping is not None and mapping.weight_scaling_omega:
            scales = self._ones(self.out_size if mapping.weight_scaling_columnwise else 1)
        self.register_buffer("mapping_scales", scales)  # type: ignore[attr-defined]

    def _ones(self, size: int) -> Tensor:
        return torch.ones(size, dtype=self.get_dtype(), device=self.device)  # type: ignore[attr-defined]

    # -- mapping scales ----------------------------------------------------------------------

    def get_mapping_scales(self) -> Tensor | None:
        """Return the mapping scales `[1]` or `[out]`, or None."""
        return self.mapping_scales

    def set_mapping_scales(self, mapping_scales: Tensor | float | None) -> None:
        """Set the mapping scales.

        Args:
            mapping_scales: one value for all outputs, `[out]` values, or None for no scales. One
                value fills existing scales, keeping their shape.

        Raises:
            ValueError: if there are neither one nor `out_size` values, or if they are not finite.
        """
        if mapping_scales is None:
            self.mapping_scales = None
            self.mapping_lr_scale = 1.0
            return
        scales = self._as_scales("mapping_scales", mapping_scales)
        if self.mapping_scales is not None and scales.numel() == 1:
            self.mapping_scales.fill_(scales.item())
        else:
            self.mapping_scales = scales
        self._derive_lr_scale()

    def _derive_lr_scale(self) -> None:
        compensates = self.rpu_config.mapping.weight_scaling_lr_compensation
        if compensates and self.mapping_scales is not None:
            self.mapping_lr_scale = 1.0 / float(self.mapping_scales.mean())

    def _after_load(self) -> None:
        self._derive_lr_scale()

    def _as_scales(self, name: str, value: Tensor | float) -> Tensor:
        scales = as_tensor(value).detach().flatten()
        if scales.numel() not in (1, self.out_size):
            raise ValueError(
                f"{name} must have 1 or {self.out_size} elements, got {scales.numel()}"
            )
        check_finite(name, scales)
        place = {"dtype": self.get_dtype(), "device": self.device}  # type: ignore[attr-defined]
        return scales.to(**place, copy=True)

    # -- learned scales ----------------------------------------------------------------------

    def get_learned_out_scales(self) -> Parameter | None:
        """Return the learned scales, or None."""
        return self.out_scaling_alpha

    @torch.no_grad()
    def set_learned_out_scales(self, alpha: Tensor | float) -> None:
        """Set the learned scales in place; without learned scales there is nothing to do."""
        if self.out_scaling_alpha is None:
            return
        alpha = self._as_scales("alpha", alpha)
        if alpha.numel() > self.out_scaling_alpha.numel():
            raise ValueError(
                "alpha must have 1 element because the learned scale of this tile is common to all "
                f"outputs, got {alpha.numel()}"
            )
        self.out_scaling_alpha.copy_(alpha.expand_as(self.out_scaling_alpha))

    # -- both --------------------------------------------------------------------------------

    def get_scales(self) -> Tensor | None:
        """Return the product of mapping and learned scales, or None if there are none."""
        mapping, learned = self.mapping_scales, self.out_scaling_alpha
        if mapping is None or learned is None:
            return mapping if learned is None else learned
        return mapping * learned

    def set_scales(self, scales: Tensor | float | None) -> None:
        """Make `scales` the mapping scales and reset the learned ones to 1."""
        self.set_mapping_scales(scales)
        self.set_learned_out_scales(1.0)

    def apply_weight_scaling(
        self, combined_weights: Tensor, weight_scaling_omega: float | None = None
    ) -> Tensor:
        r"""Scale weights so that their largest magnitude becomes :math:`\omega`; keep the scales.

        Args:
            combined_weights: matrix `[out, in (+1)]`.
            weight_scaling_omega: :math:`\omega`; None takes the configured value; 0 scales nothing.

        Returns:
            The scaled matrix; `scales * matrix` gives the original.
        """
        mapping = self.rpu_config.mapping
        omega = (
            mapping.weight_scaling_omega if weight_scaling_omega is None else weight_scaling_omega
        )
        if omega is None or omega <= 0:
            return combined_weights
        if mapping.weight_scaling_columnwise:
            largest = combined_weights.abs().amax(dim=1)
        else:
            largest = combined_weights.abs().amax().view(1)
        alpha = torch.where(largest > 0, largest / omega, torch.ones_like(largest))
        self.set_scales(alpha)
        return combined_weights / alpha.view(-1, 1)

    def apply_out_scaling(
        self, values: Tensor, tensor_view: tuple[int, ...] | None = None
    ) -> Tensor:
        """Multiply with the learned scales, broadcast on the output dimension."""
        if self.out_scaling_alpha is None:
            return values
        view = tensor_view or self.get_tensor_view(values.dim())  # type: ignore[attr-defined]
        return values * self.out_scaling_alpha.view(*view)

    # -- learning rate -----------------------------------------------------------------------

    def set_learning_rate(self, learning_rate: float | None) -> None:
        """Set the learning rate of the logical weights; None is ignored.

        Raises:
            ValueError: if it is NaN or infinite.
        """
        if learning_rate is not None:
            if not isfinite(learning_rate):
                raise ValueError(f"learning_rate must be finite, got {learning_rate!r}")
            self.tile.set_learning_rate(learning_rate * self.mapping_lr_scale)

    def get_learning_rate(self) -> float | None:
        """Return the learning rate of the logical weights; None if the tile has none."""
        rate = self.tile.get_learning_rate()
        return None if rate is None else rate / self.mapping_lr_scale
