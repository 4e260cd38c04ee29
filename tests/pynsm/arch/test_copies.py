"""Copies, saved models and other ways of holding the parameters keep the learning rules."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn

from pynsm import SimilarityMatching
from synaptensor.testing import run_distributed


def circuit():
    torch.manual_seed(0)
    model = SimilarityMatching(nn.Linear(7, 5), 5, tau=0.2, iteration_projection=nn.ReLU())
    with torch.no_grad():
        model.competitor.weight.add_(0.1 * torch.rand(5, 5))
    return model


def through_file(model):
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


def assigned(model):
    other = circuit()
    other.load_state_dict(copy.deepcopy(model.state_dict()), assign=True)
    return other


WAYS = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda m: pickle.loads(pickle.dumps(m)),
    "file": through_file,
    "assign": assigned,
    "double": lambda m: copy.deepcopy(m).double().float(),
}


def gradient(model, x):
    model.zero_grad()
    model.loss(x, model(x)).backward()
    return model.competitor.weight.grad.clone()


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_trains_the_competitor_in_the_same_direction(way):
    model, x = circuit(), torch.randn(6, 7)
    expected = gradient(model, x)
    y = model(x)
    raw = 2 * y.T @ y / y.numel() - 2 * model.competitor.weight.detach() / 5
    torch.testing.assert_close(expected, -raw / 0.2)
    model.zero_grad()
    torch.testing.assert_close(gradient(WAYS[way](model), x), expected)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # torch's own, in jvp
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_made_during_the_iteration_can_be_trained(duplicate):
    model, copies = SimilarityMatching(nn.Linear(3, 2), 2), []
    x = torch.rand(4, 3)
    handle = model.register_iteration_hook("iteration", Copying(copies, duplicate))
    y = model(x)
    handle.remove()
    copied = copies[0]
    assert all(p.requires_grad for p in copied.parameters())
    assert not copied.y.requires_grad
    copied.hooks.clear()
    assert torch.equal(copied(x), y)
    copied.loss(x, y).backward()


class Copying:
    """A hook that copies the module once, in the second iteration, without itself."""

    def __init__(self, copies, duplicate):
        self.copies, self.duplicate = copies, duplicate

    def __call__(self, module):
        if module.iteration_idx == 1:
            hooks, module.hooks = module.hooks, type(module.hooks)(module.hooks.default_factory)
            self.copies.append(self.duplicate(module))
            module.hooks = hooks


# torch compiles its own rules of forward-mode derivatives at their first use.
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
def test_function_transforms_see_the_scaled_gradient():
    model, x = circuit(), torch.randn(6, 7)
    y = model(x)
    expected = gradient(model, x)

    class Loss(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x, y):
            return self.model.loss(x, y)

    module = Loss()
    parameters = {name: p.detach() for name, p in module.named_parameters()}

    def loss(values):
        return torch.func.functional_call(module, values, (x, y))

    got = torch.func.grad(loss)(parameters)
    torch.testing.assert_close(got["model.competitor.weight"], expected)
    tangents = {name: torch.zeros_like(p) for name, p in parameters.items()}
    tangents["model.competitor.weight"] = torch.ones(5, 5)
    _, derivative = torch.func.jvp(loss, (parameters,), (tangents,))
    torch.testing.assert_close(derivative.float(), expected.sum())


def test_two_processes_train_like_one():
    reference = circuit()
    optimizer = torch.optim.SGD(reference.parameters(), lr=0.1)
    for x in batches():
        reference.training_step(optimizer, x)
    for rank in run_distributed(train_in_parallel):
        for name, value in reference.state_dict().items():
            torch.testing.assert_close(rank[name], value, rtol=1e-5, atol=1e-6)


def batches():
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(8, 7, generator=generator) for _ in range(4)]


def train_in_parallel(rank):
    """The plain loop: forward through the wrapper, loss of the wrapped circuit."""
    model = circuit()
    parallel = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(parallel.parameters(), lr=0.1)
    for x in batches():
        x = x[4 * rank : 4 * rank + 4]
        y = parallel(x)
        loss = model.loss(x, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def test_uneven_batches_in_parallel_do_not_hang():
    run_distributed(train_unevenly, timeout=30)


def train_unevenly(rank):
    parallel = nn.parallel.DistributedDataParallel(circuit())
    for size in (3 + rank, 2):
        x = torch.randn(size, 7)
        parallel.module.loss(x, parallel(x)).backward()
