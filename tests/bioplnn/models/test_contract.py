"""Every network keeps the promises of a torch module."""

from types import MappingProxyType

import pytest
import torch
from tests.bioplnn.models.spatial import small_area
from torch import nn

from bioplnn.models import (
    ConnectomeClassifier,
    ConnectomeODEClassifier,
    ConnectomeODERNN,
    SparseLinear,
    SparseODERNN,
    SparseRNN,
    SpatiallyEmbeddedArea,
    SpatiallyEmbeddedClassifier,
    SpatiallyEmbeddedRNN,
)
from synaptensor.testing import ModuleContract

pytestmark = pytest.mark.filterwarnings("ignore:tensor of shape")


def inside(module):
    """Move parameters off the edges that Dale's law and the smallest time constant draw.

    On an edge one side of a finite difference is cut off.
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if "tau" in name:
                parameter.add_(0.5)
            elif "convs" in name or "hh.values" in name:
                parameter.abs_().clamp_(max=1.0).add_(0.05)
    return module


class Steps(nn.Module):
    """A network with its number of steps."""

    def __init__(self, network, **kwargs):
        super().__init__()
        self.network, self.kwargs = network, kwargs

    def forward(self, x):
        return self.network(x, **self.kwargs)


class Fine(nn.Module):
    """A network whose solver works at the precision that finite differences need in double."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x, **kwargs):
        control = getattr(self.network, "rnn", self.network).solver.step_size_controller
        fine = x.dtype == torch.float64
        control.rtol.fill_(1e-6 if fine else 1e-3)
        control.atol.fill_(1e-8 if fine else 1e-6)
        return self.network(x, **kwargs)


class OneStep(nn.Module):
    """An area, from its own initial state."""

    def __init__(self, area):
        super().__init__()
        self.area = area

    def forward(self, x):
        return self.area(x, self.area.init_neuron_state(len(x)))


class TestArea(ModuleContract):
    bad_inputs = (
        ((torch.zeros(2, 3, 6, 5),), ValueError, "input"),
        ((torch.zeros(2, 2, 5, 5),), ValueError, "input"),
    )

    def make(self):
        return inside(OneStep(SpatiallyEmbeddedArea(**small_area())))

    def inputs(self, batch):
        return (torch.randn(batch, 2, 6, 5),)


class TestSpatialRNN(ModuleContract):
    bad_inputs = (
        ((torch.zeros(2, 1, 6, 5),), ValueError, "x"),
        ((torch.zeros(2, 2),), ValueError, "x"),
    )

    def make(self):
        rnn = SpatiallyEmbeddedRNN(
            num_areas=2,
            area_kwargs=[
                small_area(
                    feedback_channels=2,
                    inter_neuron_type_connectivity=[[1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 1, 0]],
                ),
                small_area(in_channels=4, in_size=(3, 7)),
            ],
            inter_area_feedback_connectivity=[[0, 0], [1, 0]],
        )
        return inside(Steps(rnn, num_steps=2))

    def inputs(self, batch):
        return (torch.randn(batch, 2, 6, 5),)


class TestSpatialClassifier(ModuleContract):
    bad_inputs = (((torch.zeros(2, 1, 6, 5),), ValueError, "x"),)

    def make(self):
        model = SpatiallyEmbeddedClassifier(
            {"area_kwargs": [small_area()]}, num_classes=3, fc_dim=8, dropout=0.0
        )
        return inside(Steps(model, num_steps=3))

    def inputs(self, batch):
        return (torch.randn(batch, 2, 6, 5),)

    def expected_shapes(self, batch):
        return (batch, 3)


def wiring(size=6):
    dense = torch.rand(size, size) * (torch.rand(size, size) < 0.5)
    return dense.to_sparse()


class TestSparseLinear(ModuleContract):
    bad_inputs = (((torch.zeros(2, 5),), ValueError, "x must have 6 features"),)

    def make(self):
        torch.manual_seed(1)
        return SparseLinear(6, 6, wiring())

    def inputs(self, batch):
        return (torch.randn(batch, 6),)


class TestSparseRNN(ModuleContract):
    bad_inputs = (((torch.zeros(2, 5),), ValueError, "x"),)

    def make(self):
        torch.manual_seed(1)
        return inside(Steps(SparseRNN(6, 6, wiring()), num_steps=3))

    def inputs(self, batch):
        return (torch.randn(batch, 6),)


class TestSparseODERNN(ModuleContract):
    bad_inputs = (((torch.zeros(2, 5),), ValueError, "x"),)
    pure_eval = "the solver reports what its last run cost"
    # Step sizes, and with them results, move within the solver's tolerances with rounding.
    tolerances = MappingProxyType(
        {dtype: {"rtol": 1e-3, "atol": 1e-4} for dtype in (torch.float32, torch.float64)}
    )
    dtypes = MappingProxyType({torch.bfloat16: "an adaptive solver needs single precision"})

    def make(self):
        torch.manual_seed(1)
        return Fine(inside(SparseODERNN(6, 6, wiring())))

    def inputs(self, batch):
        return (torch.randn(batch, 6),)


KINDS = {
    "num_neuron_types": 2,
    "neuron_type": [0, 1, 0, 1, 0, 1],
    "neuron_class": ["excitatory", "inhibitory"],
    "neuron_class_mode": "per_neuron_type",
    "neuron_tau_mode": "per_neuron_type",
    "neuron_nonlinearity": ["Sigmoid", "Tanh"],
}


# Where a solution has kinks, errors of an adaptive solver jump, and finite differences with them.
SMOOTH = {**KINDS, "neuron_nonlinearity": ["Sigmoid", "Softplus"]}


class TestConnectomeClassifier(ModuleContract):
    bad_inputs = (((torch.zeros(2, 5),), ValueError, "x"),)

    def make(self):
        torch.manual_seed(1)
        kwargs = {"input_size": 6, "num_neurons": 6, "connectome": wiring(), **KINDS}
        return inside(Steps(ConnectomeClassifier(kwargs, 3, fc_dim=8, dropout=0.0), num_steps=3))

    def inputs(self, batch):
        return (torch.randn(batch, 1, 2, 3),)

    def expected_shapes(self, batch):
        return (batch, 3)


class TestConnectomeODEClassifier(ModuleContract):
    bad_inputs = TestSparseODERNN.bad_inputs
    pure_eval = TestSparseODERNN.pure_eval
    tolerances = TestSparseODERNN.tolerances
    dtypes = TestSparseODERNN.dtypes

    def make(self):
        torch.manual_seed(1)
        kwargs = {"input_size": 6, "num_neurons": 6, "connectome": wiring(), **SMOOTH}
        model = ConnectomeODEClassifier(kwargs, 3, fc_dim=8, dropout=0.0)
        return inside(Steps(Fine(model), num_evals=2))

    def inputs(self, batch):
        return (torch.randn(batch, 6),)


class TestConnectomeODERNNWithAdjoint(ModuleContract):
    """Gradients by the adjoint equation."""

    bad_inputs = TestSparseODERNN.bad_inputs
    pure_eval = TestSparseODERNN.pure_eval
    tolerances = TestSparseODERNN.tolerances
    dtypes = TestSparseODERNN.dtypes

    def make(self):
        torch.manual_seed(1)
        rnn = ConnectomeODERNN(6, 6, wiring(), solver_kwargs={"gradient": "adjoint"}, **SMOOTH)
        return inside(Fine(rnn))

    def inputs(self, batch):
        return (torch.randn(batch, 6),)
