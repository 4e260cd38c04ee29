"""The protocol of simulator tiles."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["SimulatorTile"]


class SimulatorTile:
    """Protocol of the object that holds the matrix `[d_size, x_size]` and computes with it."""

    def forward(
        self,
        x_input: Tensor,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        is_test: bool = False,
        non_blocking: bool = False,
    ) -> Tensor:
        """Return the analog product of the inputs."""
        raise NotImplementedError

    def backward(
        self,
        d_input: Tensor,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        non_blocking: bool = False,
    ) -> Tensor:
        """Return the analog transposed product of the gradients."""
        raise NotImplementedError

    def update(
        self,
        x_input: Tensor,
        d_input: Tensor,
        bias: bool = False,
        in_trans: bool = False,
        out_trans: bool = False,
        non_blocking: bool = False,
    ) -> Tensor | None:
        """Update the matrix."""
        raise NotImplementedError

    def get_brief_info(self) -> str:
        """Return one line about the tile."""
        raise NotImplementedError

    def get_weights(self, as_ref: bool = False) -> Tensor:
        """Return a copy of the matrix, or the live storage."""
        raise NotImplementedError

    def set_weights(self, weight: Tensor) -> None:
        """Write the matrix."""
        raise NotImplementedError

    def get_x_size(self) -> int:
        """Return the number of columns."""
        raise NotImplementedError

    def get_d_size(self) -> int:
        """Return the number of rows."""
        raise NotImplementedError

    def get_hidden_parameters(self) -> Tensor:
        """Return the device parameters `[n, d_size, x_size]`; empty if there are none."""
        return torch.empty(0)

    def get_hidden_parameter_names(self) -> list[str]:
        """Return the names of the device parameters."""
        return []

    def set_hidden_parameters(self, params: Tensor) -> None:
        """Write the device parameters; nothing to do without any."""

    def get_learning_rate(self) -> float | None:
        """Return the learning rate, if the tile has one."""
        return None

    def set_learning_rate(self, learning_rate: float | None) -> None:
        """Set the learning rate; nothing to do without one."""

    def dump_extra(self) -> dict[str, Any] | None:
        """Return state beyond weights, device parameters and configuration."""
        return None

    def load_extra(self, extra: dict[str, Any], strict: bool = False) -> None:
        """Restore what `dump_extra` returned."""

    def set_weights_uniform_random(self, bmin: float, bmax: float) -> None:
        """Draw all weights uniformly."""
        raise NotImplementedError

    def get_meta_parameters(self) -> Any:
        """Return the parameters the tile was built from."""
        raise NotImplementedError
