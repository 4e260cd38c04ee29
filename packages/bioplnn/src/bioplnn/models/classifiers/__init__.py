"""Classifiers: a network and a readout of its last state."""

from bioplnn.models.classifiers.connectome import ConnectomeClassifier, ConnectomeODEClassifier
from bioplnn.models.classifiers.spatial import SpatiallyEmbeddedClassifier

__all__ = ["ConnectomeClassifier", "ConnectomeODEClassifier", "SpatiallyEmbeddedClassifier"]
