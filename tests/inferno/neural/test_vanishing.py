"""Decaying state that nothing excites ends at zero, not among the subnormal numbers."""

import pytest
import torch

from inferno import neural

TINY = torch.finfo(torch.float32).tiny


def _slow(values: torch.Tensor) -> bool:
    return bool(((values != 0) & (values.abs() < TINY)).any())


def test_voltages_that_rest_at_zero_end_there() -> None:
    neuron = neural.ALIF(
        4, 1.0, rest_v=0.0, reset_v=-1.0, thresh_eq_v=10.0, refrac_t=1.0, tc_membrane=2.0,
        tc_adaptation=2.0, spike_increment=1.0,
    )  # fmt: skip
    neuron.voltage = torch.full((1, 4), 20.0)
    for _ in range(250):
        neuron(torch.zeros(1, 4))
    assert torch.equal(neuron.voltage, torch.zeros(1, 4))
    assert torch.equal(neuron.threshold_adaptation, torch.zeros(4, 1))


@pytest.mark.parametrize(
    "constructor",
    [
        neural.SingleExponentialCurrent.partialconstructor(1.0, 3.0),
        neural.DoubleExponentialCurrent.partialconstructor(1.0, 3.0, 1.0),
    ],
)
def test_currents_do_not_stay_subnormal(constructor) -> None:
    synapse = constructor((4,), 1.0, 0.0, 1)
    synapse(torch.ones(1, 4))
    slow = [_slow(synapse(torch.zeros(1, 4))) for _ in range(600)]
    assert not any(slow)
    assert torch.equal(synapse.current, torch.zeros(1, 4))
