"""Wiring diagrams: import, checks, normalisation, rewiring, generation."""

from bioplnn.connectomes.archive import load_connectome, save_connectome
from bioplnn.connectomes.connectome import Connectome
from bioplnn.connectomes.generation import topographic_connectome
from bioplnn.connectomes.importing import (
    connectome_from_edges,
    connectome_from_matrix,
    connectome_from_table,
)
from bioplnn.connectomes.rewiring import rewire
from bioplnn.connectomes.scaling import normalize, spectral_radius

__all__ = [
    "Connectome",
    "connectome_from_edges",
    "connectome_from_matrix",
    "connectome_from_table",
    "load_connectome",
    "normalize",
    "rewire",
    "save_connectome",
    "spectral_radius",
    "topographic_connectome",
]
