"""The analog matrix as an operator of torch, numpy and scipy."""

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import gmres

from aihwkit.linalg import AnalogMatrix
from aihwkit.simulator.configs import (
    FloatingPointRPUConfig,
    IdealDevice,
    IOParameters,
    MappingParameter,
    SingleRPUConfig,
)

MATRIX = np.random.default_rng(0).normal(size=(4, 6))
CONFIGS = {
    "exact": FloatingPointRPUConfig(),
    "array": FloatingPointRPUConfig(mapping=MappingParameter(max_input_size=4, max_output_size=3)),
    "ideal": SingleRPUConfig(
        device=IdealDevice(),
        forward=IOParameters(is_perfect=True),
        backward=IOParameters(is_perfect=True),
    ),
}


@pytest.fixture(params=CONFIGS)
def matrix(request):
    return AnalogMatrix(MATRIX, CONFIGS[request.param])


def test_products_have_the_kind_of_their_operand(matrix):
    rng = np.random.default_rng(1)
    for x in (rng.normal(size=6), rng.normal(size=(3, 6))):
        product = matrix @ x
        assert isinstance(product, np.ndarray)
        assert product.dtype == np.float64
        assert np.allclose(product, x @ MATRIX.T, atol=1e-5)
        assert np.allclose(matrix @ torch.as_tensor(x), x @ MATRIX.T, atol=1e-5)
    for x in (rng.normal(size=4), rng.normal(size=(3, 4))):
        assert np.allclose(x @ matrix, x @ MATRIX, atol=1e-5)
        assert np.allclose(torch.as_tensor(x) @ matrix, x @ MATRIX, atol=1e-5)


def test_scipy_protocol(matrix):
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=6), rng.normal(size=4)
    assert matrix.shape == (4, 6)
    assert matrix.dtype == np.float32
    assert np.allclose(matrix.matvec(x), MATRIX @ x, atol=1e-5)
    assert np.allclose(matrix.rmatvec(y), MATRIX.T @ y, atol=1e-5)
    assert np.allclose(matrix.matmat(np.stack([x, x], 1)), MATRIX @ np.stack([x, x], 1), atol=1e-5)
    assert np.allclose(matrix.T.matvec(y), MATRIX.T @ y, atol=1e-5)
    assert np.allclose(matrix.H.matmat(np.stack([y, y], 1))[:, 0], MATRIX.T @ y, atol=1e-5)
    assert np.allclose(matrix * x, MATRIX @ x, atol=1e-5)
    assert np.allclose(matrix.dot(x), MATRIX @ x, atol=1e-5)


def test_solver_of_scipy_takes_it():
    square = np.eye(5) * 3 + np.random.default_rng(3).normal(size=(5, 5)) * 0.2
    solution, status = gmres(AnalogMatrix(square, FloatingPointRPUConfig()), np.ones(5), rtol=1e-5)
    assert status == 0
    assert np.allclose(square @ solution, 1.0, atol=1e-3)


def test_rank_update(matrix):
    x, d = torch.randn(3, 6), torch.randn(3, 4)
    matrix.ger(x, d, alpha=0.1)
    assert np.allclose(matrix.get_matrix(), MATRIX + 0.1 * (d.t() @ x).numpy(), atol=1e-5)


def test_bad_operands_are_refused(matrix):
    with pytest.raises(ValueError, match=r"x must have shape \[6\]"):
        matrix @ np.ones(4)
    with pytest.raises(ValueError, match="matrix must have 2 dimensions"):
        AnalogMatrix(np.ones(4), CONFIGS["exact"])
    with pytest.raises(TypeError, match="rpu_config"):
        AnalogMatrix(MATRIX, None)


def test_realistic_writing_differs_from_the_target():
    torch.manual_seed(0)
    target = torch.empty(10, 10).uniform_(-0.3, 0.3)
    written = AnalogMatrix(target, SingleRPUConfig(), realistic=True).get_matrix()
    assert not torch.equal(written, target)
    assert float((written - target).abs().mean()) < 0.05
