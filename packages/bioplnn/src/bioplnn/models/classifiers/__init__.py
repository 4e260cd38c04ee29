"""Classifiers: a network and a readout of its last state."""

from bioplnn.models.classifiers.spatial import SpatiallyEmbeddedClassifier

__all__ = ["SpatiallyEmbeddedClassifier"]
