"""Reducers of spikes with fused loops for boolean observations."""

from __future__ import annotations

from torch import Tensor

from inferno.neural.kernels import decay_and_count, scale_spikes
from inferno.observe import CumulativeTraceReducer, NearestTraceReducer, PassthroughReducer

__all__ = ["FUSED", "CumulativeSpikeTrace", "NearestSpikeTrace", "SpikeReducer"]


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
    """A record of spikes as numbers; see `PassthroughReducer`."""

    def _fold_into(self, out: Tensor, state: Tensor, *inputs: Tensor) -> bool:
        return scale_spikes(inputs[0], 1.0, out.dtype, out) is not None


FUSED: dict[type, type] = {
    CumulativeTraceReducer: CumulativeSpikeTrace,
    NearestTraceReducer: NearestSpikeTrace,
}
