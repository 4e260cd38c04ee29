"""Containers, activations, files and generators."""

import os

import numpy as np
import pytest
import torch
from torch import nn

import bioplnn.utils
from bioplnn.utils import (
    create_neuron_typed_connectome,
    create_sparse_projection,
    create_sparse_topographic_connectome,
    dict_flatten,
    expand_array_2d,
    expand_list,
    get_activation,
    get_activation_class,
    init_tensor,
    is_list_like,
    load_array,
    load_sparse_tensor,
    load_tensor,
    without_keys,
)


def test_torch_helpers_are_found_under_the_reference_path():
    from bioplnn.utils.torch import get_activation as same

    assert same is get_activation
    assert set(bioplnn.utils.__all__) <= set(dir(bioplnn.utils))


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([], True),
        ((1,), True),
        (range(2), True),
        (np.zeros(2), True),
        (torch.zeros(2), True),
        ("ab", False),
        ({}, False),
        ({1}, False),
        (torch.tensor(1.0), False),
        (3, False),
    ],
    ids=str,
)
def test_list_like(x, expected):
    assert is_list_like(x) is expected


def test_dictionaries():
    assert without_keys({"a": 1, "b": 2}, ["b", "c"]) == {"a": 1}
    assert dict_flatten({"a": {"b": 1}, "c": 2}) == {"c": 2, "a.b": 1}
    with pytest.raises(ValueError, match="twice"):
        dict_flatten({"a.b": 1, "a": {"b": 2}})


def test_one_value_is_repeated_and_a_list_is_checked():
    assert expand_list("relu", 2) == ["relu", "relu"]
    assert expand_list([1, 2], 2) == [1, 2]
    assert expand_list((3, 3), 2, depth=1) == [(3, 3), (3, 3)]
    module = nn.Sequential(nn.ReLU())
    assert expand_list(module, 2) == [module, module]
    with pytest.raises(ValueError, match="length 3"):
        expand_list([1, 2], 3)
    with pytest.raises(ValueError, match="None"):
        expand_list(None, 3, depth=-1)


def test_tables_of_values_and_of_pairs():
    assert expand_array_2d("relu", 1, 2).tolist() == [["relu", "relu"]]
    pairs = expand_array_2d([[[3, 3], [5, 5]], [[1, 1], None]], 2, 2, depth=1)
    assert pairs[0, 1] == [5, 5]
    assert pairs[1, 1] is None
    full = expand_array_2d([[[3, 3]] * 2] * 2, 2, 2, depth=1)
    assert full.shape == (2, 2)
    with pytest.raises(ValueError, match="shape"):
        expand_array_2d([[1, 2]], 2, 2)


def test_activations_by_name():
    assert get_activation_class(None) is nn.Identity
    assert isinstance(get_activation("sigmoid"), nn.Sigmoid)
    assert [type(part) for part in get_activation("relu, Tanh")] == [nn.ReLU, nn.Tanh]
    with pytest.raises(ValueError, match="nosuch"):
        get_activation("nosuch")
    with pytest.raises(TypeError):
        get_activation(torch.relu)


def test_initial_tensors_from_callables_that_know_no_device():
    def twos(*shape):
        return torch.full(shape, 2.0)

    made = init_tensor(twos, 2, 3, device="cpu", dtype=torch.float64)
    assert made.dtype == torch.float64
    assert made.shape == (2, 3)
    with pytest.raises(ValueError, match="zeros"):
        init_tensor("nothing", 2)


def test_files(tmp_path):
    array = np.arange(4.0).reshape(2, 2)
    np.save(tmp_path / "a.npy", array)
    torch.save(torch.from_numpy(array), tmp_path / "a.pt")
    np.testing.assert_array_equal(load_array(tmp_path / "a.npy"), array)
    np.testing.assert_array_equal(load_array(os.fspath(tmp_path / "a.pt")), array)
    assert load_tensor(tmp_path / "a.npy").tolist() == array.tolist()
    np.savez(tmp_path / "a.npz", first=array)
    with load_array(tmp_path / "a.npz") as archive:
        np.testing.assert_array_equal(archive["first"], array)
    for words in (["a", "b"], np.array(["a", "b"]), tmp_path / "a.npz"):
        with pytest.raises(TypeError, match="tensor must hold numbers"):
            load_tensor(words)
    with pytest.raises(FileNotFoundError):
        load_array(tmp_path / "none.npy")
    (tmp_path / "a.txt").touch()
    with pytest.raises(ValueError, match="txt"):
        load_array(tmp_path / "a.txt")
    with pytest.warns(UserWarning, match="not sparse"):
        assert load_sparse_tensor(torch.ones(2, 2)).layout == torch.sparse_coo


def test_topographic_connectome():
    torch.manual_seed(0)
    wiring = create_sparse_topographic_connectome((4, 5), 1.0, 3, False)
    assert wiring.shape == (20, 20)
    assert wiring.indices().max() < 20


def test_typed_connectome_is_the_recorded_one():
    np.random.seed(0)  # noqa: NPY002
    wiring, types = create_neuron_typed_connectome(20, [0.5, 0.5], [[1, 0], [0, 0.5]])
    assert wiring._nnz() == 137
    assert types.tolist() == [1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1]
    # No synapse between the types, whichever way round.
    source, target = wiring.indices()
    assert (types[source] == types[target]).all()


def test_deterministic_types_add_up():
    _, types = create_neuron_typed_connectome(10, [0.33, 0.33, 0.34], np.eye(3), True)
    assert sorted(np.bincount(types)) == [3, 3, 4]


def test_projections():
    into = create_sparse_projection(2, 4, torch.tensor([3, 1]))
    assert into.to_dense().tolist() == [[0, 0], [0, 1], [0, 0], [1, 0]]
    assert create_sparse_projection(2, 4, mode="ho").shape == (2, 4)
    with pytest.raises(ValueError, match="indices"):
        create_sparse_projection(2, 4, torch.tensor([3, 4]))
