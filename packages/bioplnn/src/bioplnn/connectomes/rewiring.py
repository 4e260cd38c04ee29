"""Random wiring with the same degrees, to compare a connectome with."""

from __future__ import annotations

import numpy as np
import torch

from bioplnn.connectomes.connectome import Connectome
from synaptensor.validation import check_integer

_ROUNDS = 1000


def rewire(connectome: Connectome, seed: int = 0, *, self_connections: bool = False) -> Connectome:
    """Shuffle who connects to whom, keeping how many connections every neuron sends and receives.

    Every connection keeps its sender and its size; the receivers are shuffled among all
    connections, and connections that then exist twice (or lead back to their sender) exchange
    receivers with random others until there are none.

    Args:
        connectome: Wiring to match. Types, signs and names stay.
        seed: Seed of the shuffle.
        self_connections: Whether neurons may connect to themselves.

    Raises:
        RuntimeError: The degrees leave no room for another wiring.

    Reference:
        Maslov and Sneppen (2002), Specificity and stability in topology of protein networks.
    """
    random = np.random.default_rng(check_integer("seed", seed, minimum=0))
    sources = connectome.sources.numpy()
    targets = random.permutation(connectome.targets.numpy())
    for _ in range(_ROUNDS):
        bad = _bad_edges(sources, targets, connectome.num_neurons, self_connections)
        if not len(bad):
            break
        # One at a time: partners of two bad edges must not be the same.
        for edge in bad:
            other = random.integers(len(targets))
            targets[edge], targets[other] = targets[other], targets[edge]
    else:
        raise RuntimeError(
            f"rewiring found no wiring without repeated connections in {_ROUNDS} rounds"
        )
    indices = torch.from_numpy(np.stack([targets, sources]))
    weights = torch.sparse_coo_tensor(
        indices, connectome.weights.values(), connectome.weights.shape, check_invariants=True
    )
    return Connectome(weights.coalesce(), connectome.names, connectome.types, connectome.signs)


def _bad_edges(
    sources: np.ndarray, targets: np.ndarray, count: int, self_connections: bool
) -> np.ndarray:
    keys = targets.astype(np.int64) * count + sources
    order = np.argsort(keys, kind="stable")
    repeated = np.zeros(len(keys), dtype=bool)
    repeated[order[1:]] = keys[order][1:] == keys[order][:-1]
    if not self_connections:
        repeated |= sources == targets
    return np.flatnonzero(repeated)
