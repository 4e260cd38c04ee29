"""Reducers of spikes with fused loops for boolean observations."""

from __future__ import annotations

from torch import Tensor

from inferno.neural.kernels import decay_and_count, scale_spikes
from inferno.observe import (
    CAReducer,
    CumulativeTraceReducer,
    NearestTraceReducer,
    PassthroughReducer,
)

__all__ = ["FUSED", "CumulativeSpikeTrace", "NearestSpikeTrace", "RateReducer", "SpikeReducer"]


class CumulativeSpikeTrace(CumulativeTraceReducer):
    """A cumulative trace of spikes; see `CumulativeTraceReducer`."""

    def _fold_into(self, out: Tensor, state: Tensor, *inputs: Tensor) -> bool:
        amplitude = float(self.amplitude)  # type: ignore[arg-type]
        if decay_and_count(out, state, inputs[0], self.decay, amplitude, False):
            return True
        return super()._fold_into(out, state, *inputs)


class NearestSpikeTrace(NearestTraceReducer):
    """A trace of the last spike; see `NearestTraceReducer`."""

    def _fold_into(self, out: Tensor, state: Tensor, *inputs: Tensor) -> bool:
        amplitude = float(self.amplitude)  # type: ignore[arg-type]
        if decay_and_count(out, state, inputs[0], self.decay, amplitude, True):
            return True
        return super()._fold_into(out, state, *inputs)


class SpikeReducer(PassthroughReducer):
    """A record of spikes as numbers, without their gradients; see `PassthroughReducer`."""

    def fold(self, obs: Tensor, state: Tensor | None) -> Tensor:  # type: ignore[override]
        """Returns the observation."""
        return obs.detach()

    def _fold_into(self, out: Tensor, state: Tensor, *inputs: Tensor) -> bool:
        return scale_spikes(inputs[0], 1.0, out.dtype, out) is not None


class RateReducer(CAReducer):
    """The mean of spikes so far, without their gradients; see `CAReducer`."""

    def fold(self, obs: Tensor, state: Tensor | None) -> Tensor:  # type: ignore[override]
        """Returns the average."""
        return super().fold(obs.detach(), state)


FUSED: dict[type, type] = {
    CumulativeTraceReducer: CumulativeSpikeTrace,
    NearestTraceReducer: NearestSpikeTrace,
}
