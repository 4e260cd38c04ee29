"""Mixed precision: outer products are accumulated digitally and written in whole steps."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from aihwkit.engine.cells.base import WHOLE, Cell, Region, UpdateContext
from aihwkit.engine.cells.slices import write_slices
from aihwkit.functional.pulses import ExactUpdate, Pulses
from aihwkit.functional.update_settings import UpdateSettings

__all__ = ["MixedPrecisionCell", "quantized_vectors"]


def quantized_vectors(
    values: Tensor, bins: int, stochastic: bool, generator: torch.Generator | None
) -> Tensor:
    """Round each vector to `bins` levels between plus and minus its largest absolute value.

    Args:
        values: `[batch, n]`.
        bins: number of levels; not positive: no rounding.
        stochastic: round up or down with probabilities that make the mean exact.
        generator: source of the draws.
    """
    if bins <= 0:
        return values
    half = max(bins // 2, 1)
    width = values.abs().amax(dim=1, keepdim=True) / half
    width = torch.where(width > 0, width, 1.0)
    scaled = values / width
    if stochastic:
        uniform = torch.rand(
            values.shape, dtype=values.dtype, device=values.device, generator=generator
        )
        scaled = scaled + uniform - 0.5
    return scaled.round().clamp(-half, half) * width


class MixedPrecisionCell(Cell):
    r"""A device and a digital matrix :math:`\chi` that accumulates what has not been written yet.

    .. math:: \chi \leftarrow \chi + \lambda d x^T, \qquad
              n = \mathrm{trunc}(\chi / \epsilon), \quad \chi \leftarrow \chi - n \epsilon

    and the device gets `n` pulses. No more steps are taken out of the matrix than one train of
    pulses can write; the rest stays for the next transfer.

    Args:
        weight: storage of the visible weights `[d, x]`.
        meta: parameter object with the fields of `MixedPrecisionCompound`.
        device: the devices, on the same storage.

    Reference:
        Nandakumar et al., "Mixed-precision deep learning based on computational memory", Front.
        Neurosci. 2020.
    """

    def __init__(self, weight: Tensor, meta: Any, device: Cell) -> None:
        self.weight = weight
        self.meta = meta
        self.inner = device
        self.chi = torch.zeros_like(weight)
        self.n_updates = 0
        self.row = 0

    @property
    def granularity(self) -> float:
        """Size of a written step."""
        if self.meta.granularity > 0:
            return float(self.meta.granularity)
        return self.inner.granularity

    @property
    def n_states(self) -> float:
        """That of the device."""
        return self.inner.n_states

    # -- update ----------------------------------------------------------------------------------

    def update(self, x: Tensor, d: Tensor, lr: float | Tensor, context: UpdateContext) -> None:
        """Accumulate outer products and write rows after every `transfer_every` mini-batches."""
        meta, generator = self.meta, context.generator
        x = quantized_vectors(x, meta.n_x_bins, meta.stoc_round_x, generator)
        d = quantized_vectors(d, meta.n_d_bins, meta.stoc_round_d, generator) * lr
        every = int(meta.transfer_every) * context.m_batch
        start, n = 0, x.shape[0]
        while start < n:
            stop = n if every <= 0 else min(n, start + every - self.n_updates % every)
            self.chi.addmm_(d[start:stop].t(), x[start:stop])
            self.n_updates += stop - start
            start = stop
            if every > 0 and self.n_updates % every == 0:
                self.transfer(context)

    def apply(
        self, pulses: Pulses | ExactUpdate, context: UpdateContext, region: Region = WHOLE
    ) -> None:
        """Give pulses to the device directly."""
        self.inner.apply(pulses, context, region)

    def transfer(self, context: UpdateContext) -> None:
        """Write whole steps of some rows to the device."""
        if self.meta.transfer_lr == 0:
            return
        n_rows = self.weight.shape[0]
        count = int(self.meta.n_rows_per_transfer)
        count = n_rows if count < 0 else min(count, n_rows)
        start = self.row
        if self.meta.random_row and count < n_rows:
            uniform = torch.rand((), device=self.weight.device, generator=context.generator)
            start = int(uniform * n_rows) % n_rows
        rows = [(start + r) % n_rows for r in range(count)]
        self.row = (self.row + count) % n_rows
        if not rows:
            return
        self._write(rows, context)

    def _write(self, rows: list[int], context: UpdateContext) -> None:
        settings: UpdateSettings = context.settings.managed()
        lr = self.granularity * self.meta.transfer_lr
        capacity = settings.desired_bl * self.inner.granularity / abs(lr)
        largest = max(1.0, float(int(capacity + 1e-6)))
        index = torch.tensor(rows, device=self.weight.device)
        n = (self.chi[index] / self.granularity).trunc().clamp(-largest, largest)
        self.chi[index] -= n * self.granularity
        write_slices(self.inner, index, False, -n, lr, settings, context)

    # -- operations on the device ----------------------------------------------------------------

    def set(self, value: Tensor, generator: torch.Generator) -> None:
        """Write weights and empty the digital matrix."""
        self.inner.set(value, generator)
        self.chi.zero_()

    def clip(self, limit: float, generator: torch.Generator) -> None:
        """Limit the weights of the device."""
        self.inner.clip(limit, generator)

    def decay(self, alpha: float, generator: torch.Generator) -> None:
        """Let the weights of the device decay."""
        self.inner.decay(alpha, generator)

    def diffuse(self, generator: torch.Generator) -> None:
        """Let the weights of the device diffuse."""
        self.inner.diffuse(generator)

    def drift(self, delta_t: float, generator: torch.Generator) -> None:
        """Let the weights of the device drift."""
        self.inner.drift(delta_t, generator)

    def reset(self, columns: list[int], prob: float, generator: torch.Generator) -> None:
        """Reset the device."""
        self.inner.reset(columns, prob, generator)

    # -- state -----------------------------------------------------------------------------------

    def bind(self, storage: Tensor) -> None:
        """Keep the visible weights in other storage."""
        self.weight = storage
        self.inner.bind(storage)

    def map(self, function: Callable[[Tensor], Tensor]) -> None:
        """Apply a device move to all tensors."""
        self.chi = function(self.chi)
        self.inner.map(function)
        self.weight = self.inner.weight

    def hidden_parameters(self) -> "OrderedDict[str, Tensor]":
        """Return the parameters of the device, then the digital matrix."""
        result = self.inner.hidden_parameters()
        result["hidden_weights_chi"] = self.chi
        return result

    def set_hidden_parameters(
        self, values: "OrderedDict[str, Tensor]", generator: torch.Generator
    ) -> None:
        """Take over the parameters of the device and the digital matrix."""
        values = OrderedDict(values)
        self.chi.copy_(values.pop("hidden_weights_chi"))
        self.inner.set_hidden_parameters(values, generator)

    @property
    def update_index(self) -> int:
        """That of the device."""
        return self.inner.update_index

    @update_index.setter
    def update_index(self, index: int) -> None:
        self.inner.update_index = index

    def extra(self) -> dict[str, Any]:
        """Return the rest of the state."""
        return self.inner.extra() | {
            "granularity": self.granularity,
            "current_row_index": self.row,
            "mixed_precision_updates": self.n_updates,
        }

    def load_extra(self, state: dict[str, Any]) -> None:
        """Take over the entries that `extra` returned and that are present."""
        self.inner.load_extra(state)
        if "current_row_index" in state:
            self.row = int(state["current_row_index"].view(-1)[0])
        if "mixed_precision_updates" in state:
            self.n_updates = int(state["mixed_precision_updates"].view(-1)[0])

    def pulse_counters(self) -> Tensor:
        """Return the counters of the device."""
        return self.inner.pulse_counters()
