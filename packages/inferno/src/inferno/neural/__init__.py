"""Neurons, synapses, connections, encoders and layers of spiking neural networks."""

from .base import (
    Connection,
    InfernoNeuron,
    InfernoSynapse,
    Neuron,
    Synapse,
    SynapseConstructor,
)
from .connections.conv import Conv2D
from .connections.linear import LinearDense, LinearDirect, LinearLateral
from .encoders.poisson import HomogeneousPoissonApproxEncoder, HomogeneousPoissonEncoder
from .encoders.special import PoissonIntervalEncoder
from .functional import (
    ATan,
    FastSigmoid,
    Gaussian,
    Sigmoid,
    StraightThrough,
    SuperSpike,
    Surrogate,
    Triangle,
)
from .hooks import Clamping, Normalization
from .modeling import Accumulator, Updatable, Updater
from .network import Biclique, Cell, Layer, RecurrentSerial, Serial
from .neurons.conductance import (
    ConductanceALIF,
    ConductanceLIF,
    ReversalPotentials,
    stack_conductances,
)
from .neurons.differentiation import detach_state, surrogate_gradients
from .neurons.linear import ALIF, GLIF1, GLIF2, GLIF3, GLIF4, GLIF5, LIF
from .neurons.nonlinear import EIF, QIF, AdEx, Izhikevich
from .synapses.conductance import (
    AlphaConductance,
    DualExponentialConductance,
    ExponentialConductance,
)
from .synapses.current import DeltaCurrent, DeltaPlusCurrent
from .synapses.expcurrent import DoubleExponentialCurrent, SingleExponentialCurrent

__all__ = [
    "ALIF",
    "EIF",
    "GLIF1",
    "GLIF2",
    "GLIF3",
    "GLIF4",
    "GLIF5",
    "LIF",
    "QIF",
    "ATan",
    "Accumulator",
    "AdEx",
    "AlphaConductance",
    "Biclique",
    "Cell",
    "Clamping",
    "ConductanceALIF",
    "ConductanceLIF",
    "Connection",
    "Conv2D",
    "DeltaCurrent",
    "DeltaPlusCurrent",
    "DoubleExponentialCurrent",
    "DualExponentialConductance",
    "ExponentialConductance",
    "FastSigmoid",
    "Gaussian",
    "HomogeneousPoissonApproxEncoder",
    "HomogeneousPoissonEncoder",
    "InfernoNeuron",
    "InfernoSynapse",
    "Izhikevich",
    "Layer",
    "LinearDense",
    "LinearDirect",
    "LinearLateral",
    "Neuron",
    "Normalization",
    "PoissonIntervalEncoder",
    "RecurrentSerial",
    "ReversalPotentials",
    "Serial",
    "Sigmoid",
    "SingleExponentialCurrent",
    "StraightThrough",
    "SuperSpike",
    "Surrogate",
    "Synapse",
    "SynapseConstructor",
    "Triangle",
    "Updatable",
    "Updater",
    "detach_state",
    "stack_conductances",
    "surrogate_gradients",
]
