"""Connectomes from tables and matrices, and errors that name the entry."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from bioplnn.connectomes import (
    Connectome,
    connectome_from_edges,
    connectome_from_matrix,
    connectome_from_table,
    load_connectome,
    save_connectome,
)
from bioplnn.models import ConnectomeRNN

SOURCES, TARGETS, SIZES = ["a", "b", "c", "a"], ["b", "c", "a", "c"], [2.0, 1.0, 3.0, 0.5]
DENSE = np.array([[0.0, 0, 3], [2, 0, 0], [0.5, 1, 0]])


def dense(connectome):
    return connectome.weights.to_dense().numpy()


def test_columns_send_and_rows_receive():
    found = connectome_from_edges(SOURCES, TARGETS, SIZES)
    assert found.names == ("a", "b", "c")
    np.testing.assert_array_equal(dense(found), DENSE)


@pytest.mark.parametrize(
    "matrix",
    [
        DENSE,
        torch.from_numpy(DENSE),
        torch.from_numpy(DENSE).to_sparse(),
        scipy.sparse.csr_matrix(DENSE),
        scipy.sparse.coo_array(DENSE),
    ],
    ids=["array", "dense tensor", "coo tensor", "scipy csr", "scipy coo"],
)
def test_every_kind_of_matrix_gives_the_same_connectome(matrix):
    found = connectome_from_matrix(matrix, names=["a", "b", "c"])
    np.testing.assert_array_equal(dense(found), DENSE)
    turned = connectome_from_matrix(matrix, orientation="source_target")
    np.testing.assert_array_equal(dense(turned), DENSE.T)


@pytest.mark.filterwarnings("ignore:Sparse")
def test_csr_tensors():
    matrix = torch.sparse_csr_tensor(
        torch.tensor([0, 1, 1]), torch.tensor([1]), torch.tensor([4.0]), (2, 2)
    )
    np.testing.assert_array_equal(dense(connectome_from_matrix(matrix)), [[0, 4], [0, 0]])


def test_tables_in_memory_and_on_disk(tmp_path):
    table = pd.DataFrame({"pre": SOURCES, "post": TARGETS, "n": SIZES})
    neurons = pd.DataFrame(
        {
            "name": ["c", "b", "a"],
            "type": ["x", "y", "x"],
            "sign": ["excitatory", "inhibitory", "unknown"],
        }
    )
    table.to_csv(tmp_path / "edges.csv", index=False)
    neurons.to_csv(tmp_path / "neurons.csv", index=False)
    table.to_csv(tmp_path / "edges.tsv", index=False, sep="\t")
    columns = {"source": "pre", "target": "post", "weight": "n"}
    for edges, about in (
        (table, neurons),
        (tmp_path / "edges.csv", tmp_path / "neurons.csv"),
        (str(tmp_path / "edges.tsv"), neurons),
        (table.to_dict("list"), neurons.to_dict("list")),
    ):
        found = connectome_from_table(edges, neurons=about, **columns)
        assert found.names == ("c", "b", "a")
        assert found.types == ("x", "y", "x")
        assert found.signs.tolist() == [1, -1, 0]
        np.testing.assert_array_equal(dense(found), DENSE[::-1, ::-1])
    assert set(found.table().columns) == {"source", "target", "weight", "sign"}


def test_a_file_gives_back_what_was_saved(tmp_path):
    found = connectome_from_edges(
        SOURCES, TARGETS, SIZES, types={"a": "x", "b": "y", "c": "x"}, signs=[1, -1, 0]
    )
    save_connectome(found, tmp_path / "wiring.npz")
    again = load_connectome(tmp_path / "wiring.npz")
    np.testing.assert_array_equal(dense(again), dense(found))
    assert (again.names, again.types) == (found.names, found.types)
    np.testing.assert_array_equal(again.signs, found.signs)


def test_negative_sizes_make_a_neuron_inhibitory():
    found = connectome_from_edges(["a", "b"], ["b", "a"], [1.0, -2.0])
    assert found.signs.tolist() == [1, -1]
    assert (found.weights.values() >= 0).all()


def test_a_network_takes_a_connectome():
    found = connectome_from_edges(SOURCES, TARGETS, SIZES, types=["x", "y", "x"], signs=[1, -1, 0])
    with pytest.warns(UserWarning, match="not sparse"):
        rnn = ConnectomeRNN(input_size=3, **found.rnn_kwargs())
    assert rnn.neuron_sign_mask.flatten().tolist() == [1, -1, 1]
    assert rnn.neuron_counts() == {"x": 2, "y": 1}
    assert found.known_signs("inhibitory").tolist() == [1, -1, -1]


def test_parts_of_a_connectome():
    found = connectome_from_edges(SOURCES, TARGETS, SIZES, types=["x", "y", "x"])
    part = found.select(found.of_type("x"))
    assert part.names == ("a", "c")
    np.testing.assert_array_equal(dense(part), [[0, 3], [0.5, 0]])
    assert found.index(["c", "a"]).tolist() == [2, 0]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"weights": [1.0, np.nan, 1, 1]}, r"edge 1 \(b -> c\) must be finite, got nan"),
        ({"weights": [1.0, 1, np.inf, 1]}, r"edge 2 \(c -> a\) must be finite, got inf"),
        ({"weights": [1.0, 1, 1]}, "weights must have one entry per edge"),
        ({"weights": [1.0, 1, 1, -1]}, "one sign .*'a'"),
        ({"names": ["a", "b"]}, "target of edge 1|source of edge 2"),
        ({"names": ["a", "b", "c", "a"]}, "'a' more than once"),
        ({"types": ["x"]}, "types must have one entry per neuron"),
        ({"types": {"a": "x", "b": "y"}}, "none for 'c'"),
        ({"signs": [1, 2, 1]}, "got 2 for neuron 1"),
        ({"signs": ["inhibitory", 1, 1], "weights": [1.0, -1, 1, 1]}, "agree with the weights"),
        ({"duplicates": "drop"}, "duplicates"),
        ({"empty_rows": "error", "names": ["a", "b", "c", "d"]}, "1 of 4 neurons .*: d"),
    ],
    ids=str,
)
def test_wrong_entries_are_named(kwargs, message):
    given = {"weights": SIZES, **kwargs}
    with pytest.raises(ValueError, match=message):
        connectome_from_edges(SOURCES, TARGETS, **given)


def test_repeated_connections_are_named_or_added_up():
    sources, targets = ["a", "b", "a"], ["b", "a", "b"]
    with pytest.raises(ValueError, match=r"edge 2 \(a -> b\) repeats edge 0"):
        connectome_from_edges(sources, targets)
    found = connectome_from_edges(sources, targets, [1.0, 1.0, 2.0], duplicates="sum")
    np.testing.assert_array_equal(dense(found), [[0, 1], [3, 0]])


def test_neurons_that_receive_nothing_can_be_announced():
    with pytest.warns(UserWarning, match="1 of 2 neurons receive no synapse: a"):
        connectome_from_edges(["a"], ["b"], empty_rows="warn")


def test_malformed_matrices():
    with pytest.raises(ValueError, match="square"):
        connectome_from_matrix(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"edge 0 \(1 -> 0\) must be finite"):
        connectome_from_matrix(np.array([[0.0, np.nan], [1, 0]]))
    twice = torch.sparse_coo_tensor([[0, 0], [1, 1]], [1.0, 1.0], (2, 2), check_invariants=True)
    with pytest.raises(ValueError, match=r"edge 1 \(1 -> 0\) repeats edge 0"):
        connectome_from_matrix(twice)


def test_malformed_connectomes():
    good = torch.tensor([[0.0, 1], [2, 0]]).to_sparse()
    with pytest.raises(ValueError, match="COO"):
        Connectome(good.to_dense(), ("a", "b"))
    with pytest.raises(ValueError, match="3 names"):
        Connectome(good, ("a", "b", "c"))
    with pytest.raises(ValueError, match="synapse b -> a must be at least 0"):
        Connectome((good * torch.tensor([[1.0, -1], [1, 1]])).coalesce(), ("a", "b"))
    with pytest.raises(ValueError, match="names must be neurons"):
        Connectome(good, ("a", "b")).index(["z"])


def test_malformed_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        connectome_from_table(tmp_path / "nothing.csv")
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_connectome(tmp_path / "nothing.npz")
    path = tmp_path / "edges.csv"
    path.write_text("source,target,weight\na,b,1\nb,a,many\n")
    with pytest.raises(ValueError, match="weight of edge 1 must be a number, got 'many'"):
        connectome_from_table(path)
    path.write_text("source,target,weight\na,b\n")
    with pytest.raises(ValueError, match=r"row 0 of edges\.csv must have 3 cells"):
        connectome_from_table(path)
    with pytest.raises(ValueError, match="weight must be one of the columns"):
        connectome_from_table({"source": ["a"], "target": ["b"]})
    with pytest.raises(TypeError, match="table must be"):
        connectome_from_table(3)
    np.savez(tmp_path / "other.npz", a=np.zeros(2))
    with pytest.raises(ValueError, match="no 'names'"):
        load_connectome(tmp_path / "other.npz")
    np.savez(
        tmp_path / "far.npz",
        names=np.array(["a", "b"]),
        targets=np.array([0]),
        sources=np.array([7]),
        weights=np.ones(1),
    )
    with pytest.raises(ValueError, match="connection 0 must be between neurons 0 to 1, got 7 -> 0"):
        load_connectome(tmp_path / "far.npz")
