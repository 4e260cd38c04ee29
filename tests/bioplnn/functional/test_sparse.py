"""The sparse product and its gradients, of any order, against a dense matrix."""

import pytest
import torch
from torch.autograd import forward_ad

from bioplnn.functional.sparse import sparse_matmul, sparse_pattern
from bioplnn.models import ConnectomeODERNN, ConnectomeRNN

ROWS, COLUMNS = 5, 4


@pytest.fixture
def indices():
    generator = torch.Generator().manual_seed(0)
    chosen = torch.rand(ROWS, COLUMNS, generator=generator) < 0.5
    chosen[2] = False  # a neuron that receives nothing
    return chosen.nonzero().t()


@pytest.fixture
def operands(indices):
    torch.manual_seed(1)
    values = torch.rand(indices.shape[1], dtype=torch.float64, requires_grad=True)
    return values, torch.randn(COLUMNS, 3, dtype=torch.float64, requires_grad=True)


def cubes(indices):
    pattern = sparse_pattern(indices, ROWS, COLUMNS)
    return lambda values, x: sparse_matmul(pattern, values, x).pow(3).sum()


def dense_cubes(indices):
    def found(values, x):
        empty = torch.zeros(ROWS, COLUMNS, dtype=values.dtype)
        return (empty.index_put(tuple(indices), values) @ x).pow(3).sum()

    return found


def test_second_derivatives_equal_those_of_a_dense_product(indices, operands):
    sparse = torch.autograd.functional.hessian(cubes(indices), operands)
    dense = torch.autograd.functional.hessian(dense_cubes(indices), operands)
    for a, b in zip(sum(sparse, ()), sum(dense, ()), strict=True):
        torch.testing.assert_close(a, b)


def test_third_derivatives(indices, operands):
    def penalty(*tensors):
        grads = torch.autograd.grad(cubes(indices)(*tensors), tensors, create_graph=True)
        return sum(grad.square().sum() for grad in grads)

    assert torch.autograd.gradgradcheck(penalty, operands)


# torch's own forward-mode formulas are scripted.
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("wants_gradients", [False, True])
def test_forward_mode_keeps_tangents(indices, operands, wants_gradients):
    values, x = (t.detach().requires_grad_(wants_gradients) for t in operands)
    directions = torch.randn_like(values), torch.randn_like(x)
    found, expected = (
        torch.func.jvp(f(indices), (values.detach(), x.detach()), directions)[1]
        for f in (cubes, dense_cubes)
    )
    torch.testing.assert_close(found, expected)
    with forward_ad.dual_level():
        duals = [forward_ad.make_dual(*pair) for pair in zip((values, x), directions, strict=True)]
        dual = cubes(indices)(*duals)
        torch.testing.assert_close(forward_ad.unpack_dual(dual).tangent, expected)


@pytest.mark.filterwarnings("ignore:tensor of shape")
def test_networks_have_second_derivatives():
    torch.manual_seed(2)
    wiring = torch.rand(4, 4).to_sparse()
    x = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    rnn = ConnectomeRNN(4, 4, wiring, neuron_class=[1, -1, 1, -1]).double()
    assert torch.autograd.gradgradcheck(lambda x: rnn(x, num_steps=3)[1], x)
    ode = ConnectomeODERNN(4, 4, wiring, solver_kwargs={"rtol": 1e-5}).double()
    run = lambda x: ode(x, end_time=0.1)[1][:, -1]  # noqa: E731
    assert torch.autograd.gradgradcheck(run, x, fast_mode=True)


@pytest.mark.filterwarnings("ignore:tensor of shape")
@pytest.mark.parametrize("wanted", ["input", "weights"])
def test_the_adjoint_refuses_second_derivatives(wanted):
    rnn = ConnectomeODERNN(3, 3, torch.eye(3), solver_kwargs={"gradient": "adjoint"})
    x = torch.ones(1, 3, requires_grad=True)
    # The gradient that comes in is constant, so torch's own check would let this pass.
    (grad,) = torch.autograd.grad(rnn(x)[1][:, -1].sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match='choose gradient="solver"'):
        torch.autograd.grad(grad.sum(), x if wanted == "input" else rnn.hh.values)
