import math

import pytest
import torch

from inferno.observe import (
    ConditionalCumulativeTraceReducer,
    ConditionalNearestTraceReducer,
    CumulativeTraceReducer,
    NearestTraceReducer,
    ScaledCumulativeTraceReducer,
    ScaledNearestTraceReducer,
)

OBSERVED = torch.tensor([[True, False], [False, True], [True, False]])
MATCHING = {
    NearestTraceReducer: [[2, 0], [1.9025, 2], [2, 1.9025]],
    CumulativeTraceReducer: [[2, 0], [1.9025, 2], [3.8097, 1.9025]],
}


@pytest.mark.parametrize("kind", MATCHING)
@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("duration", [0.0, 2.0, 3.0])
@pytest.mark.parametrize("dtype", [torch.bool, torch.float32, torch.int64])
def test_worked_example(kind, inplace, duration, dtype):
    reducer = kind(1.0, 20.0, 2.0, True, duration=duration, inplace=inplace)
    for obs, expected in zip(OBSERVED, MATCHING[kind], strict=True):
        reducer(obs.to(dtype))
        torch.testing.assert_close(
            reducer.peek(), torch.tensor(expected).float(), rtol=0, atol=5e-5
        )
    if duration:
        expected = torch.tensor([1.8555, 1.9506])
        torch.testing.assert_close(reducer.view(0.5), expected, rtol=0, atol=5e-5)


@pytest.mark.parametrize("kind", MATCHING)
def test_tolerance_of_a_match(kind):
    reducer = kind(1.0, 20.0, 1.0, 1.0, 0.1)
    for _ in range(2):
        reducer(torch.tensor([1.05, 1.2]))
    assert reducer.peek()[0].item() >= 1
    assert reducer.peek()[1].item() == 0


@pytest.mark.parametrize("kind", MATCHING)
def test_steps_in_place_equal_steps_with_a_graph(kind):
    fast, slow = kind(1.0, 5.0, 0.3, True, duration=4.0), kind(1.0, 5.0, 0.3, True, duration=4.0)
    for obs in torch.rand(50, 6) < 0.3:
        fast(obs)
        slow.forward(obs.float().requires_grad_())
        assert torch.equal(fast.peek(), slow.peek())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ScaledCumulativeTraceReducer, [7, 6.6586, 6.3339, 9.0250]),
        (ScaledNearestTraceReducer, [7, 6.6586, 6.3339, 3]),
        (ConditionalCumulativeTraceReducer, [7, 6.6586, 6.3339, 9.0250]),
        (ConditionalNearestTraceReducer, [7, 6.6586, 6.3339, 3]),
    ],
)
def test_scaled_traces(kind, expected):
    conditional = "Conditional" in kind.__name__
    reducer = kind(1.0, 20.0, 1, 2, *(() if conditional else (lambda x: x > 0,)))
    for value, number in zip((3.0, 0.0, -1.0, 1.0), expected, strict=True):
        obs = torch.tensor([value])
        reducer(obs, obs > 0) if conditional else reducer(obs)
        assert reducer.peek().item() == pytest.approx(number, abs=5e-5)


@pytest.mark.parametrize("kind", MATCHING)
def test_arguments(kind):
    for args, name in (
        ((1.0, 0.0, 1.0, True), "time_constant"),
        ((1.0, 20.0, 0, True), "amplitude"),
        ((1.0, 20.0, 1.0, 1.0, 0.0), "tolerance"),
    ):
        with pytest.raises(ValueError, match=f"`{name}`"):
            kind(*args)
    reducer = kind(1.0, 20.0, 1.0, True)
    assert (reducer.time_constant, reducer.amplitude, reducer.target) == (20.0, 1.0, True)
    assert reducer.decay == math.exp(-1 / 20)
    reducer.dt = 0.5
    assert reducer.decay == math.exp(-0.5 / 20)
    assert reducer.data_.dt == 0.5


def test_scaled_amplitudes_are_real_and_may_be_zero():
    assert ScaledNearestTraceReducer(1.0, 20.0, 0, 1, bool).amplitude == 0.0
    for kind, more in ((ScaledNearestTraceReducer, (bool,)), (ConditionalNearestTraceReducer, ())):
        with pytest.raises(TypeError):
            kind(1.0, 20.0, 1j, 1.0, *more)


def smallest_normal(dtype):
    return torch.finfo(dtype).tiny


@pytest.mark.parametrize("kind", MATCHING)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("time_constant", [0.5, 5.0, 30.0])
@pytest.mark.parametrize("amplitude", [1.0, -1.0])
def test_traces_never_become_subnormal(kind, dtype, time_constant, amplitude):
    reducer = kind(1.0, time_constant, amplitude, True, dtype=dtype)
    reducer(torch.ones(3, dtype=torch.bool))
    nothing = torch.zeros(3, dtype=torch.bool)
    # from 1 to the smallest normal number, and on
    steps = int(-math.log(smallest_normal(dtype)) * time_constant) + 200
    for _ in range(steps):
        reducer(nothing)
        value = reducer.data_.borrow(1)[0].abs().item()
        if value:
            assert value >= smallest_normal(dtype) or time_constant == 0.5
    assert reducer.peek().tolist() == [0, 0, 0]


def test_sweeping_leaves_other_values_alone():
    swept = CumulativeTraceReducer(1.0, 30.0, 1.0, True)
    value = torch.tensor(1.0)
    swept(torch.tensor([True]))
    for _ in range(1000):
        swept(torch.tensor([False]))
        value = value * swept.decay
    assert swept.peek().item() == value.item()
