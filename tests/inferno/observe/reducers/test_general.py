import math

import pytest
import torch

from inferno.observe import EventReducer, PassthroughReducer


@pytest.mark.parametrize("inplace", [False, True])
def test_passthrough_holds_the_older_observation(inplace):
    reducer = PassthroughReducer(1.0, 2.0, inplace=inplace)
    for value in (True, False, True):
        reducer(torch.tensor([value, not value]))
    assert reducer.dump().tolist() == [[1, 0], [0, 1]]
    assert reducer.view(0.5).tolist() == [0, 1]
    assert reducer.view(torch.tensor([[0.0, 0.5], [1.0, 0.5]])).tolist() == [[1, 0], [1, 1]]
    assert PassthroughReducer(1.0).view(0.0) is None


@pytest.mark.parametrize(
    ("initial", "expected"),
    [
        ("inf", [math.inf, 0, 0.5, 1]),
        ("ZERO", [0, 0, 0.5, 1]),
        ("nan", [math.nan, 0, 0.5, 1]),
    ],
)
@pytest.mark.parametrize("inplace", [False, True])
def test_time_since_the_last_event(initial, expected, inplace):
    reducer = EventReducer(0.5, lambda x: x > 0, initial, 2.0, inplace=inplace)
    for value in (0, 1, 0, 0):
        reducer(torch.tensor([value]))
    got = reducer.dump().flatten().flip(0)
    torch.testing.assert_close(got, torch.tensor(expected).float(), equal_nan=True)
    assert reducer.view(0.25).item() == 0.75
    reducer.dt = 1.0
    reducer(torch.tensor([0]))
    assert reducer.peek().item() == 2


def test_states_before_any_observation_hold_the_initial_value():
    reducer = EventReducer(1.0, lambda x: x > 0, duration=3.0)
    reducer(torch.tensor([1]))
    assert reducer.dump().flatten().tolist() == [0, math.inf, math.inf]


def test_initial_is_checked():
    with pytest.raises(ValueError, match="one of 'inf', 'zero', 'nan', got 'one'"):
        EventReducer(1.0, lambda x: x > 0, "one")
    with pytest.raises(TypeError, match="`initial`"):
        EventReducer(1.0, lambda x: x > 0, 0)


def test_criteria_that_are_not_boolean_masks():
    with pytest.raises(RuntimeError, match=r"condition|boolean"):
        EventReducer(1.0, lambda x: x)(torch.ones(1))
    reducer = EventReducer(1.0, lambda x: (x > 0).any(-1))
    for value in (1.0, 0.0):
        reducer(torch.full((2, 3), value))
    assert reducer.peek().tolist() == [1, 1]
