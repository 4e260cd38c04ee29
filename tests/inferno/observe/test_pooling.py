import copy
import gc
import io
import pickle
import weakref

import pytest
import torch

from inferno import Module
from inferno.observe import (
    MonitorPool,
    Observable,
    PassthroughReducer,
    StateMonitor,
)


class Basis(Module):
    def __init__(self):
        super().__init__()
        self.state = torch.zeros(2)
        self.other = torch.ones(2)

    def path(self, prefix, attr, suffix=""):
        return attr + suffix

    def forward(self):
        self.state = self.state + 1


class Part(Module, Observable):
    def __init__(self, basis):
        Module.__init__(self)
        Observable.__init__(self, basis, "path", ("first",), {"suffix": ""})

    def local_remap(self, attr):
        return (attr,), {}


def constructor(**kwargs):
    return StateMonitor.partialconstructor(lambda: PassthroughReducer(1.0), **kwargs)


@pytest.fixture
def setting():
    basis = Basis()
    parts = {name: Part(basis) for name in ("one", "two")}
    pool = MonitorPool()
    for name, part in parts.items():
        pool.add_observed(name, part)
    return basis, parts, pool


def test_observables_translate_attributes(setting):
    basis, parts, _ = setting
    part = parts["one"]
    assert part.realign_attribute("state") == "state"
    assert part.basis is basis
    with pytest.raises(AttributeError):
        Observable(basis, "nowhere", None, None)
    with pytest.raises(NotImplementedError):
        Observable(basis, "path", None, None).local_remap("state")
    lost = Part(Basis())
    with pytest.raises(RuntimeError, match="basis"):
        lost.realign_attribute("state")


def test_monitors_without_a_pool(setting):
    basis, parts, _ = setting
    part = parts["one"]
    monitor = part.add_monitor("items", "state", constructor(), None, tag=1)
    basis()
    assert part.monitors["items"] is monitor
    assert monitor.peek().tolist() == [1, 1]
    named = part.add_monitor("trace", "state", constructor(), None)
    assert part.monitors.trace is named
    gc.disable()
    try:
        del monitor, named
        assert len(part.monitors) == 0
        assert not basis._forward_hooks
    finally:
        gc.enable()


def test_what_records_the_same_is_shared(setting):
    _, _, pool = setting
    base = pool.add_monitor("one", "m", "state", constructor(), dt=1.0)
    assert pool.add_monitor("two", "m", "state", constructor(), dt=1.0) is base
    for name, attr, tags in (
        ("n", "state", {"dt": 1.0}),
        ("m", "other", {"dt": 1.0}),
        ("m", "state", {"dt": 2.0}),
    ):
        pool.del_observed("two")
        pool.add_observed("two", setting[1]["two"])
        assert pool.add_monitor("two", name, attr, constructor(), **tags) is not base
    unique = pool.add_monitor("two", "u", "state", constructor(), True)
    assert pool.add_monitor("one", "u", "state", constructor()) is not unique
    assert len(list(pool.monitors)) == 4


def test_other_layers_are_not_shared(setting):
    basis, _, pool = setting
    other = Basis()
    part = Part(other)
    pool.add_observed("three", part)
    first = pool.add_monitor("one", "m", "state", constructor(), dt=1.0)
    second = pool.add_monitor("three", "m", "state", constructor(), dt=1.0)
    assert first is not second
    other()
    other()
    basis()
    assert (first.peek()[0].item(), second.peek()[0].item()) == (1, 2)


def test_monitors_of_a_name(setting):
    _, _, pool = setting
    first = pool.add_monitor("one", "m", "state", constructor(), dt=1.0)
    assert pool.add_monitor("one", "m", "state", constructor(), dt=1.0) is first
    changed = pool.add_monitor("one", "m", "state", constructor(), dt=2.0)
    assert changed is not first
    assert not first.registered
    assert pool.get_monitor("one", "m") is changed
    assert setting[1]["one"].monitors["m"] is changed
    replaced = pool.add_monitor("one", "m", "state", constructor(), True)
    assert replaced is not changed
    assert not changed.registered
    assert replaced.registered
    assert pool.get_monitor("one", "m") is replaced


def test_deleting_one_name_leaves_the_other_recording(setting):
    basis, parts, pool = setting
    shared = pool.add_monitor("one", "m", "state", constructor())
    pool.add_monitor("two", "m", "state", constructor())
    pool.del_monitor("one", "m")
    basis()
    assert shared.peek().tolist() == [1, 1]
    assert "m" not in parts["one"].monitors
    pool.del_observed("two")
    assert not shared.registered
    assert list(pool.monitors) == []
    pool.del_observed("two")


def test_errors_of_the_pool(setting):
    _, parts, pool = setting
    with pytest.raises(RuntimeError, match="'one' is already in use"):
        pool.add_observed("one", parts["two"])
    with pytest.raises(TypeError, match="`value`"):
        pool.add_observed("new", Module())
    with pytest.raises(KeyError):
        pool.get_observed("new")
    with pytest.raises(AttributeError, match="'new'"):
        pool.add_monitor("new", "m", "state", constructor())
    for observed, monitor in (("new", "m"), ("one", "m")):
        with pytest.raises(AttributeError, match="no monitor"):
            pool.del_monitor(observed, monitor)
        assert pool.get_monitor(observed, monitor) is None
    with pytest.raises(KeyError, match="without"):
        pool.add_monitor("one", "a.b", "state", constructor())


def test_iteration(setting):
    _, parts, pool = setting
    monitors = {
        (observed, name): pool.add_monitor(observed, name, "state", constructor())
        for observed in ("one", "two")
        for name in ("keys", "data")
    }
    assert dict(pool.named_monitors) == monitors
    assert len(list(pool.monitors)) == 2
    assert dict(pool.named_monitors_of("one")) == {
        "keys": monitors["one", "keys"],
        "data": monitors["one", "data"],
    }
    assert dict(pool.named_monitors_of("nowhere")) == {}
    assert [o for o, _ in pool.pool] == list(parts.values())
    assert pool.get_observed("one") is parts["one"]


def test_the_pool_does_not_keep_observables(setting):
    basis, parts, pool = setting
    pool.add_monitor("one", "m", "state", constructor())
    reference = weakref.ref(parts["one"])
    del parts["one"]
    gc.collect()
    assert reference() is None
    assert [name for name in pool.observed_] == ["two"]
    with pytest.raises(RuntimeError, match="gone"):
        pool.add_observed("one", Part(basis))
    pool.del_observed("one")
    kept = Part(basis)
    assert pool.add_observed("one", kept) is kept


def test_monitors_added_in_evaluation_wait(setting):
    _, _, pool = setting
    pool.eval()
    waiting = pool.add_monitor("one", "m", "state", constructor())
    assert not waiting.registered
    pool.train()
    assert pool.add_monitor("two", "m", "state", constructor()) is waiting
    assert waiting.registered


def test_checkpoints(setting):
    basis, _, pool = setting
    pool.add_monitor("one", "m", "state", constructor())
    pool.add_monitor("two", "m", "state", constructor())
    basis()
    file = io.BytesIO()
    torch.save(pool.state_dict(), file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    assert "monitors_.one.m.reducer_._data__data" in saved
    assert "monitors_.two.m.reducer_._data__data" in saved
    other_basis = Basis()
    other = Part(other_basis)
    fresh = MonitorPool()
    for name in ("one", "two"):
        fresh.add_observed(name, other)
        fresh.add_monitor(name, "m", "state", constructor())
    fresh.load_state_dict(saved)
    assert fresh.get_monitor("one", "m").peek().tolist() == [1, 1]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_wired_to_each_other(setting, copied):
    basis, parts, pool = setting
    monitor = pool.add_monitor("one", "m", "state", constructor())
    basis()
    basis_twin, parts_twin, pool_twin = copied((basis, parts, pool))
    twin = pool_twin.get_monitor("one", "m")
    basis_twin()
    assert (monitor.peek()[0].item(), twin.peek()[0].item()) == (1, 2)
    assert pool_twin.get_observed("one") is parts_twin["one"]
    assert parts_twin["one"].basis is basis_twin
    assert parts_twin["one"].monitors["m"] is twin
    assert pool_twin.add_monitor("two", "m", "state", constructor()) is twin
