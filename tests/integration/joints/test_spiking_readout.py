"""A spiking readout of a bioplnn area."""

import pytest
import torch
from torch.nn import functional as F


@pytest.fixture
def small(digits):
    return F.avg_pool2d(digits[0][:, None], 2), digits[1]


def test_spikes_are_counted_for_every_class(small):
    from spiking_readout import STEPS, SpikingClassifier

    counts = SpikingClassifier(subtypes=4)(small[0][:5])
    assert counts.shape == (5, 10)
    assert ((counts >= 0) & (counts <= STEPS) & (counts == counts.round())).all()


def test_errors_pass_through_the_spikes_into_the_area(small):
    from spiking_readout import SpikingClassifier

    model = SpikingClassifier(subtypes=4)
    F.cross_entropy(model(small[0][:20]), small[1][:20]).backward()
    area = model.area.chain[0]
    assert area.conv(0, 0).weight.grad.abs().sum() > 0
    assert area.conv(1, 1).weight.grad.abs().sum() > 0
    assert model.readout.layer.connection.weight.grad.abs().sum() > 0


def test_it_learns_and_keeps_dales_law(small):
    from spiking_readout import SpikingClassifier, accuracy, train_step

    images, labels = small
    model = SpikingClassifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(4):
        for x, y in zip(images.split(25), labels.split(25), strict=True):
            train_step(model, optimizer, x, y)
    assert accuracy(model, images, labels) > 0.35
    model.area.project()
    area = model.area.chain[0]
    assert all(bool((area.conv(row, 0).weight >= 0).all()) for row in (1, 2))
