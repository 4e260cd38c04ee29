"""The compiled loops give the numbers of the torch definitions."""

import pytest
import torch

from aihwkit.functional.pulses import DensePulses
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    ExpStepDevice,
    LinearStepDevice,
    PowStepDevice,
    SoftBoundsDevice,
    SoftBoundsReferenceDevice,
)
from synaptensor.kernels import use_kernel

pytest.importorskip("numba")

DEVICES = {
    "constant": ConstantStepDevice(),
    "linear": LinearStepDevice(gamma_up=0.5, gamma_down=0.3),
    "soft bounds": SoftBoundsDevice(),
    "additive": SoftBoundsReferenceDevice(reference_std=0.05),
    "exp": ExpStepDevice(dw_min=0.02),
    "exp with absolute noise": ExpStepDevice(dw_min_std_add=0.01, dw_min_std_slope=0.1),
    "power": PowStepDevice(pow_gamma=2.0, dw_min=0.02),
}


@pytest.mark.parametrize("name", list(DEVICES))
def test_numba_gives_the_numbers_of_torch(name, make_tile, monkeypatch):
    from aihwkit.engine.kernels import numba_kernels

    monkeypatch.setattr(numba_kernels, "SMALLEST_WORK", 0)
    cell = make_tile(DEVICES[name], 30, 20).cell
    generator = torch.Generator().manual_seed(1)
    x = torch.randint(-6, 7, (9, 30), generator=generator).float()
    d = torch.randint(-1, 2, (9, 20), generator=generator).float()
    weight = cell.bounds.clip(torch.rand(20, 30, generator=generator) * 1.2 - 0.6)
    results = {}
    for kernel in ("torch", "numba"):
        with use_kernel(kernel, "aihwkit"):
            draws = torch.Generator().manual_seed(2)
            pulses = DensePulses(x, d)
            results[kernel] = cell.engine._in_order(weight, pulses, draws)
    # The compiler may fuse products and sums: a few units in the last place for each pulse.
    torch.testing.assert_close(results["numba"], results["torch"], rtol=0, atol=2e-6)
    assert not torch.equal(results["torch"], weight)
