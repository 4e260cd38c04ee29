import math

import pytest
import torch

import inferno

OBSERVED = torch.tensor([True, False])
TRACE = torch.tensor([0.5, 0.5])
MATCH = {"decay": 0.9, "amplitude": 2.0, "target": True}
SCALED = {"decay": 0.9, "amplitude": 1.0, "scale": 2.0, "matchfn": lambda x: x > 0}


def test_worked_example():
    nearest = inferno.trace_nearest(OBSERVED, TRACE, **MATCH)
    cumulative = inferno.trace_cumulative(OBSERVED, TRACE, **MATCH)
    torch.testing.assert_close(nearest, torch.tensor([2, 0.45]))
    torch.testing.assert_close(cumulative, torch.tensor([2.45, 0.45]))
    assert TRACE.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("trace", [inferno.trace_nearest, inferno.trace_cumulative])
def test_initial_traces_have_promoted_types(trace):
    assert trace(OBSERVED, None, **MATCH).tolist() == [2, 0]
    assert trace(OBSERVED, None, **MATCH).dtype == torch.float32
    assert trace(OBSERVED, None, **{**MATCH, "amplitude": 2}).dtype == torch.int64
    assert trace(OBSERVED.double(), None, **MATCH).dtype == torch.float64


@pytest.mark.parametrize("trace", [inferno.trace_nearest, inferno.trace_cumulative])
def test_tolerance_of_a_match(trace):
    observed = torch.tensor([1.0, 1.05, 1.2, 0.0])
    kwargs = {**MATCH, "target": 1.0, "tolerance": 0.1}
    assert trace(observed, torch.zeros(4), **kwargs).tolist() == [2, 2, 0, 0]
    assert trace(observed, None, **kwargs).tolist() == [2, 2, 0, 0]
    with pytest.raises(RuntimeError):
        trace(OBSERVED, TRACE, **MATCH, tolerance=0.1)


def test_scaled_traces():
    observed = torch.tensor([3.0, -1.0])
    for previous, nearest, cumulative in ((None, [7, 0], [7, 0]), (TRACE, [7, 0.45], [7.45, 0.45])):
        got = inferno.trace_nearest_scaled(observed, previous, **SCALED)
        torch.testing.assert_close(got, torch.tensor(nearest).float())
        got = inferno.trace_cumulative_scaled(observed, previous, **SCALED)
        torch.testing.assert_close(got, torch.tensor(cumulative).float())


def test_what_does_not_match_may_be_infinite():
    observed = torch.tensor([-float("inf"), 1.0])
    for trace in (inferno.trace_nearest_scaled, inferno.trace_cumulative_scaled):
        for previous in (None, TRACE):
            assert torch.isfinite(trace(observed, previous, **SCALED)).all()


def test_value_trace():
    got = inferno.trace_cumulative_value(torch.tensor([1.0]), None, decay=0.9, scale=2.0)
    assert got.item() == 2
    got = inferno.trace_cumulative_value(torch.tensor([1.0]), got, decay=0.9, scale=2.0)
    assert got.item() == pytest.approx(3.8)


@pytest.mark.parametrize("kind", ["nearest", "cumulative"])
def test_decay_from_time_and_rate_constants(kind):
    base = getattr(inferno, f"trace_{kind}")
    expected = base(OBSERVED, TRACE, decay=math.exp(-0.5 / 20), amplitude=2.0, target=True)
    got = getattr(inferno, f"exp_trace_{kind}")(
        OBSERVED, TRACE, step_time=0.5, time_constant=20.0, amplitude=2.0, target=True
    )
    assert torch.equal(got, expected)
    got = getattr(inferno, f"exprate_trace_{kind}")(
        OBSERVED, TRACE, step_time=0.5, rate_constant=1 / 20, amplitude=2.0, target=True
    )
    torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("trace", [inferno.trace_nearest, inferno.trace_cumulative])
def test_traces_compile_whole(trace):
    torch.compiler.reset()
    compiled = torch.compile(lambda o, x: trace(o, x, **MATCH), fullgraph=True, backend="eager")
    assert torch.equal(compiled(OBSERVED, TRACE), trace(OBSERVED, TRACE, **MATCH))
