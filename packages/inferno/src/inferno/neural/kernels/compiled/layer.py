# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN202 - numba infers the types of what it compiles
"""The loop over a whole layer: synapses, weights and neurons."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from .memory import compiled, pointer
from .neurons import adapt_mean, advance
from .products import spike_product

__all__ = ["layer_step"]


@compiled
def _currents(direct, batch, insize, size, s, bits, scale, zero, w, b, most, out):
    """Maps spikes to the currents of neurons; false if there are too many."""
    if direct:
        for i in range(batch):
            for n in range(size):
                out[i * size + n] = (scale if s[i * size + n] else zero) * w[n]
    elif not spike_product(batch, insize, size, s, bits, scale, zero, w, out, most):
        return False
    if len(b) > 0:
        for i in range(batch):
            for n in range(size):
                out[i * size + n] += b[n]
    return True


def layer_step(real: type) -> Any:
    """Returns the loop for a step of spikes through weights to neurons."""

    @compiled
    def step(
        direct, batch, insize, size, source, slot, scale, weight, bias, most,
        kind, count, voltage, refrac, adaptation, new_voltage, new_refrac, spikes,
        threshold, step_time, rest, first, second, factor, resistance, period,
        proportional, reset, slope, adapted, decay, increment,
    ):  # fmt: skip
        total, zero = batch * size, real(0.0)
        current = np.empty(total, real)
        s = carray(pointer(source), batch * insize, np.uint8)
        bits = carray(pointer(source), batch * insize // 8, np.uint64)
        w = carray(pointer(weight), size if direct else size * insize, real)
        b = carray(pointer(bias), size if bias != 0 else 0, real)
        if not _currents(
            direct, batch, insize, size, s, bits, real(scale), zero, w, b, most, current
        ):
            return False
        carray(pointer(slot), batch * insize, np.uint8)[:] = s
        theta = carray(pointer(adaptation), size * count, real)
        r_out = carray(pointer(new_refrac), total, real)
        fired = carray(pointer(spikes), total, np.uint8)
        advance(
            kind, batch, size, count, current,
            carray(pointer(voltage), total, real),
            carray(pointer(refrac), total, real),
            theta, carray(pointer(new_voltage), total, real), r_out, fired,
            real(threshold), real(step_time), real(rest), real(first), real(second),
            real(factor), real(resistance), real(period), proportional, real(reset),
            real(slope), True, zero,
        )  # fmt: skip
        if adapted != 0:
            adapt_mean(
                batch, size, count, theta,
                carray(pointer(adapted), size * count, real),
                fired, r_out,
                carray(pointer(decay), count, real),
                carray(pointer(increment), count, real),
                True, zero,
            )  # fmt: skip
        return True

    return step
