"""Modules that keep their promises pass the whole battery."""

import torch
from torch import nn

from synaptensor.random import RandomStream
from synaptensor.testing import ModuleContract


class TestLinear(ModuleContract):
    bad_inputs = (((torch.ones(2, 3),), RuntimeError, "cannot be multiplied"),)

    def make(self):
        return nn.Linear(5, 2)

    def inputs(self, batch):
        return (torch.randn(batch, 5),)

    def expected_shapes(self, batch):
        return (batch, 2)


class LeakyIntegrator(nn.Module):
    """A stateful, noisy module: buffers for the state, a stream for the noise."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 4))
        self.stream = RandomStream()
        self.register_buffer("state", torch.zeros(3))

    def forward(self, x):
        if x.ndim != 2 or x.shape[-1] != 4:
            raise ValueError(f"`x` must be of shape (batch, 4), got {tuple(x.shape)}")
        current = x @ self.weight.T
        noise = self.stream.normal(current.shape, device=x.device, dtype=x.dtype)
        self.state = 0.9 * self.state.detach() + current.detach().mean(0)
        return current + self.state + 0.1 * noise

    def get_extra_state(self):
        return self.stream.state_dict()

    def set_extra_state(self, state):
        self.stream.load_state_dict(state)


class TestLeakyIntegrator(ModuleContract):
    independent_samples = "the state averages over the batch"
    pure_eval = "the state goes on in eval mode"
    distributed = "each process draws its own noise and keeps its own average"
    gradcheck = "the state takes part without a gradient"
    bad_inputs = [  # noqa: RUF012
        ((torch.ones(4),), ValueError, "`x` must be of shape"),
        ((torch.ones(2, 3),), ValueError, r"got \(2, 3\)"),
    ]

    def make(self):
        return LeakyIntegrator()

    def inputs(self, batch):
        return (torch.randn(batch, 4),)
