"""A bioplnn classifier on crossbars."""

import pytest
import torch
from torch.nn import functional as F

from aihwkit.nn import AnalogConv2d, AnalogLinear
from aihwkit.nn.conversion import convert_to_analog, convert_to_digital
from aihwkit.simulator.configs import InferenceRPUConfig


@pytest.fixture
def small(digits):
    return F.avg_pool2d(digits[0][:, None], 2), digits[1]


@pytest.fixture
def trained(small):
    from drifted_classifier import build, train_step

    model = build(subtypes=4)
    optimizer = torch.optim.Adam(model.parameters(), lr=8e-3)
    for _ in range(2):
        for images, labels in zip(small[0].split(25), small[1].split(25), strict=True):
            train_step(model, optimizer, images, labels)
    return model.eval()


def test_every_weight_moves_to_a_crossbar_and_perfect_reads_change_nothing(trained, small):
    from drifted_classifier import ANALOG, STEPS

    trained.rnn.project()
    config = InferenceRPUConfig()
    config.forward.is_perfect = True
    analog = convert_to_analog(trained, config, conversion_map=ANALOG).eval()
    kinds = [type(m) for m in analog.modules() if isinstance(m, AnalogConv2d | AnalogLinear)]
    assert kinds.count(AnalogConv2d) == 7
    assert kinds.count(AnalogLinear) == 2
    x = small[0][:20]
    torch.testing.assert_close(
        analog(x, num_steps=STEPS), trained(x, num_steps=STEPS), atol=1e-4, rtol=1e-4
    )
    back = convert_to_digital(analog)
    torch.testing.assert_close(back(x, num_steps=STEPS), trained(x, num_steps=STEPS))


def test_drift_costs_accuracy_and_compensation_gives_some_back(trained, small):
    from drifted_classifier import accuracy, accuracy_over_time, deploy

    images, labels = small[0][:250], small[1][:250]
    with torch.no_grad():
        reference = accuracy(trained, images, labels)
    curves = {}
    for compensated in (True, False):
        torch.manual_seed(1)
        curves[compensated] = accuracy_over_time(
            deploy(trained, compensated), [0.0, 3e7], images, labels
        )
    assert reference > 0.6
    assert curves[True][0] > reference - 0.15
    assert curves[False][1] < curves[False][0] - 0.1
    assert curves[True][1] > curves[False][1]
