from collections import OrderedDict, defaultdict, namedtuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from synaptensor.tensors import (
    as_tuple,
    batched,
    broadcastable,
    flush_denormal,
    frozen,
    move_to,
    restore,
    snapshot,
    tensor_tree_map,
    unbatched,
)

Pair = namedtuple("Pair", ["left", "right"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, (3, 3)), ([1, 2], (1, 2)), ((1, 2), (1, 2)), ("ab", ("ab", "ab")), (None, (None, None))],
)
def test_values_become_tuples(value, expected):
    assert as_tuple(value, 2) == expected


def test_a_tensor_is_one_value():
    x = torch.ones(2)
    assert all(item is x for item in as_tuple(x, 3))


def test_a_sequence_of_another_length_is_refused():
    with pytest.raises(
        ValueError, match="`kernel_size` must be one value or 2 values, got 3 values"
    ):
        as_tuple((1, 2, 3), 2, "kernel_size")


def test_broadcasting_is_told():
    assert broadcastable((2, 1, 3), (4, 1), ())
    assert not broadcastable((2, 3), (2,))


@given(st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_a_single_sample_goes_through_a_batch_and_back(shape):
    x = torch.randn(shape)
    with_batch, added = batched(x, x.ndim + 1)
    assert with_batch.shape == (1, *shape)
    assert torch.equal(unbatched({"y": with_batch}, added)["y"], x)
    same, added = batched(x, x.ndim)
    assert same is x
    assert unbatched(same, added) is x


def test_other_dimensions_are_refused():
    message = r"`x` must have 4 dimensions, or 3 for a single sample, got shape \(2, 2\)"
    with pytest.raises(ValueError, match=message):
        batched(torch.ones(2, 2), 4, "x")


def test_trees_keep_their_containers():
    x = torch.ones(2)
    tree = {
        "list": [x, 1, "a"],
        "pair": Pair(x, None),
        "ordered": OrderedDict(b=x, a=x),
        "default": defaultdict(list, {"k": (x,)}),
    }
    doubled = tensor_tree_map(lambda t: t * 2, tree)
    assert torch.equal(doubled["list"][0], 2 * x)
    assert doubled["list"][1:] == [1, "a"]
    assert isinstance(doubled["pair"], Pair)
    assert list(doubled["ordered"]) == ["b", "a"]
    assert doubled["default"].default_factory is list
    assert torch.equal(doubled["default"]["k"][0], 2 * x)
    assert torch.equal(tree["list"][0], x)
    assert torch.equal(tree["default"]["k"][0], x)


def test_batches_move_with_packed_sequences():
    packed = nn.utils.rnn.pack_sequence([torch.ones(3), torch.ones(2)])
    moved = move_to([packed, {"x": torch.ones(2)}, "label"], torch.float64)
    assert moved[0].data.dtype == torch.float64
    assert moved[0].batch_sizes.dtype == torch.int64
    assert moved[1]["x"].dtype == torch.float64
    assert moved[2] == "label"


def test_frozen_parameters_thaw_as_they_were():
    layer = nn.Linear(2, 2)
    layer.bias.requires_grad_(False)
    with frozen(layer.parameters()):
        assert not any(p.requires_grad for p in layer.parameters())
    with pytest.raises(ZeroDivisionError), frozen(layer.parameters()):
        raise ZeroDivisionError
    assert layer.weight.requires_grad
    assert not layer.bias.requires_grad


def test_a_snapshot_is_a_copy_and_comes_back():
    layer = nn.BatchNorm1d(2)
    layer.register_buffer("passing", torch.zeros(1), persistent=False)
    before = snapshot(layer)
    assert {"weight", "running_mean", "passing"} <= before.keys()
    weight = layer.weight
    layer(torch.randn(4, 2))
    with torch.no_grad():
        weight += 1
        layer.passing += 1
    restore(layer, before)
    assert layer.weight is weight
    after = snapshot(layer)
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_restoring_another_module_is_refused():
    layer = nn.Linear(2, 2)
    with pytest.raises(KeyError, match=r"these differ: \['bias'\]"):
        restore(layer, snapshot(nn.Linear(2, 2, bias=False)))


def test_denormals_are_flushed_inside_only():
    tiny = torch.tensor(1e-310, dtype=torch.float64)
    with flush_denormal() as supported:
        if supported:
            assert tiny * 1.0 == 0
            with flush_denormal(False):
                assert tiny * 1.0 != 0
            assert tiny * 1.0 == 0
    assert tiny * 1.0 != 0
