import copy
import gc
import pickle
import weakref

import pytest
import torch
from torch import nn

from inferno import Module
from inferno.observe import (
    DifferenceMonitor,
    InputMonitor,
    Monitor,
    MultiStateMonitor,
    OutputMonitor,
    PassthroughReducer,
    Reducer,
    StateMonitor,
)


class Accumulate(Module):
    def __init__(self):
        super().__init__()
        self.state = torch.zeros(())
        self.part = nn.Identity()
        self.part.value = torch.ones(())

    def forward(self, x):
        self.state = self.state + x
        return self.state


class Keep(Reducer):
    """Keeps the very objects it is called with."""

    def __init__(self):
        super().__init__()
        self.calls = []

    clear = view = dump = push = peek = lambda self, *args, **kwargs: None

    def forward(self, *inputs):
        self.calls.append(inputs)


def record(duration=3.0):
    return PassthroughReducer(1.0, duration)


MAKE = {
    "input": lambda r, m=None, **k: InputMonitor(r, m, **k),
    "output": lambda r, m=None, **k: OutputMonitor(r, m, **k),
    "state": lambda r, m=None, **k: StateMonitor(r, "state", m, **k),
    "state before": lambda r, m=None, **k: StateMonitor(r, "state", m, as_prehook=True, **k),
    "states": lambda r, m=None, **k: MultiStateMonitor(r, "", ("state", "part.value"), m, **k),
    "difference": lambda r, m=None, **k: DifferenceMonitor(r, "state", m, **k),
}


def test_what_each_monitor_sees():
    module = Accumulate()
    monitors = {n: make(record(), module) for n, make in MAKE.items() if n != "states"}
    module(torch.tensor(2.0))
    module(torch.tensor(3.0))
    module(x=torch.tensor(1.0))
    seen = {name: monitor.dump().tolist() for name, monitor in monitors.items()}
    assert seen == {
        "input": [3, 2, 0],  # keywords are not seen
        "output": [6, 5, 2],
        "state": [6, 5, 2],
        "state before": [5, 2, 0],
        "difference": [1, 3, 2],
    }
    assert monitors["state"].view(1.0).item() == 5
    assert monitors["state"].latest.item() == monitors["state"].peek().item() == 6
    monitors["state"].clear()
    assert monitors["state"].peek() is None


@pytest.mark.parametrize("name", MAKE)
def test_reducers_get_the_objects_themselves(name):
    module, reducer = Accumulate(), Keep()
    monitor = MAKE[name](reducer, module)
    before, x = module.state, torch.tensor(2.0)
    output = module(x)
    expected = {
        "input": (x,),
        "output": (output,),
        "state": (output,),
        "state before": (before,),
        "states": (output, module.part.value),
    }
    (got,) = reducer.calls
    if name in expected:
        assert len(got) == len(expected[name])
        assert all(a is b for a, b in zip(got, expected[name], strict=True))
    assert monitor.reducer is reducer


@pytest.mark.parametrize("name", MAKE)
def test_registration(name):
    module = Accumulate()
    monitor = MAKE[name](record(), module)
    assert monitor.registered
    monitor.register()
    kind = type(monitor).__name__
    message = rf"{kind}\(Monitor\) is already registered to a module so register\(\) was ignored"
    with pytest.raises(RuntimeError, match=message):
        monitor.register(Accumulate())
    assert monitor._observed() is module
    monitor.deregister()
    module(torch.ones(()))
    assert monitor.peek() is None
    monitor.register()
    if name != "states":
        module(torch.ones(()))
        assert monitor.peek() is not None
    with pytest.raises(TypeError, match="`module`"):
        monitor.register(3)
    lonely = MAKE[name](record())
    with pytest.raises(RuntimeError, match="no module"):
        lonely.register()


@pytest.mark.parametrize("name", MAKE)
def test_a_monitor_ends_with_its_object(name):
    module = Accumulate()
    monitor = MAKE[name](Keep(), module)
    reference = weakref.ref(monitor)
    gc.disable()
    try:
        del monitor
        assert reference() is None
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    finally:
        gc.enable()


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("evaluation", [False, True])
def test_modes_of_the_observed_module_count(name, train, evaluation):
    module, reducer = Accumulate(), Keep()
    monitor = MAKE[name](reducer, module, train_update=train, eval_update=evaluation)
    monitor.eval()
    module(torch.ones(()))
    assert len(reducer.calls) == train
    module.eval()
    module(torch.ones(()))
    assert len(reducer.calls) == train + evaluation


def test_monitors_do_not_keep_the_module():
    module = Accumulate()
    monitor = StateMonitor(record(), "state", module)
    monitor.deregister()
    reference = weakref.ref(module)
    del module
    assert reference() is None
    with pytest.raises(RuntimeError, match="no module"):
        monitor.register()


def test_empty_containers_can_be_monitored():
    module = nn.Sequential()
    monitor = OutputMonitor(record(), module)
    assert monitor.registered


def test_filters_and_maps():
    module, reducer = Accumulate(), Keep()
    monitors = [
        InputMonitor(reducer, module, filter_=lambda v: len(v) % 2, map_=lambda v: v * 2),
        OutputMonitor(reducer, module, map_=lambda v: (v, 1)),
        StateMonitor(reducer, "state", module, filter_=lambda v: v > 100),
        DifferenceMonitor(reducer, "state", module, filter_=lambda a, b: b == 0),
    ]
    module(torch.tensor(2.0))
    module(torch.tensor(3.0))
    sizes = [[float(x) for x in call] for call in reducer.calls]
    assert sizes == [[2, 2], [2, 1], [2], [3, 3], [5, 1]]
    assert monitors[0].map_((1,)) == (1, 1)


def test_filters_and_maps_may_be_modules():
    class Positive(Module):
        def forward(self, value):
            return bool(value > 2)

    module = Accumulate()
    monitor = StateMonitor(record(), "state", module, filter_=Positive())
    for _ in range(3):
        module(torch.ones(()))
    assert monitor.dump().tolist() == [3, 0, 0]


def test_nothing_is_recorded_of_nothing():
    module = Accumulate()
    reducer = Keep()
    monitors = [
        StateMonitor(reducer, "state", module, as_prehook=True),
        MultiStateMonitor(reducer, "", ("state", "state"), module, as_prehook=True),
        DifferenceMonitor(reducer, "part.value", module),
    ]
    module.state, module.part.value = None, None
    with pytest.raises(TypeError):
        module(torch.ones(()))
    assert reducer.calls == []
    assert len(monitors) == 3


def test_missing_attributes_show_in_the_call():
    module = Accumulate()
    monitor = StateMonitor(record(), "part.nowhere", module)
    with pytest.raises(AttributeError, match="nowhere"):
        module(torch.ones(()))
    assert monitor.registered
    with pytest.raises(ValueError, match="`attr`"):
        StateMonitor(record(), "a..b")


def test_differences_of_what_changes_in_place_or_appears():
    class InPlace(Module):
        def __init__(self):
            super().__init__()
            self.state = torch.zeros(())
            self.late = None

        def forward(self):
            self.state += 2
            self.late = torch.tensor(5.0)

    module = InPlace()
    state = DifferenceMonitor(record(), "state", module)
    late = DifferenceMonitor(record(), "late", module)
    uncopied = DifferenceMonitor(record(), "state", module, clone=False)
    ratio = DifferenceMonitor(record(), "late", module, op_=lambda a, b: a * 10 + b)
    module()
    assert state.peek().item() == 2
    assert late.peek().item() == 5
    assert uncopied.peek().item() == 0
    assert ratio.peek().item() == 50


def test_hook_order_with_prepend():
    module, reducer = Accumulate(), Keep()
    monitors = [
        StateMonitor(reducer, "state", module, map_=lambda v, i=i: (i,), prepend=True)
        for i in range(3)
    ]
    module(torch.ones(()))
    assert reducer.calls == [(2,), (1,), (0,)]
    assert len(monitors) == 3


@pytest.mark.parametrize("name", MAKE)
def test_partial_constructors(name):
    module = Accumulate()
    outer = Module()
    outer.inner = module
    kind = type(MAKE[name](record()))
    arguments = {"states": (("state", "part.value"),)}.get(name, ())
    before = {"as_prehook": True} if name == "state before" else {}
    observed = kind in (InputMonitor, OutputMonitor)
    attr = "inner" if observed else {"states": ""}.get(name, "state")
    reducer = Keep()
    constructor = kind.partialconstructor(reducer, *arguments, **before)
    monitor = constructor(attr, outer if observed else module)
    assert isinstance(monitor, kind)
    module(torch.ones(()))
    assert len(reducer.calls) == 1
    fresh = kind.partialconstructor(Keep, *arguments, **before)
    target = outer if observed else module
    first, second = fresh(attr, target), fresh(attr, target)
    assert first.reducer is not second.reducer


def test_partial_constructor_of_differences_passes_the_operation():
    module = Accumulate()
    constructor = DifferenceMonitor.partialconstructor(record(), op_=lambda a, b: a + b)
    monitor = constructor("state", module)
    module(torch.ones(()))
    module(torch.ones(()))
    assert monitor.peek().item() == 3
    with pytest.raises(NotImplementedError):
        Monitor.partialconstructor()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize("name", MAKE)
def test_copies_watch_copies(copied, name):
    module, monitor = Accumulate(), None
    monitor = MAKE[name](Keep(), module)
    module_twin, monitor_twin = copied((module, monitor))
    module_twin(torch.ones(()))
    assert (len(monitor.reducer.calls), len(monitor_twin.reducer.calls)) == (0, 1)
    assert monitor_twin._observed() is module_twin
    monitor_twin.deregister()
    module_twin(torch.ones(()))
    assert len(monitor_twin.reducer.calls) == 1


def test_saved_with_the_prefix_of_the_reducer():
    module = Accumulate()
    monitor = StateMonitor(record(), "state", module)
    module(torch.ones(()))
    assert "reducer_._data__data" in monitor.state_dict()
    fresh = StateMonitor(record(), "state")
    fresh.load_state_dict(monitor.state_dict())
    assert fresh.peek().item() == 1
