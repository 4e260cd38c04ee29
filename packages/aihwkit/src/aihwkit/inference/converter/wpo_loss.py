"""Error of programmed weights over time, for one converter or many tables at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from aihwkit.functional.lines import LineParameters
from aihwkit.functional.mvm import analog_mvm
from aihwkit.functional.settings import MVMSettings
from aihwkit.inference.converter.base import BaseConductanceConverter

__all__ = ["WeightErrors", "loss_weights"]

_ELEMENTS_AT_ONCE = 1 << 18
_SCALE = 10.0


def loss_weights(actual: Tensor, target: Tensor, largest: float) -> Tensor:
    r"""Return the mean of :math:`(10 (W - W_t) / \max|W_t|)^2` over the last two dimensions."""
    return (actual - target).mul_(_SCALE / largest).square_().mean(dim=(-2, -1))


class _Tables(NamedTuple):
    """Converters as tables.

    Attributes:
        factors: `[S, P]`.
        table: `[S, 2 P, nodes]`.
    """

    factors: Tensor
    table: Tensor

    @property
    def full_scale(self) -> Tensor:
        """Largest weight in microsiemens, `[S]`."""
        pairs = self.table[:, ::2] - self.table[:, 1::2]
        return torch.einsum("sp,spn->sn", self.factors, pairs).abs().amax(dim=1)

    def conductances(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return conductances `[S, 2 P, out, in]` of weights `[S or 1, out, in]` and ratios."""
        n_tables, n_slices, n_nodes = self.table.shape
        largest = weights.abs().amax(dim=(1, 2)).clamp(min=1e-7)
        position = (weights / largest.view(-1, 1, 1) + 1).mul_((n_nodes - 1) / 2)
        index = position.floor().clamp_(0, n_nodes - 2)
        fraction = (position - index).unsqueeze(1)
        index = index.long().flatten(1).unsqueeze(1).expand(n_tables, n_slices, -1)
        shape = (n_tables, n_slices, *weights.shape[1:])
        low = self.table.gather(2, index).view(shape)
        high = self.table.gather(2, index + 1).view(shape)
        return torch.lerp(low, high, fraction), self.full_scale / largest

    def weights(self, conductances: Tensor, ratio: Tensor) -> Tensor:
        """Return the weights `[S, out, in]` of conductances."""
        pairs = conductances[:, ::2] - conductances[:, 1::2]
        factors = self.factors / ratio.view(-1, 1)
        return torch.einsum("sp,spoi->soi", factors, pairs)


class WeightErrors:
    """Time-averaged error of test weights that are programmed, drift and are compensated.

    Args:
        weights: test weights `[out, in]`.
        rpu_config: inference configuration with noise model and compensation.
        t_steps: times in seconds.
    """

    def __init__(self, weights: Tensor, rpu_config: Any, t_steps: list[float]) -> None:
        self.target = weights
        self.largest = float(weights.abs().amax())
        self.model = rpu_config.noise_model
        self.compensation = rpu_config.drift_compensation
        self.settings = MVMSettings.from_parameters(rpu_config.forward)
        self.times = [float(t) for t in t_steps]
        size = int(rpu_config.mapping.max_input_size) or weights.shape[1]
        count = -(-weights.shape[1] // size)
        self.parts = weights.tensor_split(count, dim=1)

    # -- one converter -----------------------------------------------------------------------

    @torch.no_grad()
    def of_converter(self, converter: BaseConductanceConverter) -> float:
        """Return the error with any converter."""
        total, model = 0.0, self.model
        original, model.g_converter = model.g_converter, converter
        try:
            for part in self.parts:
                programmed, parameters = model.apply_programming_noise(part)
                baseline = self._readout(programmed.unsqueeze(0))
                for t in self.times:
                    drifted = model.apply_drift_noise(programmed, parameters, t).unsqueeze(0)
                    effective = drifted * self._alpha(drifted, baseline)
                    loss = loss_weights(effective, part, self.largest)
                    total += float(loss) * part.numel()
        finally:
            model.g_converter = original
        return total / (self.target.numel() * len(self.times))

    # -- many tables -------------------------------------------------------------------------

    @torch.no_grad()
    def of_tables(self, factors: Any, table: Any) -> np.ndarray[Any, Any]:
        """Return the errors `[S]` of factors `[S, P]` and tables `[S, 2 P, nodes]`.

        Errors that are not numbers are infinite.
        """
        like = self.target
        tables = _Tables(torch.as_tensor(factors).to(like), torch.as_tensor(table).to(like))
        each = max(1, _ELEMENTS_AT_ONCE // (like.numel() * tables.table.shape[1]))
        parts = zip(tables.factors.split(each), tables.table.split(each), strict=True)
        losses = torch.cat([self._of_some(_Tables(*part)) for part in parts]).double()
        return torch.nan_to_num(losses, nan=float("inf")).cpu().numpy()

    def _of_some(self, tables: _Tables) -> Tensor:
        total = torch.zeros(len(tables.table), dtype=self.target.dtype, device=self.target.device)
        for part in self.parts:
            targets, ratio = tables.conductances(part.unsqueeze(0))
            programmed = self.model.apply_programming_noise_to_conductance(targets)
            coefficients = self.model.generate_drift_coefficients(targets)
            weights = tables.weights(programmed, ratio)
            baseline = self._readout(weights)
            start, ratio = tables.conductances(weights)
            for t in self.times:
                g = self.model.apply_drift_noise_to_conductance(start, coefficients, t)
                drifted = tables.weights(g, ratio)
                effective = drifted * self._alpha(drifted, baseline)
                total += loss_weights(effective, part, self.largest) * part.numel()
        return total / (self.target.numel() * len(self.times))

    # -- compensation ------------------------------------------------------------------------

    def _readout(self, weights: Tensor) -> list[Tensor]:
        """Return the readout of each of some matrices `[S, out, in]`."""
        if self.compensation is None:
            return []
        probe = self.compensation.get_readout_tensor(weights.shape[2]).to(weights)
        # All matrices as one with many outputs: the inputs are converted once.
        values = analog_mvm(weights.flatten(0, 1), probe, self.settings, LineParameters()).values
        outputs = values.split(weights.shape[1], dim=1)
        return [self.compensation.readout(output) for output in outputs]

    def _alpha(self, weights: Tensor, baseline: list[Tensor]) -> Tensor:
        """Return the compensation as a factor on matrices."""
        if self.compensation is None:
            return weights.new_ones(1)
        readouts = self._readout(weights)
        alphas = [start / now for start, now in zip(baseline, readouts, strict=True)]
        return torch.stack(alphas).reshape(len(weights), -1, 1)
