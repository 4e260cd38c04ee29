"""Data sets of visual reasoning, images on a cortical sheet, and a measured connectome.

``bioplnn.datasets.generators`` writes the files of those that can be generated.
"""

from bioplnn.datasets.c_elegans import load_c_elegans
from bioplnn.datasets.cabc import CABCDataset
from bioplnn.datasets.cocodots import CocoDots, ToTorchFormatTensor, make_stimulus
from bioplnn.datasets.correlated_dots import CorrelatedDots
from bioplnn.datasets.mazes import Mazes
from bioplnn.datasets.qclevr import QCLEVRDataset
from bioplnn.datasets.v1 import CIFAR10_V1, CIFAR100_V1, MNIST_V1, V1Dataset

__all__ = [
    "CIFAR10_V1",
    "CIFAR100_V1",
    "MNIST_V1",
    "CABCDataset",
    "CocoDots",
    "CorrelatedDots",
    "Mazes",
    "QCLEVRDataset",
    "ToTorchFormatTensor",
    "V1Dataset",
    "load_c_elegans",
    "make_stimulus",
]
