"""Gradients of the loss against finite differences, up to the factor of the competitor."""

import pytest
import torch
from torch import nn

from pynsm import MultiSimilarityMatching, SupervisedSimilarityMatching


def circuits():
    torch.manual_seed(0)
    kinds = ("weight", "whiten")
    multi = MultiSimilarityMatching([nn.Linear(4, 3), nn.Linear(2, 3)], 3, regularization=kinds)
    supervised = SupervisedSimilarityMatching(nn.Conv2d(1, 3, 2), 2, 3, label_bias=True)
    return {
        "multi": (multi.double(), (torch.randn(5, 4).double(), torch.randn(5, 2).double())),
        "supervised": (supervised.double(), (torch.randn(2, 1, 4, 4).double(), torch.eye(2))),
    }


@pytest.mark.parametrize("name", ["multi", "supervised"])
def test_loss_gradients_are_those_of_its_value(name):
    model, inputs = circuits()[name]
    y = model(*inputs)
    model.loss(*inputs, y).backward()
    for parameter_name, parameter in model.named_parameters():
        factor = -1 / model.tau if parameter_name == "competitor.weight" else 1.0
        flat, step = parameter.data.view(-1), 1e-6
        for index in range(flat.numel()):
            values = []
            for sign in (1, -1):
                flat[index] += sign * step
                values.append(model.loss(*inputs, y).item())
                flat[index] -= sign * step
            slope = (values[0] - values[1]) / (2 * step)
            got = parameter.grad.view(-1)[index].item()
            assert got == pytest.approx(factor * slope, rel=1e-5, abs=1e-7)


def test_the_output_minimises_what_the_slow_variables_learn_from():
    """Without projection the relaxed output is the stationary point of the objective."""
    torch.manual_seed(0)
    model = MultiSimilarityMatching([nn.Linear(4, 3)], 3, max_iterations=2000, iteration_lr=0.1)
    model = model.double()
    x = torch.randn(5, 4).double()
    y = model(x).requires_grad_()
    M = model.competitor.weight
    objective = 2 * (y * (y @ M.T)).sum() - 4 * (y * model.encoders[0](x)).sum()
    (slope,) = torch.autograd.grad(objective, y)
    assert slope.abs().max() < 1e-9
