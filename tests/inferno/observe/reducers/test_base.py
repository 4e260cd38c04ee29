import copy
import io
import pickle

import pytest
import torch

from inferno import Module, RecordTensor
from inferno.observe import (
    CAReducer,
    CumulativeTraceReducer,
    FoldReducer,
    PassthroughReducer,
    RecordReducer,
    Reducer,
)


class Maximum(FoldReducer):
    """Keeps the running maximum; its fold may return the state that it was given."""

    def __init__(self, duration=3.0, **kwargs):
        super().__init__(1.0, duration, **kwargs)
        self.given = []

    def fold(self, obs, state):
        self.given.append(state)
        if state is None:
            return obs
        return state if bool((state >= obs).all()) else torch.maximum(state, obs)

    def interpolate(self, prev_data, next_data, sample_at, step_time):
        return prev_data + (next_data - prev_data) * sample_at / step_time


def fed(reducer, *values):
    for value in values:
        reducer(torch.tensor([float(value)]))
    return reducer


def test_base_classes_are_abstract():
    for kind in (Reducer, RecordReducer, FoldReducer):
        with pytest.raises(TypeError, match="abstract"):
            kind()


def test_minimal_reducer():
    class Minimal(RecordReducer):
        def __init__(self):
            RecordReducer.__init__(self, 1.0, 0.0)

        clear = view = dump = push = lambda self, *args, **kwargs: None

        def peek(self, *args, **kwargs):
            return 5

    assert Minimal().latest == 5
    with pytest.raises(NotImplementedError):
        Minimal()(torch.ones(1))


def test_times_are_checked():
    for args in ((0.0, 1.0), (1.0, -1.0)):
        with pytest.raises(ValueError, match=r"`step_time`|`duration`"):
            PassthroughReducer(*args)
    reducer = PassthroughReducer(1.0)
    for name, value in (("dt", 0.0), ("duration", -1.0)):
        with pytest.raises(ValueError, match=f"`{name}`"):
            setattr(reducer, name, value)


def test_records_follow_the_reducer():
    reducer = fed(PassthroughReducer(1.0, 3.0), 1, 2, 3)
    reducer.duration = 5.0
    assert (reducer.dt, reducer.duration, reducer.data_.duration) == (1.0, 5.0, 5.0)
    assert reducer.dump().flatten().tolist() == [3, 2, 1, 0, 0]
    reducer.dt = 2.5
    assert reducer.dump().flatten().tolist() == [3, 2]
    reducer.inclusive = True
    assert reducer.data_.recordsz == 3
    reducer.duration = 0.0
    assert reducer.dump().flatten().tolist() == [3]
    fresh = PassthroughReducer(1.0, 3.0)
    fresh.dt, fresh.duration = 0.5, 4.0
    assert fed(fresh, 1).dump().shape == (8, 1)


def test_add_record_wants_records():
    reducer = PassthroughReducer(1.0, 3.0)
    RecordTensor.create(reducer, "other", 0.5, 1.0, torch.zeros(1))
    reducer.add_record("other")
    assert (reducer.other.dt, reducer.other.duration) == (1.0, 3.0)
    reducer.plain = 1
    with pytest.raises(TypeError, match="`plain`"):
        reducer.add_record("plain")
    with pytest.raises(RuntimeError, match="'missing'"):
        reducer.add_record("missing")


def test_nothing_to_see_before_the_first_observation():
    reducer = Maximum()
    assert reducer.peek() is reducer.latest is reducer.view(0.0) is reducer.dump() is None
    assert reducer.data.shape == (0,)


@pytest.mark.parametrize("inplace", [False, True])
def test_states_over_time(inplace):
    reducer = fed(Maximum(inplace=inplace, fill=-1), 2, 5)
    assert reducer.dump().flatten().tolist() == [5, 2, -1]
    fed(reducer, 3, 7)
    assert reducer.dump().flatten().tolist() == [7, 5, 5]
    assert reducer.data_.pointer == 1  # dump leaves the layout alone
    assert reducer.view(0.25).item() == 6.5
    assert reducer.view(torch.tensor([[0.0, 0.25, 2.0]])).tolist() == [[7, 6.5, 5]]
    with pytest.raises(ValueError, match="`time`"):
        reducer.view(2.5)


def test_a_fold_may_keep_its_state():
    reducer = fed(Maximum(duration=1.0), 1, 2, 3, 4)
    assert [s if s is None else s.item() for s in reducer.given] == [None, 1, 2, 3]


def test_overridden_folds_are_used():
    class Doubled(CumulativeTraceReducer):
        def fold(self, obs, state):
            return 2 * super().fold(obs, state)

    reducer = Doubled(1.0, 20.0, 1.0, True)
    for _ in range(2):
        reducer(torch.tensor([True]))
    expected = 2 * (2 * reducer.decay + 1)
    assert reducer.peek().item() == pytest.approx(expected)


def test_clear_forgets():
    reducer = fed(PassthroughReducer(1.0, 3.0), 1, 2)
    reducer.clear(keepshape=True)
    assert reducer.peek() is None
    assert reducer.data.tolist() == [[0], [0], [0]]
    with pytest.raises(ValueError, match="`obs`"):
        reducer(torch.ones(2))
    reducer.clear()
    reducer(torch.ones(2))
    assert reducer.peek().tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"shape \(2,\) until `clear` is called, got \[\(3,\)\]"):
        reducer(torch.ones(3))


def test_data_can_be_replaced():
    reducer = fed(PassthroughReducer(1.0, 3.0), 1, 2)
    reducer.data = torch.tensor([[7.0], [8.0], [9.0]])
    assert reducer.peek().item() == 8
    for bad in (torch.zeros(2, 1), torch.zeros(3, 2)):
        with pytest.raises(RuntimeError, match="`data`"):
            reducer.data = bad
    fresh = PassthroughReducer(1.0, 3.0)
    fresh.data = torch.zeros(3, 4)
    assert fresh.data.shape == (3, 4)


def test_push_does_not_fold():
    reducer = Maximum()
    reducer.push(torch.tensor([3.0]))
    assert reducer.given == []
    assert reducer.peek() is None


def test_type_of_states():
    observed = torch.tensor([True])
    reducer = PassthroughReducer(1.0)
    reducer(observed)
    assert reducer.peek().dtype == torch.float32
    reducer = PassthroughReducer(1.0).double()
    reducer(observed)
    assert reducer.double().peek().dtype == torch.float64
    reducer = PassthroughReducer(1.0, dtype=torch.bool)
    reducer(observed)
    assert reducer.peek().dtype == torch.bool


def test_gradients_are_kept_unless_in_place():
    source = torch.ones(1, requires_grad=True)
    for inplace in (False, True):
        reducer = PassthroughReducer(1.0, 2.0, inplace=inplace)
        reducer(source)
        reducer(2 * source)
        assert reducer.dump().requires_grad == (not inplace)
    trace = CumulativeTraceReducer(1.0, 20.0, 1.0, 0.0)
    trace(source)
    trace.data = torch.ones(1, 1, requires_grad=True) * 1
    trace(torch.zeros(1))
    assert trace.peek().requires_grad


@pytest.mark.parametrize(
    "make",
    [
        lambda: PassthroughReducer(1.0, 3.0),
        lambda: CumulativeTraceReducer(1.0, 20.0, 1.0, True, duration=3.0),
        lambda: CAReducer(1.0, inplace=True),
    ],
)
class TestContinuing:
    def feed(self, reducer, start):
        for i in range(start, start + 5):
            reducer(torch.tensor([i % 2 == 0, i % 3 == 0]))
        return reducer

    def test_a_checkpoint_continues_in_a_fresh_reducer(self, make):
        reducer = self.feed(make(), 0)
        file = io.BytesIO()
        torch.save(reducer.state_dict(), file)
        file.seek(0)
        fresh = make()
        fresh.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(self.feed(fresh, 5).dump(), self.feed(reducer, 5).dump())
        reducer.load_state_dict(make().state_dict())
        assert reducer.peek() is None

    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
    def test_copies_continue_on_their_own(self, make, copied):
        reducer = self.feed(make(), 0)
        twin = copied(reducer)
        before = reducer.dump()
        self.feed(twin, 5)
        assert torch.equal(reducer.dump(), before)
        assert torch.equal(self.feed(reducer, 5).dump(), twin.dump())

    def test_state_dict_is_a_moment(self, make):
        reducer = self.feed(make(), 0)
        saved = reducer.state_dict()
        before = reducer.dump().clone()
        self.feed(reducer, 3)
        reducer.load_state_dict(saved)
        assert torch.equal(reducer.dump(), before)


def test_states_that_were_read_stay():
    reducer = CumulativeTraceReducer(1.0, 20.0, 1.0, True)
    seen = []
    for _ in range(5):
        reducer(torch.tensor([True]))
        seen.append(reducer.peek())
    assert len({x.item() for x in seen}) == 5


def test_a_criterion_that_is_a_module_is_part_of_the_reducer():
    from inferno.observe import EventReducer

    class Positive(Module):
        def forward(self, x):
            return x > 0

    reducer = EventReducer(1.0, Positive())
    assert isinstance(dict(reducer.named_children())["criterion"], Positive)
    reducer(torch.ones(1))
    assert reducer.peek().item() == 0
