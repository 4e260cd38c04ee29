import pytest
import torch

from inferno.stats import constraints as C

NAN, INF = float("nan"), float("inf")
VALUES = [2.0, -2.0, 0.0, 0.5, -0.5, NAN, INF, -INF]


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (C.nonnan, [1, 1, 1, 1, 1, 0, 1, 1]),
        (C.finite, [1, 1, 1, 1, 1, 0, 0, 0]),
        (C.positive, [1, 0, 0, 1, 0, 0, 1, 0]),
        (C.negative, [0, 1, 0, 0, 1, 0, 0, 1]),
        (C.nonnegative, [1, 0, 1, 1, 0, 1, 1, 0]),
        (C.nonpositive, [0, 1, 1, 0, 1, 1, 0, 1]),
        (C.ltposinf, [1, 1, 1, 1, 1, 0, 0, 1]),
        (C.gtneginf, [1, 1, 1, 1, 1, 0, 1, 0]),
        (C.real, [1, 1, 1, 1, 1, 0, 0, 0]),
        (C.posreal, [1, 0, 0, 1, 0, 0, 0, 0]),
        (C.negreal, [0, 1, 0, 0, 1, 0, 0, 0]),
        (C.nonposreal, [0, 1, 1, 0, 1, 0, 0, 0]),
        (C.nonnegreal, [1, 0, 1, 1, 0, 0, 0, 0]),
        (C.integer, [1, 1, 1, 0, 0, 0, 0, 0]),
        (C.gaussinteger, [1, 1, 1, 0, 0, 0, 0, 0]),
        (C.posinteger, [1, 0, 0, 0, 0, 0, 0, 0]),
        (C.neginteger, [0, 1, 0, 0, 0, 0, 0, 0]),
        (C.nonposinteger, [0, 1, 1, 0, 0, 0, 0, 0]),
        (C.nonneginteger, [1, 0, 1, 0, 0, 0, 0, 0]),
    ],
)
def test_on_reals(constraint, expected):
    expected = [bool(e) for e in expected]
    assert constraint(torch.tensor(VALUES)).tolist() == expected
    assert [constraint(v) for v in VALUES] == expected
    assert constraint(torch.tensor(2.0)) is expected[0]
    assert constraint(None) is None


def test_on_complex_numbers():
    assert C.zvimag(2 + 0j)
    assert not C.zvimag(2 + 1j)
    assert C.zvimag(2.0)
    assert C.positive(2 + 0j)
    assert C.posreal(2 + 0j)
    assert not C.posreal(2 + 1j)
    assert C.gaussinteger(2 + 1j)
    assert not C.gaussinteger(2 + 0.5j)
    assert not C.integer(2 + 1j)
    assert C.greater(2 + 3j, 1)
    assert not C.greater(2 + 0j, 1)
    assert C.lesser(torch.tensor([0j, 2 + 0j]), 1).tolist() == [True, False]


def test_combinations():
    values = torch.tensor([1.0, NAN, -1.0])
    assert C.permissive(values, C.positive).tolist() == [True, True, False]
    assert C.conjunction(values, C.nonnan, C.positive).tolist() == [True, False, False]
    assert C.disjunction(values, C.negative, C.positive).tolist() == [True, False, True]
    assert C.negate(True) is False
    assert C.negate(torch.tensor([True, False])).tolist() == [False, True]
    assert C.negate(None) is C.permissive(None, C.positive) is None
    halves = torch.tensor([1 + 0j, 1 + 1j])
    assert C.splitcomplexor(halves, lambda x: x > 0).tolist() == [True, True]
    assert C.splitcomplexand(halves, lambda x: x > 0).tolist() == [False, True]
    assert C.nonfractional(torch.tensor([1, 2])).tolist() == [True, True]
