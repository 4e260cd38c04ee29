"""The fused recurrence of an area, and how to go around it."""

import pytest
import torch
from tests.bioplnn.models.spatial import small_area

from bioplnn.functional.recurrence import second_derivatives
from bioplnn.models import SpatiallyEmbeddedRNN


@pytest.fixture
def rnn():
    torch.manual_seed(0)
    found = SpatiallyEmbeddedRNN(area_kwargs=[small_area()]).double()
    with torch.no_grad():
        for name, parameter in found.named_parameters():
            if "tau" in name:
                parameter.add_(0.5)
            elif "convs" in name:
                parameter.abs_().clamp_(max=1.0).add_(0.05)
    return found


def outputs(rnn, x):
    return rnn(x, num_steps=3)[0][0]


def test_step_by_step_gives_the_same_values_and_gradients(rnn):
    x = torch.randn(2, 2, 6, 5, dtype=torch.float64, requires_grad=True)
    fused = outputs(rnn, x)
    with second_derivatives():
        plain = outputs(rnn, x)
    torch.testing.assert_close(fused, plain)
    inputs = [x, *rnn.parameters()]
    for a, b in zip(
        torch.autograd.grad(fused.square().sum(), inputs),
        torch.autograd.grad(plain.square().sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(a, b)


def test_second_derivatives(rnn):
    x = torch.randn(1, 2, 6, 5, dtype=torch.float64, requires_grad=True)
    with second_derivatives():
        assert torch.autograd.gradgradcheck(lambda x: outputs(rnn, x).sum((2, 3)), x)
    (grad,) = torch.autograd.grad(outputs(rnn, x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="second_derivatives"):
        grad.square().sum().backward()
