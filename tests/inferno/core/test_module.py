import copy
import io
import pickle

import pytest
import torch
from torch import nn

import inferno
from inferno import Module


class Nested(Module):
    def __init__(self, depth):
        super().__init__()
        if depth:
            self.inner = Nested(depth - 1)


@pytest.mark.parametrize("depth", range(4))
def test_extras_are_found_at_any_depth(depth):
    module, value = Nested(depth), object()
    path = ".".join(["inner"] * depth)
    owner = module.get_submodule(path)
    owner.register_extra("note", value)
    target = f"{path}.note" if path else "note"
    assert module.get_extra(target) is value
    assert owner.note is value


def test_extras_can_be_replaced_and_deleted():
    module = Module()
    module.register_extra("count", 1)
    module.count = 2
    assert module.get_extra("count") == 2
    module.register_extra("count", 3)
    assert module.count == 3
    assert "count" in dir(module)
    del module.count
    assert "count" not in module.get_extra_state()
    assert not hasattr(module, "count")


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        (1, 1, TypeError, "`name` must be a string"),
        ("a.b", 1, KeyError, "must not contain"),
        ("", 1, KeyError, "empty string"),
        ("buffer", 1, KeyError, "attribute 'buffer' already exists"),
        ("forward", 1, KeyError, "attribute 'forward' already exists"),
        ("new", torch.ones(1), TypeError, "cannot assign 'torch.FloatTensor' object to 'new'"),
        ("new", nn.Parameter(torch.ones(1)), TypeError, "object to 'new'"),
        ("new", nn.ReLU(), TypeError, "object to 'new'"),
    ],
)
def test_register_extra_refuses(name, value, error, message):
    module = Module()
    module.register_buffer("buffer", torch.ones(1))
    with pytest.raises(error, match=message):
        module.register_extra(name, value)
    assert not module.get_extra_state()
    assert not hasattr(module, "new")


def test_an_extra_never_becomes_a_tensor():
    module = Module()
    module.register_extra("count", 1)
    with pytest.raises(TypeError, match="object to 'count'"):
        module.count = torch.ones(1)
    assert module.count == 1


def test_get_extra_refuses_what_is_none():
    module = Nested(1)
    module.plain = nn.Linear(1, 1)
    module.attribute = 1
    for target, message in (
        ("missing", "does not exist"),
        ("attribute", "is not an extra"),
        ("plain.weight", "no extras"),
        ("nowhere.extra", "nowhere"),
    ):
        with pytest.raises(AttributeError, match=message):
            module.get_extra(target)


@pytest.mark.parametrize("depth", range(4))
def test_loading_adds_extras_of_other_names(depth):
    source, target = Nested(depth), Nested(depth)
    path = ".".join(["inner"] * depth)
    source.get_submodule(path).register_extra("a", 1)
    target.get_submodule(path).register_extra("b", 2)
    target.load_state_dict(source.state_dict())
    loaded = target.get_submodule(path)
    assert (loaded.a, loaded.b) == (1, 2)


def test_extras_pass_the_safe_loader():
    module = Module()
    module.register_extra("plain", {"a": [1, 2.5, None], "b": ("x", True)})
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    fresh = Module()
    fresh.load_state_dict(torch.load(file, weights_only=True))
    assert fresh.plain == module.plain


def test_extra_state_is_required_and_foreign_to_plain_modules():
    with pytest.raises(RuntimeError, match="_extra_state"):
        Module().load_state_dict({}, strict=True)
    with pytest.raises(RuntimeError, match="_extra_state"):
        nn.Module().load_state_dict(Module().state_dict(), strict=True)


def test_state_dict_is_a_snapshot():
    module = Module()
    module.register_extra("sizes", {0: 1})
    module.register_buffer("state", torch.zeros(2))
    saved = module.state_dict()
    module.sizes[0] = 2
    module.state.fill_(1)
    assert saved["_extra_state"]["sizes"] == {0: 1}
    assert saved["state"].tolist() == [0, 0]
    module.load_state_dict(saved)
    module.sizes[0] = 3
    assert saved["_extra_state"]["sizes"] == {0: 1}
    assert module.state_dict(keep_vars=True)["state"] is module.state


def test_snapshots_of_a_shared_buffer_are_shared():
    shared, parent = Module(), Module()
    shared.register_buffer("state", torch.zeros(2))
    parent.a, parent.b = shared, nn.ModuleList([shared])
    saved = parent.state_dict()
    assert saved["a.state"] is saved["b.0.state"]
    assert saved["a.state"] is not shared.state


def test_loading_an_extra_into_a_plain_attribute_updates_it():
    source, target = Module(), Module()
    source.register_extra("limit", 5)
    target.limit = 1
    target.load_state_dict(source.state_dict())
    assert target.limit == 5
    target.limit = 6
    assert target.limit == 6
    assert "limit" not in target.get_extra_state()


def test_property_setters_win_over_registration():
    class WithProperty(Module):
        @property
        def part(self):
            return self.part_

        @part.setter
        def part(self, value):
            self.part_ = value

        @part.deleter
        def part(self):
            del self.part_

        @property
        def fixed(self):
            return 1

    for value in (nn.Parameter(torch.ones(1)), nn.ReLU(), torch.ones(1), 3):
        module = Module()
        module.__class__ = WithProperty
        module.part = value
        assert module.part is value
        assert module.part_ is value
        del module.part
        assert not hasattr(module, "part_")
        with pytest.raises(AttributeError):
            module.fixed = value


def test_methods_can_be_replaced_on_an_instance():
    module = Module()
    module.forward = lambda x: x + 1
    assert module(1) == 2


def test_torch_attributes_keep_their_kinds():
    module = Module()
    module.parameter = nn.Parameter(torch.ones(1))
    module.register_buffer("buffer", torch.ones(1))
    module.child = nn.ReLU()
    module.plain = 1
    module.plain = nn.Parameter(torch.ones(1))
    assert list(module._parameters) == ["parameter", "plain"]
    module.buffer = torch.zeros(1)
    assert module._buffers["buffer"].item() == 0
    with pytest.raises(TypeError):
        module.buffer = 1
    with pytest.raises(TypeError):
        module.child = 1
    with pytest.raises(AttributeError, match="'Module' object has no attribute 'missing'"):
        _ = module.missing


def test_assignment_before_construction():
    class Early(Module):
        def __init__(self, value):
            self.early = value
            super().__init__()

    assert Early(1).early == 1
    with pytest.raises(AttributeError):
        Early(nn.Parameter(torch.ones(1)))


def test_constructor_takes_no_arguments_and_empties_extras():
    with pytest.raises(TypeError):
        Module(1)
    module = Module()
    module.register_extra("a", 1)
    Module.__init__(module)
    assert not module.get_extra_state()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_equal_and_independent(copied):
    module = Nested(1)
    module.inner.register_extra("sizes", [1])
    twin = copied(module)
    twin.inner.sizes.append(2)
    assert module.inner.sizes == [1]


def test_package_has_its_names_and_a_version():
    assert all(hasattr(inferno, name) for name in inferno.__all__)
    assert all(hasattr(inferno.core, name) for name in inferno.core.__all__)
    assert len(set(inferno.__all__) - {"__version__"}) == 34
    assert inferno.__version__
    namespace = {}
    exec("from inferno.core import *", namespace)
    assert namespace["Module"] is Module
