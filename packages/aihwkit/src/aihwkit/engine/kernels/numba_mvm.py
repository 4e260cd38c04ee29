"""The analog product with its converters as compiled loops around torch's matrix product.

One pass over the inputs does scaling and input converter, one over the outputs noise, output
converter, bounds and scaling; the definition makes a pass for each of them.
"""

import math
import threading
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from aihwkit.engine.kernels import numba_converters
from aihwkit.engine.kernels.threads import in_parts
from aihwkit.functional.lines import LineParameters
from aihwkit.functional.mvm import MVMOutput, analog_mvm, manage_bounds
from aihwkit.functional.pulse_trains import draw_key
from aihwkit.functional.settings import MVMSettings

__all__ = ["analog_mvm_numba"]

_KEY_MASK = 0xFFFFFFFF
_NO_LINES = LineParameters()


def _is_simple(settings: MVMSettings) -> bool:
    """Tell whether there is nothing between the converters but the product."""
    stochastic = settings.inp_sto_round or settings.out_sto_round or settings.inp_noise > 0
    bent = settings.has_offset_stage or settings.has_s_shape or settings.ir_drop > 0
    asymmetric = settings.inp_asymmetry != 0 or settings.out_asymmetry != 0
    noisy_weights = settings.w_noise > 0 and settings.w_noise_type != "None"
    scales = settings.noise_management in ("None", "AbsMax")
    special = stochastic or bent or asymmetric or noisy_weights or settings.is_perfect
    return scales and settings.mv_type == "OnePass" and not special


def analog_mvm_numba(
    weight: Tensor,
    x: Tensor,
    settings: MVMSettings,
    lines: LineParameters = _NO_LINES,
    *,
    transposed: bool = False,
    generator: torch.Generator | None = None,
    running: Tensor | None = None,
) -> MVMOutput:
    """Return the analog product; same arguments and distributions as `analog_mvm`.

    What has no compiled loop (everything but converters, bounds and output noise) is left to the
    definition.
    """
    single = x.dtype == torch.float32 == weight.dtype and weight.dim() == x.dim() == 2
    traced = torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)
    if not single or traced or generator is None or not _is_simple(settings) or not x.numel():
        return analog_mvm(
            weight,
            x,
            settings,
            lines,
            transposed=transposed,
            generator=generator,
            running=running,
        )
    run = _Evaluation(weight, settings, lines, transposed, generator)
    managed = settings.noise_management == "AbsMax"
    scale = x.new_empty(x.shape[0], 1) if managed else None
    values, clipped, failed = run.evaluate(x, scale, measure=managed)
    if settings.bound_management != "None" and failed is not None and bool(failed.any()):
        base = None if scale is None else torch.where(scale > 0, scale, 1.0)
        values, clipped = manage_bounds(run, x, base, values, clipped, failed)
    return MVMOutput(values, clipped)


class _Evaluation(NamedTuple):
    """One evaluation of the analog product at given input scales."""

    weight: Tensor
    settings: MVMSettings
    lines: LineParameters
    transposed: bool
    generator: torch.Generator

    def __call__(
        self, x: Tensor, scale: Tensor | None, rows: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        return self.evaluate(x, scale, measure=False)

    def evaluate(
        self, x: Tensor, scale: Tensor | None, measure: bool
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Return values, which of them are clipped, and which vectors have clipped values.

        Args:
            x: inputs `[n, n_in]`.
            scale: input scales `[n, 1]`; None for no scaling.
            measure: write the largest absolute inputs to `scale`.
        """
        prepared = self._prepare(x, scale, measure)
        values = prepared @ (self.weight if self.transposed else self.weight.t())
        clipped = failed = None
        if not math.isinf(self.settings.out_bound):
            clipped = torch.empty(values.shape, dtype=torch.bool)
            failed = torch.zeros(x.shape[0], dtype=torch.bool)
        self._finish(values, scale, clipped, failed)
        return values, clipped, failed

    def _prepare(self, x: Tensor, scale: Tensor | None, measure: bool) -> Tensor:
        """Return what drives the crossbar."""
        # Parts of longer vectors are read where they are.
        x = x if x.stride(1) == 1 else x.contiguous()
        prepared, settings = _scratch(x.shape), self.settings
        entries = (x.shape[0] - 1) * x.stride(0) + x.shape[1]
        arguments = (
            x.as_strided((entries,), (1,)).numpy(),
            x.stride(0),
            prepared.numpy(),
            _NO_SCALE if scale is None else scale.view(-1).numpy(),
            measure,
            scale is not None,
            np.float32(settings.nm_thres),
            np.float32(settings.inp_step),
            np.float32(settings.inp_bound),
        )

        def run(start: int, stop: int) -> None:
            numba_converters.input_rows(*arguments, start, stop)

        in_parts(run, x.shape[0], x.numel())
        return prepared

    def _finish(
        self, values: Tensor, scale: Tensor | None, clipped: Tensor | None, failed: Tensor | None
    ) -> None:
        """Turn line outputs into results, in place."""
        settings, noise = self.settings, self.lines.out_noise_values
        if noise is None:
            spread = _same_for_all(settings.out_noise, values.shape[1])
        else:
            spread = noise.contiguous().numpy()
        key = draw_key(self.generator)
        arguments = (
            values.numpy(),
            _NO_SCALE if scale is None else scale.view(-1).numpy(),
            _NO_MASK if clipped is None else clipped.numpy(),
            _NO_FLAGS if failed is None else failed.numpy(),
            spread,
            scale is not None,
            settings.bm_test_negative_bound,
            np.float32(settings.out_step),
            np.float32(settings.out_bound),
            np.float32(settings.out_scale),
            np.uint64(key & _KEY_MASK),
            np.uint64(key >> 32),
        )

        def run(start: int, stop: int) -> None:
            numba_converters.output_rows(*arguments, start, stop)

        in_parts(run, values.shape[0], 4 * values.numel())


# Memory that was just returned costs more to get again than a product to prepare.
_LARGEST_SCRATCH = 1 << 18
_kept = threading.local()


def _scratch(shape: torch.Size) -> Tensor:
    """Return memory that the next call on the same thread takes again, where it is small."""
    size = shape.numel()
    if size > _LARGEST_SCRATCH:
        return torch.empty(shape, dtype=torch.float32, device="cpu")
    if not hasattr(_kept, "memory"):
        # Whatever torch's defaults are when the first product asks.
        _kept.memory = torch.empty(_LARGEST_SCRATCH, dtype=torch.float32, device="cpu")
    memory: Tensor = _kept.memory
    return memory[:size].view(shape)


@lru_cache(maxsize=64)
def _same_for_all(noise: float, n: int) -> Any:
    """Return the standard deviation of each line."""
    return np.full(n, max(noise, 0.0), np.float32)


_NO_SCALE = np.ones(1, np.float32)
_NO_MASK, _NO_FLAGS = np.empty((1, 1), np.bool_), np.empty(1, np.bool_)
