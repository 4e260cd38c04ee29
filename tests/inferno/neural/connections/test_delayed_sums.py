"""Connections with delays sum over inputs without reading each synapse by itself.

The way that reads each is taken for synapses that say nothing else, such as the subclasses here.
"""

import pytest
import torch

from inferno import neural
from synaptensor.kernels import use_kernel


class ReadDelta(neural.DeltaCurrent):
    """Spikes read one by one."""


class ReadSingle(neural.SingleExponentialCurrent):
    """Currents read one by one."""

    def current_at(self, selector):
        return super().current_at(selector)


class ReadDouble(neural.DoubleExponentialCurrent):
    """Currents read one by one."""

    def current_at(self, selector):
        return super().current_at(selector)


SYNAPSES = {
    "delta": (neural.DeltaCurrent, ReadDelta, {"spike_charge": 3.0}),
    "single": (
        neural.SingleExponentialCurrent,
        ReadSingle,
        {"spike_charge": 3.0, "time_constant": 5.0},
    ),
    "double": (
        neural.DoubleExponentialCurrent,
        ReadDouble,
        {"spike_charge": 3.0, "tc_decay": 5.0, "tc_rise": 1.0},
    ),
}
# step time, longest delay, tolerance, value outside of the record
TIMES = [(1.0, 5.0, 0.0, 0.0), (0.5, 2.2, 1e-3, 0.0), (1.0, 4.0, 0.1, None), (0.7, 3.0, 0.0, None)]


def delays(shape, longest, step_time):
    """Delays on and off the grid, some of them out of range."""
    values = torch.rand(shape) * (longest + 1) - 0.5
    return torch.where(torch.rand(shape) < 0.3, 2 * step_time, values)


@pytest.mark.parametrize("mode", ["previous", "nearest"])
@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("kind", SYNAPSES)
@pytest.mark.parametrize("kernel", ["torch", "numba"])
def test_sums_equal_what_is_read_one_by_one(kernel, kind, times, mode):
    summing, reading, options = SYNAPSES[kind]
    step_time, longest, tolerance, overbound = times
    mode_name = "interp_mode" if kind == "delta" else "spike_interp_mode"
    options = options | {mode_name: mode, "interp_tol": tolerance, "current_overbound": overbound}
    torch.manual_seed(0)
    weight, delay = torch.rand(17, 13), delays((17, 13), longest, step_time)
    fast, slow = (
        neural.LinearDense(
            13,
            17,
            step_time,
            synapse=synapse.partialconstructor(**options),
            delay=longest,
            batch_size=4,
            weight_init=lambda _: weight,
            delay_init=lambda _: delay,
        )
        for synapse in (summing, reading)
    )
    with use_kernel(kernel, "inferno"), torch.no_grad():
        for _ in range(15):
            spikes = torch.rand(4, 13) < 0.05
            # the order of a sum of 13 terms
            torch.testing.assert_close(fast(spikes), slow(spikes), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", SYNAPSES)
def test_convolutions_with_delays_equal_what_is_read_one_by_one(kind):
    summing, reading, options = SYNAPSES[kind]
    torch.manual_seed(0)
    weight, delay = torch.rand(3, 2, 3, 3), delays((3, 2, 3, 3), 4.0, 1.0)
    fast, slow = (
        neural.Conv2D(
            8,
            9,
            2,
            3,
            1.0,
            3,
            stride=2,
            padding=(1, 2),
            dilation=(1, 2),
            synapse=synapse.partialconstructor(**options),
            delay=4.0,
            batch_size=2,
            weight_init=lambda _: weight,
            delay_init=lambda _: delay,
        )
        for synapse in (summing, reading)
    )
    with torch.no_grad():
        for _ in range(10):
            spikes = torch.rand(2, 2, 8, 9) < 0.1
            torch.testing.assert_close(fast(spikes), slow(spikes), rtol=1e-5, atol=1e-5)


def test_many_spikes_are_summed_too():
    connections = [
        neural.LinearDense(
            6, 5, 1.0, synapse=synapse.partialconstructor(2.0), delay=3.0, batch_size=3
        )
        for synapse in (neural.DeltaCurrent, ReadDelta)
    ]
    connections[1].weight = connections[0].weight
    for connection in connections:
        connection.delay = torch.arange(30).view(5, 6) % 4
    with torch.no_grad():
        for _ in range(6):
            spikes = torch.rand(3, 6) < 0.9
            first, second = (connection(spikes) for connection in connections)
            torch.testing.assert_close(first, second, rtol=1e-5, atol=1e-5)


def test_trainable_delays_keep_their_gradient():
    connection = neural.LinearDense(
        4,
        3,
        1.0,
        synapse=neural.SingleExponentialCurrent.partialconstructor(2.0, 5.0),
        delay=3.0,
        batch_size=2,
        delay_init=lambda d: torch.full_like(d, 1.4),
    )
    connection.delay.requires_grad_(True)
    for _ in range(4):
        output = connection(torch.ones(2, 4, dtype=torch.bool))
    output.sum().backward()
    # currents read later in their decay are smaller: a longer delay reads them earlier
    assert (connection.delay.grad != 0).all()


@pytest.mark.parametrize("padding", [0, (1, 2)])
@pytest.mark.parametrize("dilation", [1, (2, 1)])
def test_patches_of_spikes_are_those_of_numbers(padding, dilation):
    connection = neural.Conv2D(
        9,
        8,
        2,
        3,
        1.0,
        3,
        stride=(2, 1),
        padding=padding,
        dilation=dilation,
        synapse=neural.DeltaCurrent.partialconstructor(1.0),
    )
    spikes = torch.rand(2, 2, 9, 8) < 0.3
    patches = connection.like_synaptic(spikes)
    assert patches.dtype is torch.bool
    assert torch.equal(patches.float(), connection.like_synaptic(spikes.float()))
