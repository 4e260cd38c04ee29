"""Synthetic connectomes with types and signs."""

from __future__ import annotations

import numpy as np
import torch

from bioplnn.connectomes.connectome import Connectome
from bioplnn.utils.connectomes import create_sparse_topographic_connectome
from synaptensor.validation import check_in_range, check_integer, check_positive


def topographic_connectome(
    sheet_size: tuple[int, int],
    synapses_per_neuron: int,
    *,
    synapse_std: float = 5.0,
    inhibitory: float = 0.2,
    seed: int = 0,
) -> Connectome:
    """Excitatory and inhibitory neurons on a sheet, wired to random neurons around them.

    Args:
        sheet_size: Rows and columns of the sheet; neurons are counted row by row.
        synapses_per_neuron: Outgoing synapses drawn for every neuron; several that meet at the
            same neuron become one.
        synapse_std: Standard deviation of the distance in neurons, along rows and columns.
        inhibitory: Share of inhibitory neurons, at random places.
        seed: Seed of everything random here.

    Returns:
        A connectome with the types ``"excitatory"`` and ``"inhibitory"`` and sizes uniform within
        a factor of three. It needs memory for its synapses alone.
    """
    rows, columns = (check_integer("sheet_size", side, minimum=1) for side in sheet_size)
    per_neuron = check_integer("synapses_per_neuron", synapses_per_neuron, minimum=1)
    check_positive("synapse_std", float(synapse_std))
    check_in_range("inhibitory", inhibitory, 0.0, 1.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(check_integer("seed", seed, minimum=0))
        wiring = create_sparse_topographic_connectome(
            (rows, columns), synapse_std, per_neuron, False
        )
        target, source = wiring.indices()
        apart = target != source
        sizes = 0.5 + torch.rand(int(apart.sum()))
        chosen = torch.rand(rows * columns) < inhibitory
    weights = torch.sparse_coo_tensor(
        wiring.indices()[:, apart], sizes, wiring.shape, is_coalesced=True, check_invariants=True
    )
    names = tuple(f"{i // columns},{i % columns}" for i in range(rows * columns))
    types = tuple(np.where(chosen.numpy(), "inhibitory", "excitatory").tolist())
    return Connectome(weights, names, types, np.where(chosen.numpy(), -1, 1))
