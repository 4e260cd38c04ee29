"""Plasticity on memristive synapses."""

import pytest
import torch

from aihwkit.simulator.configs import ConstantStepDevice, IdealDevice
from inferno import neural


def dense(device, value=0.25):
    from memristive_plasticity import MemristiveDense

    return MemristiveDense(
        6, 3, device,
        synapse=neural.DeltaCurrent.partialconstructor(1.0),
        weight_init=lambda w: torch.full_like(w, value),
    )  # fmt: skip


def test_devices_without_noise_learn_what_memory_learns():
    from memristive_plasticity import Listener, volleys

    spikes = volleys(300, 100)
    plain, devices = Listener(100, 2), Listener(100, 2, IdealDevice())
    # The neurons must see the same currents, or they would fire at other times.
    devices.layer.connection.forward = lambda x: (
        devices.layer.connection.synapse(x.flatten(1)) @ devices.weight.t()
    )
    assert devices.listen(spikes) == plain.listen(spikes) > 0
    assert (plain.weight - 0.25).abs().max() > 0.05
    torch.testing.assert_close(devices.weight, plain.weight, atol=1e-4, rtol=0)


def test_a_weight_changes_by_whole_pulses_of_its_device():
    device = ConstantStepDevice(
        dw_min=0.01, dw_min_std=0.0, dw_min_dtod=0.0, up_down_dtod=0.0, w_max_dtod=0.0,
        w_min_dtod=0.0,
    )  # fmt: skip
    connection = dense(device)
    connection.weight = connection.weight + 0.05 * torch.rand(3, 6)
    steps = (connection.weight - 0.25) / 0.01
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)
    assert steps.max() > 0
    assert steps.min() >= 0


def test_pulses_reach_only_the_weights_that_shall_change():
    connection = dense(ConstantStepDevice(w_max_dtod=0.0))
    before = connection.weight
    target = before.clone()
    target[1, 2] += 0.1
    connection.weight = target
    changed = connection.weight != before
    assert changed[1, 2]
    assert changed.sum() == 1
    assert connection.weight[1, 2].item() == pytest.approx(0.35, abs=0.05)


def test_inputs_that_arrive_together_win_on_devices_too():
    from memristive_plasticity import Listener, volleys

    listener = Listener(100, 2, ConstantStepDevice())
    listener.listen(volleys(2500, 100))
    together, alone = listener.weight[:, :50].mean(), listener.weight[:, 50:].mean()
    assert together > alone + 0.05
