"""The nervous system of *Caenorhabditis elegans*, as measured."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import torch

from bioplnn.connectomes.connectome import Connectome
from synaptensor.validation import check_choice

_FILE = "c_elegans_cook2019.npz"
_NEURON_TYPES = ("sensory", "interneuron", "motor", "pharyngeal", "unknown")


def load_c_elegans(synapses: str = "chemical", *, cells: str = "neurons") -> Connectome:
    """Load the connectome of the adult hermaphrodite *C. elegans*; it comes with the package.

    Neurons have the types ``"sensory"``, ``"interneuron"``, ``"motor"``, ``"pharyngeal"`` and
    ``"unknown"`` (the two canal neurons). Signs follow the fast transmitter: acetylcholine and
    glutamate excite (1), GABA inhibits (-1), neurons with neither are unknown (0). That is a rule
    of thumb: some receptors of the worm answer with the other sign.

    Args:
        synapses: ``"chemical"`` (directed), ``"electrical"`` (gap junctions, both ways) or
            ``"both"`` (sizes added up).
        cells: ``"neurons"`` (302), or ``"all"`` (473 cells) with muscles and others.

    Returns:
        The connectome; sizes are counts of electron micrographs that show the synapse.

    Reference:
        Cook, Jarrell, Brittin, Wang, Bloniarz, Yakovlev, Nguyen, Tang, Bayer, Duerr, Bülow,
        Hobert, Hall, Emmons (2019), Whole-animal connectomes of both Caenorhabditis elegans
        sexes, Nature 571, 63-71. Transmitters: Wang et al. (2024), eLife 13, RP95402. Both as
        tabulated by the OpenWorm Connectome Toolbox, cect 0.3.5, MIT licence.

    Examples:
        >>> load_c_elegans()
        Connectome(neurons=302, synapses=3709, types=5)
    """
    check_choice("synapses", synapses, ("chemical", "electrical", "both"))
    check_choice("cells", cells, ("neurons", "all"))
    data = _arrays()
    parts = []
    if synapses != "electrical":
        parts.append((data["chemical_source"], data["chemical_target"], data["chemical_size"]))
    if synapses != "chemical":
        first, second, size = (data[f"junction_{part}"] for part in ("first", "second", "size"))
        apart = first != second
        parts += [(first, second, size), (second[apart], first[apart], size[apart])]
    source, target, size = (
        np.concatenate(column).astype(np.int64) for column in zip(*parts, strict=True)
    )
    count = len(data["names"])
    weights = torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([target, source])),
        torch.as_tensor(size, dtype=torch.get_default_dtype()),
        (count, count),
        check_invariants=True,
    ).coalesce()
    whole = Connectome(
        weights,
        tuple(data["names"].tolist()),
        tuple(data["types"].tolist()),
        data["signs"].astype(np.int64),
    )
    if cells == "all":
        return whole
    return whole.select(np.flatnonzero(np.isin(data["types"], _NEURON_TYPES)))


def c_elegans_transmitters() -> dict[str, str]:
    """Transmitters of every cell by its name, joined by ``+``; empty where none is known."""
    data = _arrays()
    return dict(zip(data["names"].tolist(), data["transmitters"].tolist(), strict=True))


def _arrays() -> dict[str, np.ndarray]:
    path = files("bioplnn.datasets") / "files" / _FILE
    with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}
