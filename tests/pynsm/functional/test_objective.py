import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pynsm.functional import (
    competition_penalty,
    correlation,
    overlap,
    scale_gradient,
    similarity_terms,
    weight_penalty,
    whiten_penalty,
)
from pynsm.functional.objective import inner

SHAPES = [(5, 3), (5, 3, 4), (5, 3, 2, 4)]


@pytest.mark.parametrize("shape", SHAPES)
def test_correlation_and_terms_follow_their_formulas(shape):
    y, Wx, M = torch.randn(shape), torch.randn(shape), torch.randn(3, 3)
    torch.testing.assert_close(correlation(y), torch.einsum("bi...,bj...->ij", y, y))
    lateral = torch.einsum("ij,bj...->bi...", M, y)
    expected = 2 * (y * lateral).sum() - 4 * (y * Wx).sum()
    torch.testing.assert_close(similarity_terms(y, [Wx], M), expected)
    half = similarity_terms(y, [0.5 * Wx, 0.5 * Wx], M)
    torch.testing.assert_close(half, expected)
    torch.testing.assert_close(similarity_terms(y, [], M), 2 * (y * lateral).sum())


@given(
    a=st.lists(st.sampled_from([1, 3]), min_size=3, max_size=3),
    seed=st.integers(0, 100),
)
def test_overlap_of_expanded_encodings(a, seed):
    generator = torch.Generator().manual_seed(seed)
    y = torch.randn(3, 3, 3, generator=generator)
    small = torch.randn(a, generator=generator).requires_grad_()
    expanded = small.expand(3, 3, 3)
    torch.testing.assert_close(overlap(y, expanded), (y * expanded).sum())
    (got,) = torch.autograd.grad(overlap(y, expanded), small)
    (expected,) = torch.autograd.grad((y * expanded).sum(), small)
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(overlap(y, small), (y * small).sum())


def test_inner_is_accurate_for_many_elements():
    a, b = torch.rand(3_000_000), torch.rand(3_000_000)
    exact = (a.double() * b.double()).sum()
    assert abs(inner(a, b).double() / exact - 1) < 1e-5


def test_low_precision_outputs_are_summed_in_the_precision_of_the_weights():
    y, Wx, M = torch.rand(400, 3).bfloat16(), torch.rand(400, 3).bfloat16(), torch.rand(3, 3)
    exact = similarity_terms(y.double(), [Wx.double()], M.double())
    torch.testing.assert_close(similarity_terms(y, [Wx], M).double(), exact, rtol=1e-5, atol=0)


def test_penalties():
    p, q, frozen = (torch.randn(n, requires_grad=n != 4) for n in (2, 3, 4))
    assert weight_penalty([frozen], 5) == 0
    expected = (2 / 5) * ((p**2).sum() + (q**2).sum())
    torch.testing.assert_close(weight_penalty([p, q, frozen], 5), expected)
    Wx, M = torch.randn(4, 3, 2), torch.randn(3, 3)
    torch.testing.assert_close(whiten_penalty(Wx), 2 * (Wx**2).mean())
    torch.testing.assert_close(competition_penalty(M), (M**2).sum() / 3)


@given(factor=st.floats(-100, 100), size=st.floats(1e-30, 1e30), seed=st.integers(0, 1000))
def test_scaling_a_gradient_changes_nothing_else(factor, size, seed):
    generator = torch.Generator().manual_seed(seed)
    tensor = (size * torch.randn(6, generator=generator)).requires_grad_()
    scaled = scale_gradient(tensor, factor)
    assert torch.equal(scaled, tensor)
    (got,) = torch.autograd.grad(scaled.sum(), tensor)
    torch.testing.assert_close(got, torch.full((6,), factor))


def test_the_loss_compiles_in_one_graph():
    y, Wx = torch.randn(5, 3, 4), torch.randn(5, 3, 4)
    M = torch.randn(3, 3, requires_grad=True)

    def loss(y, Wx, M):
        scaled = scale_gradient(M, -10.0)
        return similarity_terms(y, [Wx], scaled) - competition_penalty(scaled)

    expected = loss(y, Wx, M)
    torch.compiler.reset()
    got = torch.compile(loss, backend="aot_eager", fullgraph=True)(y, Wx, M)
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(torch.autograd.grad(got, M)[0], torch.autograd.grad(expected, M)[0])
