"""Writers of data sets that can be generated, so that each works from an empty disk."""

from bioplnn.datasets.generators.cabc import generate_cabc
from bioplnn.datasets.generators.cocodots import generate_cocodots
from bioplnn.datasets.generators.mazes import generate_mazes
from bioplnn.datasets.generators.qclevr import generate_qclevr
from bioplnn.datasets.generators.retina import generate_retina

__all__ = [
    "generate_cabc",
    "generate_cocodots",
    "generate_mazes",
    "generate_qclevr",
    "generate_retina",
]
