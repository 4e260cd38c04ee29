"""Connectomes from edge lists, tables and matrices."""

from __future__ import annotations

import csv
import os
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bioplnn.connectomes.checks import check_per_neuron, check_rows, check_weights, find_duplicate
from bioplnn.connectomes.connectome import Connectome
from bioplnn.typing import ListLike
from bioplnn.utils.arrays import load_sparse_tensor
from synaptensor.validation import check_choice

_SIGNS = {
    "excitatory": 1, "inhibitory": -1, "unknown": 0, "e": 1, "i": -1, "+": 1, "-": -1,
    "1": 1, "-1": -1, "0": 0, "": 0,
}  # fmt: skip


def connectome_from_edges(
    sources: ListLike[Any],
    targets: ListLike[Any],
    weights: ListLike[float] | None = None,
    *,
    names: ListLike[Any] | None = None,
    types: Mapping[Any, str] | ListLike[str] | None = None,
    signs: Mapping[Any, Any] | ListLike[Any] | None = None,
    duplicates: str = "error",
    empty_rows: str = "allow",
) -> Connectome:
    """Make a connectome of a list of connections.

    Args:
        sources: Sending neuron of every connection, by name or number.
        targets: Receiving neuron.
        weights: Size of every synapse; 1 if ``None``. Negative sizes make the sender inhibitory;
            a neuron whose sizes have both signs is refused.
        names: All neurons in their order; those found in the edges, sorted, if ``None``.
        types: Type of every neuron, in the order of ``names`` or as a mapping from names.
        signs: The same for signs: 1, -1, 0, ``"excitatory"``, ``"inhibitory"``, ``"unknown"``.
        duplicates: ``"error"``, or ``"sum"`` to add up connections listed more than once.
        empty_rows: ``"allow"``, ``"warn"`` or ``"error"`` where a neuron receives nothing.

    Raises:
        ValueError: An entry is wrong; the message names the edge or the neuron.

    Examples:
        >>> connectome_from_edges(["a", "b"], ["b", "a"], [1.0, -2.0]).signs
        array([ 1, -1])
    """
    check_choice("duplicates", duplicates, ("error", "sum"))
    sent, received = np.asarray(sources), np.asarray(targets)
    if sent.ndim != 1 or sent.shape != received.shape:
        raise ValueError(
            f"sources and targets must be lists of the same length, got {sent.shape} "
            f"and {received.shape}"
        )
    sizes = np.ones(len(sent)) if weights is None else np.asarray(weights, dtype=float)
    check_per_edge("weights", sizes, len(sent))
    check_weights(sizes, sent, received)
    order = _neuron_order(sent, received, names)
    numbers = {name: i for i, name in enumerate(order)}
    source, target = (
        _numbered(name, found, numbers) for name, found in (("source", sent), ("target", received))
    )
    if duplicates == "error" and (pair := find_duplicate(target, source, len(order))) is not None:
        again, first = pair
        raise ValueError(
            f"edge {again} ({sent[again]} -> {received[again]}) repeats edge {first}; "
            "pass duplicates='sum' to add them up"
        )
    given = _per_neuron("signs", signs, order)
    found = _agreed_signs(sizes, source, order, None if given is None else _as_signs(given))
    matrix = _coo(target, source, np.abs(sizes), len(order))
    labels = tuple(str(name) for name in order)
    check_rows(matrix, labels, empty_rows, partial(warnings.warn, stacklevel=3))
    kinds = _per_neuron("types", types, order)
    return Connectome(matrix, labels, None if kinds is None else tuple(map(str, kinds)), found)


def connectome_from_table(
    table: Any,
    *,
    source: str = "source",
    target: str = "target",
    weight: str | None = "weight",
    neurons: Any = None,
    name: str = "name",
    type: str = "type",
    sign: str = "sign",
    duplicates: str = "error",
    empty_rows: str = "allow",
) -> Connectome:
    """Make a connectome of an edge table, and of a table of the neurons if there is one.

    Args:
        table: DataFrame, mapping of columns, or path of a CSV file with a header, one connection
            per row.
        source: Column of the sending neuron.
        target: Column of the receiving neuron.
        weight: Column of the size; ``None`` for connections of size 1.
        neurons: The same kinds of table with one row per neuron: it fixes their order, and its
            columns ``type`` and ``sign`` are used where they are there.
        name: Column of the neurons' names.
        type: Column of their types.
        sign: Column of their signs.
        duplicates: See :func:`connectome_from_edges`.
        empty_rows: See :func:`connectome_from_edges`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A column is missing or an entry is wrong.
    """
    edges = _columns("table", table)
    wanted = {"source": source, "target": target} | ({} if weight is None else {"weight": weight})
    for argument, column in wanted.items():
        if column not in edges:
            raise ValueError(f"{argument} must be one of the columns {list(edges)}, got {column!r}")
    about = {} if neurons is None else _columns("neurons", neurons)
    if about and name not in about:
        raise ValueError(f"name must be one of the columns {list(about)}, got {name!r}")
    sizes = None
    if weight is not None:
        sizes = _as_numbers(weight, edges[weight])
    return connectome_from_edges(
        edges[source],
        edges[target],
        sizes,
        names=about.get(name),
        types=about.get(type),
        signs=about.get(sign),
        duplicates=duplicates,
        empty_rows=empty_rows,
    )


def connectome_from_matrix(
    matrix: Any,
    *,
    names: ListLike[Any] | None = None,
    types: Mapping[Any, str] | ListLike[str] | None = None,
    signs: Mapping[Any, Any] | ListLike[Any] | None = None,
    orientation: str = "target_source",
    empty_rows: str = "allow",
) -> Connectome:
    """Make a connectome of a square matrix.

    Args:
        matrix: Array, tensor (dense, COO, CSR), scipy sparse matrix, or path of a ``.npy`` or
            ``.pt`` file. Zeros of a dense matrix are no connections.
        names: See :func:`connectome_from_edges`; 0, 1, ... if ``None``.
        types: See :func:`connectome_from_edges`.
        signs: See :func:`connectome_from_edges`.
        orientation: ``"target_source"`` (row = receiver, as the models have it) or
            ``"source_target"``.
        empty_rows: See :func:`connectome_from_edges`.

    Raises:
        ValueError: The matrix is not square, or an entry is wrong.
    """
    check_choice("orientation", orientation, ("target_source", "source_target"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # dense connectomes are fine here
        coo = load_sparse_tensor(matrix)
    if coo.ndim != 2 or coo.shape[0] != coo.shape[1]:
        raise ValueError(f"matrix must be square, got shape {tuple(coo.shape)}")
    pairs = coo._indices() if orientation == "target_source" else coo._indices().flip(0)
    order = list(range(coo.shape[0])) if names is None else list(names)
    check_per_neuron("names", order, coo.shape[0])
    labels = np.asarray(order)
    targets, sources = pairs.numpy()
    return connectome_from_edges(
        labels[sources], labels[targets], coo._values().double().numpy(),
        names=order, types=types, signs=signs, empty_rows=empty_rows,
    )  # fmt: skip


def check_per_edge(name: str, values: np.ndarray, count: int) -> None:
    """Check that there is one value for every edge."""
    if values.shape != (count,):
        raise ValueError(f"{name} must have one entry per edge ({count}), got shape {values.shape}")


def _neuron_order(
    sources: np.ndarray, targets: np.ndarray, names: ListLike[Any] | None
) -> list[Any]:
    if names is None:
        return np.unique(np.concatenate([sources, targets])).tolist()
    order = np.asarray(names).tolist()
    if len(set(order)) != len(order):
        twice = next(name for name in order if order.count(name) > 1)
        raise ValueError(f"names must be distinct, got {twice!r} more than once")
    return order


def _numbered(end: str, found: np.ndarray, numbers: Mapping[Any, int]) -> np.ndarray:
    result = np.array([numbers.get(name, -1) for name in found.tolist()], dtype=np.int64)
    missing = np.flatnonzero(result < 0)
    if len(missing):
        k = missing[0]
        raise ValueError(
            f"{end} of edge {k} must be one of the {len(numbers)} neurons, got {found[k].item()!r}"
        )
    return result


def _coo(targets: np.ndarray, sources: np.ndarray, sizes: np.ndarray, count: int) -> Tensor:
    indices = torch.from_numpy(np.stack([targets, sources]))
    values = torch.as_tensor(sizes, dtype=torch.get_default_dtype())
    matrix = torch.sparse_coo_tensor(indices, values, (count, count), check_invariants=True)
    return matrix.coalesce()


def _per_neuron(
    what: str, values: Mapping[Any, Any] | ListLike[Any] | None, order: Sequence[Any]
) -> list[Any] | None:
    if values is None:
        return None
    if isinstance(values, Mapping):
        missing = [name for name in order if name not in values]
        if missing:
            raise ValueError(
                f"{what} must have an entry for every neuron, got none for {missing[0]!r}"
            )
        return [values[name] for name in order]
    found = np.asarray(values).tolist()
    check_per_neuron(what, found, len(order))
    return found


def _as_signs(values: Sequence[Any]) -> np.ndarray:
    found = []
    for i, value in enumerate(values):
        key = f"{value:g}" if isinstance(value, int | float) else str(value).strip().lower()
        if key not in _SIGNS:
            raise ValueError(
                "signs must be 1, -1, 0, 'excitatory', 'inhibitory' or 'unknown', "
                f"got {value!r} for neuron {i}"
            )
        found.append(_SIGNS[key])
    return np.array(found)


def _agreed_signs(
    sizes: np.ndarray, source: np.ndarray, order: Sequence[Any], given: np.ndarray | None
) -> np.ndarray | None:
    """Signs of the neurons from the signs of their synapses and from what is given."""
    if not (sizes < 0).any():
        return given
    count = len(order)
    positive = np.bincount(source[sizes > 0], minlength=count) > 0
    negative = np.bincount(source[sizes < 0], minlength=count) > 0
    both = np.flatnonzero(positive & negative)
    if len(both):
        raise ValueError(
            "the synapses of a neuron must have one sign (Dale's law), "
            f"got both for neuron {order[both[0]]!r}"
        )
    found = positive.astype(int) - negative.astype(int)
    if given is None:
        return found
    against = np.flatnonzero(found * given < 0)
    if len(against):
        k = against[0]
        raise ValueError(
            f"signs must agree with the weights, got {given[k]} for neuron {order[k]!r} "
            f"whose synapses have sign {found[k]}"
        )
    return np.where(given == 0, found, given)


def _columns(argument: str, table: Any) -> dict[str, np.ndarray]:
    if isinstance(table, str | os.PathLike):
        return _read_csv(Path(table))
    if isinstance(table, Mapping):
        return {str(key): np.asarray(column) for key, column in table.items()}
    if hasattr(table, "columns"):
        return {str(key): table[key].to_numpy() for key in table.columns}
    raise TypeError(f"{argument} must be a DataFrame, a mapping or a path, got {table!r}")


def _read_csv(path: Path) -> dict[str, np.ndarray]:
    if not path.exists():
        raise FileNotFoundError(f"no such file: {path}")
    with path.open(newline="", encoding="utf-8-sig") as file:
        sample = file.read(4096)
        file.seek(0)
        delimiter = "\t" if sample.count("\t") > sample.count(",") else ","
        rows = [[cell.strip() for cell in row] for row in csv.reader(file, delimiter=delimiter)]
    if not rows:
        raise ValueError(f"table must have a header, got an empty file: {path}")
    header, *body = rows
    body = [row for row in body if row]
    for k, row in enumerate(body):
        if len(row) != len(header):
            raise ValueError(
                f"row {k} of {path.name} must have {len(header)} cells, got {len(row)}: {row}"
            )
    return {title: np.array([row[i] for row in body]) for i, title in enumerate(header)}


def _as_numbers(column: str, cells: np.ndarray) -> np.ndarray:
    if cells.dtype.kind in "iuf":
        return cells.astype(float)
    numbers = np.empty(len(cells))
    for k, cell in enumerate(cells.tolist()):
        try:
            numbers[k] = float(cell)
        except (TypeError, ValueError):
            raise ValueError(f"{column} of edge {k} must be a number, got {cell!r}") from None
    return numbers
