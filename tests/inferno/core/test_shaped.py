import copy
import pickle
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from inferno import Module, ShapedTensor
from inferno.core.constraints import compatible, consistent, dimensionality, ignored


def make(value, constraints=None, owner=None, **kwargs):
    owner = Module() if owner is None else owner
    ShapedTensor.create(owner, "x", value, constraints, **kwargs)
    return owner


VALUES = {
    "none": lambda: None,
    "empty": lambda: torch.empty(0),
    "tensor": lambda: torch.rand(2, 3),
    "parameter": lambda: nn.Parameter(torch.rand(2, 3)),
    "uninitialized buffer": nn.UninitializedBuffer,
    "uninitialized parameter": nn.UninitializedParameter,
}


@pytest.mark.parametrize("kind", VALUES)
def test_value_is_the_given_object_in_torchs_tables(kind):
    value = VALUES[kind]()
    module = make(value)
    assert module.x.value is value
    table = module._parameters if isinstance(value, nn.Parameter) else module._buffers
    assert table["_x_data"] is value
    assert module.x.ignored == (kind not in ("tensor", "parameter"))


def test_persistence_flags():
    module = make(torch.ones(1), persist_data=False, persist_constraints=True)
    assert "_x_data" in module._non_persistent_buffers_set
    assert module.get_extra("_x_constraints") == {}
    assert "_x_constraints" not in make(torch.ones(1)).get_extra_state()


def test_attributes_name_what_is_on_the_owner():
    module = make(torch.ones(1))
    attributes = module.x.attributes
    assert type(attributes).__name__ == "ShapedTensorAttributes"
    assert attributes._asdict() == {"data": "_x_data", "constraints": "_x_constraints"}
    assert module.x.owner is module
    assert module.x.name == "x"


def test_attributes_go_with_the_handle():
    module = make(torch.ones(1), persist_constraints=True)
    del module.x
    assert not hasattr(module, "_x_data")
    assert not hasattr(module, "_x_constraints")
    assert not module.get_extra_state()


def test_creating_again_replaces():
    module = make(torch.ones(1), {0: 1}, persist_constraints=True)
    make(nn.Parameter(torch.zeros(2)), {0: 2}, owner=module)
    assert module.x.value.tolist() == [0, 0]
    assert module.x.constraints == {0: 2}
    module.x = None
    assert not hasattr(module, "_x_data")


@pytest.mark.parametrize("owner", [nn.Module, SimpleNamespace])
def test_other_owners(owner):
    class Weak(owner):
        pass

    instance = make(torch.ones(2), {0: 2}, owner=Weak())
    instance.x.value = torch.zeros(2)
    assert instance._x_data.tolist() == [0, 0]
    instance.x.reconstrain(0, 3)
    assert instance.x.value.tolist() == [0, 0, 0]
    twin = copy.deepcopy(instance)
    twin.x.value = torch.ones(3)
    assert instance.x.value.tolist() == [0, 0, 0]
    del instance.x
    assert not hasattr(instance, "_x_data")


def test_names_are_checked():
    with pytest.raises(TypeError, match="`name`"):
        ShapedTensor(Module(), 1, None)
    with pytest.raises(ValueError, match="`name`"):
        ShapedTensor(Module(), "a b", None)


def test_initial_value_must_fit_and_leaves_nothing_behind():
    module = Module()
    with pytest.raises(RuntimeError, match=r"\{0: 3\}.*\(2,\)"):
        make(torch.ones(2), {0: 3}, owner=module)
    assert not hasattr(module, "_x_data")
    with pytest.raises(TypeError, match="`value` must be an instance of Tensor, got"):
        make([1.0], owner=module)


@pytest.mark.parametrize(
    ("constraints", "strict", "expected"),
    [({}, True, 0), ({0: 3, -1: 3}, True, 2), ({0: 3, -1: 3}, False, 1), ({2: 1}, True, 3)],
)
def test_dimensionality(constraints, strict, expected):
    assert dimensionality(constraints, strict) == expected


def test_strictness_decides_if_one_dimension_serves_two_constraints():
    with pytest.raises(RuntimeError):
        make(torch.ones(3), {0: 3, -1: 3})
    assert make(torch.ones(3), {0: 3, -1: 3}, strict=False).x.valid


def test_consistency():
    assert consistent({0: 2, -1: 2}, 1)
    assert not consistent({0: 2, -1: 3}, 1)
    assert consistent({0: 2, -1: 3}, 2)
    assert not consistent({2: 1}, 2)


def test_what_is_ignored():
    assert ignored(torch.empty(0))
    assert not ignored(torch.empty(0, 3))
    assert not ignored(torch.tensor(1.0))


@given(
    shape=st.lists(st.integers(0, 3), min_size=1, max_size=4),
    data=st.data(),
)
def test_constraints_of_a_shape_are_met_by_it(shape, data):
    dims = data.draw(st.sets(st.integers(-len(shape), len(shape) - 1)))
    constraints = {d: shape[d] for d in dims}
    assert compatible(torch.empty(shape), constraints, strict=False)
    assert consistent(constraints, len(shape))


def test_live_assignment_is_checked():
    module = make(torch.ones(2), {0: 2}, live=True)
    with pytest.raises(ValueError, match=r"\{0: 2\}"):
        module.x.value = torch.ones(3)
    assert module.x.value.shape == (2,)
    module.x.value = torch.empty(0)
    module.x.live = False
    module.x.value = torch.ones(3)
    assert not module.x.valid


def test_parameters_keep_their_identity():
    parameter = nn.Parameter(torch.ones(2))
    module = make(parameter)
    module.x.value = torch.zeros(2)
    assert module.x.value is parameter
    assert parameter.tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="None"):
        module.x.value = None
    other = nn.Parameter(torch.ones(1))
    module.x.value = other
    assert module.x.value is other


def test_a_parameter_replaces_a_buffer():
    module = make(None)
    parameter = nn.Parameter(torch.ones(1))
    module.x.value = parameter
    assert module._parameters["_x_data"] is parameter
    assert module.x.value is parameter
    other = make(torch.ones(1))
    with pytest.raises(TypeError):
        other.x.value = 1


@pytest.mark.parametrize("wrap", [lambda t: t, nn.Parameter])
def test_reconstrain_resizes_and_keeps_the_tail(wrap):
    value = wrap(torch.ones(3))
    module = make(value, {0: 3})
    assert module.x.reconstrain(0, 5).tolist() == [0, 0, 1, 1, 1]
    assert module.x.reconstrain(0, 2).tolist() == [1, 1]
    assert module.x.constraints == {0: 2}
    if isinstance(value, nn.Parameter):
        assert module.x.value is value


def test_reconstrain_adds_and_removes():
    module = make(torch.ones(2, 3))
    module.x.reconstrain(-1, "3")
    assert module.x.constraints == {-1: 3}
    with pytest.raises(ValueError, match="invalidated by constraint of size 5 on dim 0"):
        module.x.reconstrain(0, 5)
    with pytest.raises(ValueError, match="`dim`"):
        module.x.reconstrain(0, None)
    for size in (-1, 1.5):
        with pytest.raises(ValueError, match="`size`"):
            module.x.reconstrain(0, size)
    assert module.x.constraints == {-1: 3}
    module.x.reconstrain(-1, None)
    assert module.x.constraints == {}


@pytest.mark.parametrize("kind", ["none", "empty", "uninitialized buffer"])
def test_reconstrain_without_data_only_notes(kind):
    module = make(VALUES[kind](), {0: 2})
    module.x.reconstrain(0, 3)
    module.x.reconstrain(-3, 7)
    module.x.reconstrain(0, None)
    assert module.x.constraints == {-3: 7}


def test_reconstrain_of_invalid_data_changes_nothing():
    module = make(torch.ones(2, 3), {0: 2, 1: 3})
    module._x_data = torch.ones(4, 4)
    for dim, size in ((0, None), (0, 4), (-1, 4)):
        with pytest.raises(RuntimeError, match="constrained tensor has been invalidated"):
            module.x.reconstrain(dim, size)
    assert module.x.constraints == {0: 2, 1: 3}
    assert not module.x.valid


def test_resize_of_bare_tensors():
    assert ShapedTensor.resize(torch.ones(2), 0, 4).tolist() == [0, 0, 1, 1]
    assert ShapedTensor.resize(torch.ones(2), 0, 4, False, 7).tolist() == [1, 1, 7, 7]
    assert ShapedTensor.resize(torch.arange(4), 0, 2).tolist() == [2, 3]
    assert ShapedTensor.resize(torch.arange(4), 0, 2, preserve_tail=False).tolist() == [0, 1]
    same = torch.ones(2)
    assert ShapedTensor.resize(same, 0, 2) is same


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_have_their_own_data(copied):
    module = make(torch.zeros(2), {0: 2})
    twin = copied(module)
    assert twin.x.owner is twin
    twin.x.value = torch.ones(2)
    twin.x.reconstrain(0, 3)
    assert module.x.value.tolist() == [0, 0]
    assert module.x.constraints == {0: 2}
    del twin
    assert module.x.value.tolist() == [0, 0]


def test_data_follow_the_module():
    module = make(torch.zeros(2)).double()
    assert module.x.value.dtype == module.x.dtype == torch.float64
    module.to("meta")
    assert module.x.value.is_meta


@pytest.mark.parametrize("kind", ["none", "empty", "uninitialized buffer"])
def test_loading_makes_room_for_data(kind):
    source, target = make(torch.rand(2, 3), {0: 2}), make(VALUES[kind](), {0: 2})
    target.load_state_dict(source.state_dict())
    assert torch.equal(target.x.value, source.x.value)


def test_loading_does_not_break_constraints():
    source, target = make(torch.rand(2, 3)), make(torch.empty(0), {0: 5})
    with pytest.raises(RuntimeError, match="size mismatch"):
        target.load_state_dict(source.state_dict())
    assert target.x.ignored


def test_the_owner_is_not_kept_alive():
    module = make(torch.ones(1))
    handle = module.x
    del module
    assert handle.owner is None
    assert not handle.valid
    with pytest.raises(RuntimeError, match="its owner is gone"):
        copy.deepcopy(handle)
