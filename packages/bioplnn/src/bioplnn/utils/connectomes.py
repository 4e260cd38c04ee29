"""Random connectomes and projections.

The models compute ``W @ h``: an entry ``(i, j)`` is a synapse from neuron ``j`` to neuron ``i``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bioplnn.utils.arrays import load_array
from synaptensor.validation import check_choice, check_integer


def idx_1D_to_2D_tensor(x: Tensor, m: int, n: int) -> Tensor:  # noqa: N802
    """Turn positions on an ``(m, n)`` sheet, counted row by row, into ``(2, N)`` coordinates."""
    return torch.stack((x // n, x % n))


def idx_2D_to_1D_tensor(x: Tensor, m: int, n: int) -> Tensor:  # noqa: N802
    """Turn ``(2, N)`` coordinates on an ``(m, n)`` sheet into positions counted row by row."""
    return x[0] * n + x[1]


def create_sparse_topographic_connectome(
    sheet_size: tuple[int, int],
    synapse_std: float,
    synapses_per_neuron: int,
    self_recurrence: bool,
) -> Tensor:
    """Connect every neuron of a sheet to random neurons around it.

    Args:
        sheet_size: Rows and columns of the sheet.
        synapse_std: Standard deviation of the distance in neurons, along rows and columns.
        synapses_per_neuron: Outgoing synapses ``k`` drawn for every neuron; several that meet at
            the same neuron add up.
        self_recurrence: Whether every neuron has a synapse to itself.

    Returns:
        COO matrix ``(N, N)``, row = target, column = source, with normal values of variance
        ``2 / k``.
    """
    rows, columns = sheet_size
    count = rows * columns
    sources = torch.arange(count)
    own = idx_1D_to_2D_tensor(sources, rows, columns).t()[:, :, None]
    targets = (torch.randn(count, 2, synapses_per_neuron) * synapse_std + own).long()
    if self_recurrence:
        targets = torch.cat((targets, own), 2)
    limits = torch.tensor([rows - 1, columns - 1])[None, :, None]
    targets = torch.minimum(targets.clamp(min=0), limits).transpose(0, 1).flatten(1)
    target = idx_2D_to_1D_tensor(targets, rows, columns)
    source = sources.repeat_interleave(synapses_per_neuron + self_recurrence)
    values = torch.randn(len(target)) * (2 / synapses_per_neuron) ** 0.5
    return torch.sparse_coo_tensor(
        torch.stack((target, source)), values, (count, count), check_invariants=False
    ).coalesce()


def create_sparse_projection(
    size: int, num_neurons: int, indices: Any = None, mode: str = "ih"
) -> Tensor:
    """Connect inputs (or outputs) one to one with some neurons.

    Args:
        size: Number of inputs or outputs.
        num_neurons: Number of neurons.
        indices: Neuron of every input or output, ``(size,)`` or a path; the first ones if ``None``.
        mode: ``"ih"`` for an input projection ``(num_neurons, size)``, ``"ho"`` for an output
            projection ``(size, num_neurons)``.

    Raises:
        ValueError: ``mode`` or ``indices`` are not allowed.
    """
    check_choice("mode", mode, ("ih", "ho"))
    ports = torch.arange(size)
    neurons = ports if indices is None else torch.as_tensor(load_array(indices)).long()
    if neurons.shape != (size,) or (size and not 0 <= neurons.min() <= neurons.max() < num_neurons):
        raise ValueError(
            f"indices must be {size} neuron numbers from 0 to {num_neurons - 1}, "
            f"got shape {tuple(neurons.shape)}"
        )
    pairs = torch.stack((neurons, ports) if mode == "ih" else (ports, neurons))
    shape = (num_neurons, size) if mode == "ih" else (size, num_neurons)
    return torch.sparse_coo_tensor(
        pairs, torch.ones(size), shape, check_invariants=False
    ).coalesce()


def create_neuron_typed_connectome(
    num_neurons: int,
    neuron_type_probs: Sequence[float],
    neuron_type_connectivity: Any,
    deterministic_type_assignment: bool = False,
    *,
    orientation: str = "source_target",
) -> tuple[Tensor, np.ndarray]:
    """Draw neuron types and connect every pair with a probability given by their types.

    Pairs are drawn row by row, so no ``N x N`` array is made.

    Args:
        num_neurons: Number of neurons N.
        neuron_type_probs: Probability of every type.
        neuron_type_connectivity: Connection probabilities, row = source type, column = target type.
        deterministic_type_assignment: Make the numbers of the types as close to their
            probabilities as possible and shuffle them.
        orientation: ``"source_target"`` returns entries (source, target), as the reference does;
            ``"target_source"`` what the models expect.

    Returns:
        COO matrix ``(N, N)`` of ones, and the type of every neuron.
    """
    n = check_integer("num_neurons", num_neurons, minimum=1)
    check_choice("orientation", orientation, ("source_target", "target_source"))
    probabilities = np.asarray(neuron_type_probs, dtype=float)
    table = np.asarray(neuron_type_connectivity, dtype=float)
    if table.shape != (len(probabilities),) * 2:
        raise ValueError(
            f"neuron_type_connectivity must have shape {(len(probabilities),) * 2}, "
            f"got {table.shape}"
        )
    # The global generator of numpy: a seeded program draws the same connectome as before.
    random = np.random
    if deterministic_type_assignment:
        types = np.repeat(np.arange(len(probabilities)), _counts(probabilities, n))
        random.shuffle(types)
    else:
        types = random.choice(len(probabilities), n, p=probabilities)
    found = [np.flatnonzero(random.rand(n) < table[types[i], types]) for i in range(n)]
    row = np.repeat(np.arange(n), [len(columns) for columns in found])
    pairs = np.stack([row, np.concatenate(found)])
    if orientation == "target_source":
        pairs = pairs[::-1].copy()
    indices = torch.from_numpy(pairs)
    ones = torch.ones(indices.shape[1])
    wiring = torch.sparse_coo_tensor(indices, ones, (n, n), check_invariants=False)
    return wiring.coalesce(), types


def _counts(probabilities: np.ndarray, n: int) -> np.ndarray:
    """Whole numbers close to ``probabilities * n`` that add up to ``n``."""
    exact = probabilities * n
    counts = exact.astype(int)
    missing = n - counts.sum()
    largest_remainders = np.argsort(counts - exact, kind="stable")[:missing]
    counts[largest_remainders] += 1
    return counts
