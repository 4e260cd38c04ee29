"""What a projection may be, and what may happen to the tensors that it returns."""

import pytest
import torch
from torch import nn

from pynsm import SimilarityMatching


@pytest.fixture(params=["auto", "general"])
def relaxation(request):
    return request.param


def circuit(projection, **options):
    torch.manual_seed(2)
    model = SimilarityMatching(
        nn.Linear(7, 5), 5, iteration_projection=projection, max_iterations=6, **options
    )
    with torch.no_grad():
        model.competitor.weight.add_(0.1 * torch.rand(5, 5))
    return model


class Unhashable:
    """A callable with equality and therefore without a hash."""

    def __eq__(self, other):
        return isinstance(other, Unhashable)

    def __call__(self, y):
        return y.relu()


def test_an_object_that_cannot_be_hashed(relaxation):
    x = torch.randn(4, 7)
    expected = circuit(nn.ReLU(), relaxation=relaxation)(x)
    assert torch.equal(circuit(Unhashable(), relaxation=relaxation)(x), expected)


@pytest.mark.parametrize("tol", [0.0, 1e-3])
def test_a_result_may_be_expanded(relaxation, tol):
    x = torch.randn(4, 7)
    shared = circuit(lambda y: y.mean(1, keepdim=True).expand_as(y), relaxation=relaxation, tol=tol)
    copied = circuit(
        lambda y: y.mean(1, keepdim=True).expand_as(y).clone(), relaxation=relaxation, tol=tol
    )
    assert torch.equal(shared(x), copied(x))


@pytest.mark.parametrize("tol", [0.0, 1e-9])
def test_the_fused_relaxation_does_not_write_into_what_it_was_given(tol):
    given, returned, kept = [], [], []

    def projection(y):
        given.append(y)
        returned.append(y.relu())
        kept.append((y.clone(), returned[-1].clone()))
        return returned[-1]

    circuit(projection, relaxation="fused", tol=tol)(torch.randn(4, 7))
    assert len(kept) == 6
    for y, result, (y_then, result_then) in zip(given, returned, kept, strict=True):
        assert torch.equal(y, y_then)
        assert torch.equal(result, result_then)
