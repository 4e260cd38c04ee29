"""Methods that simulator tiles had in release 0.1: numpy arrays and realistic access."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from synaptensor.validation import check_integer

__all__ = ["FirstReleaseMethods"]


class FirstReleaseMethods:
    """Mixin with the methods of release 0.1 that today's simulator tiles have other names for."""

    forward: Any
    backward: Any
    update: Any
    set_weights: Any
    get_meta_parameters: Any
    dtype: torch.dtype
    device: torch.device
    x_size: int

    def get_parameters(self) -> Any:
        """Return what `get_meta_parameters` returns."""
        return self.get_meta_parameters()

    # -- numpy arrays ----------------------------------------------------------------------------

    def forward_numpy(
        self,
        x_input: NDArray[Any],
        bias: bool = False,
        x_trans: bool = False,
        d_trans: bool = False,
        is_test: bool = False,
    ) -> NDArray[Any]:
        """Return `forward` of an array, as an array."""
        output: Tensor = self.forward(self._tensor(x_input), bias, x_trans, d_trans, is_test)
        return output.cpu().numpy()

    def backward_numpy(
        self,
        d_input: NDArray[Any],
        bias: bool = False,
        d_trans: bool = False,
        x_trans: bool = False,
    ) -> NDArray[Any]:
        """Return `backward` of an array, as an array."""
        output: Tensor = self.backward(self._tensor(d_input), bias, d_trans, x_trans)
        return output.cpu().numpy()

    def update_numpy(
        self,
        x_input: NDArray[Any],
        d_input: NDArray[Any],
        bias: bool = False,
        x_trans: bool = False,
        d_trans: bool = False,
    ) -> None:
        """Update with inputs and gradients in arrays."""
        self.update(self._tensor(x_input), self._tensor(d_input), bias, x_trans, d_trans)

    def _tensor(self, values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device, self.dtype)

    # -- access through the devices --------------------------------------------------------------

    def get_weights_realistic(self) -> Tensor:
        """Return the weights `[d, x]` as products with unit vectors show them."""
        product: Tensor = self.forward(self._unit_vectors())
        return product.t().contiguous()

    def set_weights_realistic(self, weights: Tensor, n_loops: int = 10) -> None:
        r"""Write the weights by reading and correcting with device updates.

        Makes :math:`n\,S / BL` corrections for devices of :math:`S` states and trains of at most
        :math:`BL` pulses. Tiles without pulsed devices are written exactly.

        Args:
            weights: target `[d, x]`.
            n_loops: how many times the full range could be crossed.

        Raises:
            ValueError: if `n_loops` is no positive integer.
        """
        corrections = self.programming_steps(n_loops)
        target = torch.as_tensor(weights).to(self.device, self.dtype)
        if corrections == 0:
            self.set_weights(target)
            return
        x = self._unit_vectors()
        for _ in range(corrections):
            self.update(x, self.forward(x) - target.t())

    def programming_steps(self, n_loops: int) -> int:
        """Return how many updates could cross the range of the devices `n_loops` times.

        Args:
            n_loops: how many times the full range could be crossed.

        Returns:
            0 for tiles without pulsed devices.

        Raises:
            ValueError: if `n_loops` is no positive integer.
        """
        n_loops = check_integer("n_loops", n_loops, minimum=1)
        extra = self.dump_extra()  # type: ignore[attr-defined]
        states = [value for key, value in extra.items() if key.endswith("num_states")]
        if not states:
            return 0
        pulses = self.get_meta_parameters().update.desired_bl
        return max(1, round(n_loops * float(torch.as_tensor(states[0]).reshape(-1)[0]) / pulses))

    def _unit_vectors(self) -> Tensor:
        return torch.eye(self.x_size, dtype=self.dtype, device=self.device)
