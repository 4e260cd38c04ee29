"""Similarity matching with an analog encoder."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    FloatingPointDevice,
    FloatingPointRPUConfig,
    SingleRPUConfig,
)
from pynsm import SimilarityMatching


@pytest.fixture
def batches(digits):
    return list(F.avg_pool2d(digits[0], 2).flatten(1).split(50))


def test_a_leak_of_the_device_is_the_penalty_on_the_weights(batches):
    from analog_encoder import build_digital, train

    rate = 0.01
    digital = build_digital(196, 8)
    start = digital.encoder.weight.detach().clone()
    device = FloatingPointDevice(lifetime=8 / (4 * rate))
    encoder = AnalogLinear(196, 8, bias=False, rpu_config=FloatingPointRPUConfig(device=device))
    encoder.set_weights(start)
    analog = SimilarityMatching(encoder, 8, regularization="none", iteration_projection=nn.ReLU())
    train(digital, torch.optim.SGD(digital.parameters(), lr=rate), batches)
    train(analog, AnalogSGD(analog.parameters(), lr=rate), batches)
    # The penalty takes its share of the weight before the step, the leak of the one after it: a
    # difference of second order in the learning rate.
    learned = digital.encoder.weight.detach() - start
    assert (encoder.get_weights()[0] - start - learned).norm() < 0.03 * learned.norm()


def test_pulses_teach_the_circuit(batches):
    from analog_encoder import build_analog, build_digital, optimizer_of, train

    for model in (build_digital(196, 16), build_analog(196, 16, ConstantStepDevice())):
        losses = train(model, optimizer_of(model), batches * 2)
        # The first losses belong to encodings of random weights, which the circuit gives up first.
        early, late = torch.tensor(losses[4:14]).mean(), torch.tensor(losses[-10:]).mean()
        assert late < early - 0.2


def test_a_penalty_on_weights_that_cannot_be_read_names_the_ways_out(batches):
    encoder = AnalogLinear(196, 8, rpu_config=SingleRPUConfig(device=ConstantStepDevice()))
    model = SimilarityMatching(encoder, 8)
    with pytest.raises(RuntimeError, match="placeholder") as caught:
        model.loss(batches[0], model(batches[0]))
    assert "'whiten' and 'none'" in caught.value.__notes__[0]


def test_whitening_needs_no_weights(batches):
    encoder = AnalogLinear(
        196, 8, bias=False, rpu_config=SingleRPUConfig(device=ConstantStepDevice())
    )  # fmt: skip
    model = SimilarityMatching(encoder, 8, regularization="whiten", iteration_lr=0.1)
    before = encoder.get_weights()[0]
    optimizer = AnalogSGD(model.parameters(), lr=0.02)
    losses = [float(model.training_step(optimizer, x)[1]) for x in batches * 2]
    assert not torch.equal(encoder.get_weights()[0], before)
    assert all(loss == loss for loss in losses)
