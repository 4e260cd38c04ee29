"""The contract battery on every circuit."""

import torch
from torch import nn

from pynsm import MultiSimilarityMatching, SimilarityMatching, SupervisedSimilarityMatching
from pynsm.errors import EncodingShapeError, MissingInputError
from synaptensor.testing import ModuleContract


class CircuitContract(ModuleContract):
    pure_eval = "`y` keeps the last output by design"
    gradcheck = "the output carries no gradient; test_gradients.py checks those of the loss"

    def loss(self, module, inputs, outputs):
        return module.loss(*inputs, outputs)

    def make_optimizer(self, module):
        return torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9)


class TestLinear(CircuitContract):
    compile_fullgraph = True
    bad_inputs = (
        ((torch.rand(21),), EncodingShapeError, r"flatten\(1\)"),
        (([torch.rand(2, 7), torch.zeros(2)],), TypeError, "for x, label in loader"),
        ((), MissingInputError, "at least one input"),
    )

    def make(self):
        return SimilarityMatching(nn.Linear(7, 5), 5, iteration_projection=nn.ReLU())

    def inputs(self, batch):
        return (torch.randn(batch, 7),)

    def expected_shapes(self, batch):
        return (batch, 5)


class TestGeneralRelaxation(TestLinear):
    compile_fullgraph = False

    def make(self):
        return SimilarityMatching(
            nn.Linear(7, 5),
            5,
            iteration_projection=nn.ReLU(),
            iteration_optimizer=torch.optim.Adam,
            iteration_lr=0.05,
        )


class TestSampleConvergence(TestLinear):
    compile_fullgraph = False

    def make(self):
        return SimilarityMatching(
            nn.Linear(7, 5),
            5,
            tol=1e-4,
            max_iterations=100,
            iteration_lr=0.4,
            convergence="sample",
            step_scaling="spectral",
            iteration_projection=nn.ReLU(),
        )


class TestConvolution(CircuitContract):
    bad_inputs = (((torch.rand(1, 8, 8),), EncodingShapeError, r"unsqueeze\(0\)"),)

    def make(self):
        return SimilarityMatching(nn.Conv2d(1, 5, 3, bias=False), 5, iteration_projection=nn.ReLU())

    def inputs(self, batch):
        return (torch.rand(batch, 1, 7, 7),)

    def expected_shapes(self, batch):
        return (batch, 5, 5, 5)


class TestSupervised(CircuitContract):
    bad_inputs = (
        ((torch.rand(4, 7), torch.tensor([0, 1, 2, 3])), ValueError, r"\[0, 2\], got 3"),
        ((torch.rand(4, 7), torch.rand(4, 2)), ValueError, r"\[B, 3\]"),
        ((None, torch.tensor([0])), MissingInputError, "x"),
    )

    def make(self):
        return SupervisedSimilarityMatching(
            nn.Linear(7, 5), 3, 5, label_bias=True, iteration_projection=nn.ReLU()
        )

    def inputs(self, batch):
        return torch.randn(batch, 7), torch.randint(3, (batch,))


class TestCanonicalCorrelation(CircuitContract):
    bad_inputs = (((torch.rand(4, 7), torch.rand(3, 4)), EncodingShapeError, "encoder 1"),)

    def make(self):
        return MultiSimilarityMatching(
            [nn.Linear(7, 3), nn.Linear(4, 3)], 3, regularization="whiten", iteration_lr=0.2
        )

    def inputs(self, batch):
        return torch.randn(batch, 7), torch.randn(batch, 4)
