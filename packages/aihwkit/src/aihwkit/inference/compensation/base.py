"""Base class of drift compensations."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

__all__ = ["BaseDriftCompensation"]


class BaseDriftCompensation:
    r"""Digital factor on the outputs of a drifted tile, from readouts of probe vectors.

    .. math:: \alpha = R(Y_0) / R(Y_t)

    with the outputs :math:`Y` of the probe vectors right after programming and at the time of
    inference. Derive from it, define `get_readout_tensor` and `readout`, and give an object of the
    class to a configuration as `drift_compensation`.

    Example:
        >>> class AverageOfTwoReads(BaseDriftCompensation):
        ...     def get_readout_tensor(self, in_size):
        ...         return torch.eye(in_size).repeat(2, 1)
        ...
        ...     def readout(self, out_tensor):
        ...         return out_tensor.abs().mean().clamp(min=1e-4)
    """

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    @torch.no_grad()
    def init_baseline(self, tile: Any) -> Tensor:
        """Return the readout of a tile right after programming.

        Args:
            tile: inference tile.
        """
        return self.readout(tile._forward_drift_readout_tensor(True, exact_reference=False))

    @torch.no_grad()
    def apply(self, forward_output: Tensor, ref_value: Tensor) -> Tensor:
        """Return the factor on the outputs.

        Args:
            forward_output: outputs of the probe vectors `[n, out]`.
            ref_value: readout right after programming.

        Returns:
            Factor, a number or `[out]`.
        """
        return ref_value / self.readout(forward_output)

    def readout(self, out_tensor: Tensor) -> Tensor:
        """Reduce outputs `[n, out]` of the probe vectors to a positive number, or to `[out]`."""
        raise NotImplementedError

    def get_readout_tensor(self, in_size: int) -> Tensor:
        """Return the probe vectors `[n, in_size]`."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return self.__class__ == other.__class__ and self.__dict__ == other.__dict__

    def __str__(self) -> str:
        return f"{type(self).__name__}()"
