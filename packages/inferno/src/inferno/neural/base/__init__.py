"""Base classes of neurons, synapses and connections."""

from .connection import Connection
from .neuron import InfernoNeuron, Neuron
from .synapse import InfernoSynapse, Synapse, SynapseConstructor

__all__ = [
    "Connection",
    "InfernoNeuron",
    "InfernoSynapse",
    "Neuron",
    "Synapse",
    "SynapseConstructor",
]
