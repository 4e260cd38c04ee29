import cmath
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import inferno


@pytest.mark.parametrize(
    ("function", "real", "complexed"),
    [(inferno.exp, math.exp, cmath.exp), (inferno.sqrt, math.sqrt, cmath.sqrt)],
)
def test_functions_of_every_kind(function, real, complexed):
    for x in (2, 2.5, True):
        assert function(x) == real(x)
        assert isinstance(function(x), float)
    assert function(1 + 2j) == complexed(1 + 2j)
    assert isinstance(function(torch.ones(2)), torch.Tensor)
    assert isinstance(function(np.ones(2)), np.ndarray)
    assert isinstance(function(np.float32(1)), np.floating)
    with pytest.raises(NotImplementedError, match="str"):
        function("1")


def test_roots_of_negative_numbers():
    with pytest.raises(ValueError, match=r"math domain|nonnegative"):
        inferno.sqrt(-1)
    assert inferno.sqrt(-1 + 0j) == 1j


def test_normalize():
    data = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    expected = torch.tensor([[0.6, 0.8], [0.0, 0.0]])
    torch.testing.assert_close(inferno.normalize(data, 2, dim=-1), expected)
    total = inferno.normalize(torch.rand(3, 4, 5), 1, 78.4, dim=(1, 2)).sum((1, 2))
    torch.testing.assert_close(total, torch.full((3,), 78.4))
    whole = inferno.normalize(torch.rand(3, 4), 1)
    torch.testing.assert_close(whole.sum(), torch.tensor(1.0))
    small = torch.full((2,), 1e-20)
    assert inferno.normalize(small, 1).max().item() < 1e-7


def test_rescale():
    data = torch.tensor([[0.0, 1.0], [2.0, 4.0]])
    assert inferno.rescale(data, -1.0, 1.0).tolist() == [[-1, -0.5], [0, 1]]
    assert inferno.rescale(data, 0, 1, dim=1).tolist() == [[0, 1], [0, 1]]
    assert inferno.rescale(data, 0, 1, srcmin=0, srcmax=8)[1, 1].item() == 0.5
    assert torch.equal(inferno.rescale(data, None, None), data)
    assert inferno.rescale(torch.ones(3), 0.2, 0.3).tolist() == pytest.approx([0.2] * 3)
    weights = inferno.rescale(inferno.uniform(torch.empty(10, 10)), 0.0, 0.3)
    assert weights.min().item() == 0
    assert weights.max().item() == pytest.approx(0.3)


def test_rescale_of_constant_data_has_finite_gradients():
    data = torch.ones(3, requires_grad=True)
    inferno.rescale(data, 0, 1, srcmin=1.0, srcmax=1.0).sum().backward()
    assert torch.isfinite(data.grad).all()


def test_smoothing():
    first = torch.tensor(1.0)
    assert inferno.exponential_smoothing(first, None, alpha=0.3) is first
    assert inferno.exponential_smoothing(first, torch.tensor(2.0), alpha=0.3).item() == (
        pytest.approx(1.7)
    )
    level, trend = None, None
    expected = [(1, None), (3, 2), (4.7, 1.94)]
    for obs, (s, b) in zip((1.0, 3.0, 4.0), expected, strict=True):
        level, trend = inferno.holt_linear_smoothing(
            torch.tensor(obs), level, trend, alpha=0.3, beta=0.2
        )
        assert level.item() == pytest.approx(s)
        assert trend is None if b is None else trend.item() == pytest.approx(b)


def trains(*spikes, steps=4):
    result = torch.zeros(steps, len(spikes), dtype=torch.bool)
    for i, times in enumerate(spikes):
        result[list(times), i] = True
    return result


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float32])
def test_intervals_of_the_worked_example(dtype):
    spikes = trains([0, 2, 3], [], [1, 3]).to(dtype)
    nan = float("nan")
    expected = torch.tensor([[1.0, nan, 1.0], [0.5, nan, nan]])
    torch.testing.assert_close(inferno.isi(spikes, 0.5), expected, equal_nan=True)
    last = inferno.isi(spikes.T, 0.5, time_first=False)
    torch.testing.assert_close(last, expected.T, equal_nan=True)


@pytest.mark.parametrize("spikes", [trains([], []), trains([0], [3]), torch.zeros(0, 2)])
def test_no_intervals(spikes):
    assert inferno.isi(spikes, 1.0).shape == (0, 2)


def test_intervals_of_one_train_and_many_dimensions():
    assert inferno.isi(torch.tensor([1, 0, 1, 1]), 2.0).tolist() == [4, 2]
    assert inferno.isi(torch.ones(5, 2, 3), 1.0).shape == (4, 2, 3)


def test_intervals_are_differences_of_rounded_times():
    generator = torch.Generator().manual_seed(5)
    for steps, dt in ((125, 0.5), (375, 1.37), (300, 0.91)):
        spikes = torch.rand(steps, 6, generator=generator) < 0.2
        got = inferno.isi(spikes, dt)
        for n in range(6):
            times = spikes[:, n].nonzero().flatten().float() * dt
            count = len(times) - 1
            torch.testing.assert_close(got[:count, n], times.diff(), rtol=0, atol=5e-7)
            assert got[count:, n].isnan().all()


def slow_distance(t0, t1, q):
    table = [[float(r + c) for c in range(len(t1) + 1)] for r in range(len(t0) + 1)]
    for r in range(1, len(t0) + 1):
        for c in range(1, len(t1) + 1):
            gap = abs(t0[r - 1] - t1[c - 1])
            table[r][c] = min(
                table[r - 1][c] + 1,
                table[r][c - 1] + 1,
                table[r - 1][c - 1] + (q * gap if gap else 0.0),
            )
    return table[-1][-1]


def test_spike_train_distance_of_the_worked_example():
    t0, t1 = torch.tensor([1.0, 4.0, 9.0]), torch.tensor([1.5, 8.0])
    costs = {0: 1, 0.5: 1.75, 1: 2.5, 2: 4, 100: 5, float("inf"): 5}
    for cost, expected in costs.items():
        assert inferno.victor_purpura_pair_dist(t0, t1, cost).tolist() == [expected]
    vector = torch.tensor(list(costs), dtype=torch.float64)
    result = inferno.victor_purpura_pair_dist(t0, t1, vector)
    assert result.dtype == torch.float64
    assert result.tolist() == list(costs.values())
    assert inferno.victor_purpura_pair_dist(t0, t1, torch.tensor(1)).tolist() == [2.5]


def test_spike_train_distance_edges():
    t = torch.tensor([1.0, 2.0, 3.0])
    assert inferno.victor_purpura_pair_dist(t, t, float("inf")).item() == 0
    assert inferno.victor_purpura_pair_dist(t, torch.empty(0), 1.0).item() == 3
    assert inferno.victor_purpura_pair_dist(torch.empty(0), torch.empty(0), 1.0).item() == 0
    with pytest.raises(ValueError, match="`cost`"):
        inferno.victor_purpura_pair_dist(t, t, torch.ones(1, 1))


@given(
    st.lists(st.floats(0, 50), max_size=6),
    st.lists(st.floats(0, 50), max_size=6),
    st.floats(0, 10),
)
def test_spike_train_distance_is_the_cheapest_alignment(t0, t1, cost):
    a = torch.tensor(sorted(t0), dtype=torch.float64)
    b = torch.tensor(sorted(t1), dtype=torch.float64)
    q = torch.tensor([cost], dtype=torch.float64)
    got = inferno.victor_purpura_pair_dist(a, b, q).item()
    assert got == pytest.approx(slow_distance(a.tolist(), b.tolist(), cost), abs=1e-9)
    assert got == pytest.approx(inferno.victor_purpura_pair_dist(b, a, q).item(), abs=1e-9)
