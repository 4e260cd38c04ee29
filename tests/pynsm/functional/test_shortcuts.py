"""What the relaxation leaves out or does at once must not change its result."""

import pytest
import torch
from torch import nn

from pynsm.functional import blocks as blocks_module
from pynsm.functional import relax, relaxation_step
from pynsm.functional import relaxation as relaxation_module
from pynsm.functional.moving import find_moving
from pynsm.functional.step_operator import StepOperator

ITERATIONS = 20


@pytest.fixture(autouse=True)
def small_cache(monkeypatch):
    """Cut even small batches into blocks."""
    monkeypatch.setattr(blocks_module, "_CACHE_BYTES", 20_000)


def images(silent=0.5, dtype=torch.float32, shape=(13, 6, 5, 9)):
    """Encodings of images of which a share of the positions is blank, more or less a sample."""
    generator = torch.Generator().manual_seed(0)
    encoded = torch.randn(shape, generator=generator, dtype=dtype)
    share = silent * torch.linspace(0.5, 1.5, shape[0]).view(-1, 1, 1, 1)
    blank = torch.rand(shape[0], 1, *shape[2:], generator=generator) < share
    return encoded.masked_fill_(blank, 0.0)


def lateral(channels=6, scale=0.2, dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(channels, channels, generator=generator, dtype=dtype)
    return torch.eye(channels, dtype=dtype) + scale * noise


def stepwise(encoded, M, projection, step=1.0):
    y = torch.zeros_like(encoded)
    for _ in range(ITERATIONS):
        y = relaxation_step(y, encoded, M, step, projection)
    return y


def operator(encoded, M, projection=torch.relu, step=1.0):
    return StepOperator(torch.eye(len(M)) - step * M, step, projection, encoded.shape)


@pytest.mark.parametrize(
    "projection", [nn.ReLU(), torch.relu, nn.ReLU6(), torch.tanh, nn.Hardshrink(0.3)]
)
@pytest.mark.parametrize("step", [1.0, 0.4, -0.2])
def test_silent_positions_change_nothing(projection, step, monkeypatch):
    iterated = []
    run = relaxation_module._run

    def counting(planes, *args):
        iterated.append(planes.shape[0] * planes.shape[2])
        return run(planes, *args)

    monkeypatch.setattr(relaxation_module, "_run", counting)
    encoded, M = images(dtype=torch.float64), lateral(dtype=torch.float64)
    result = relax(encoded, M, projection=projection, step=step, max_iterations=ITERATIONS)
    torch.testing.assert_close(result.y, stepwise(encoded, M, projection, step))
    assert not result.y.movedim(1, -1)[(encoded == 0).all(1)].any()
    assert sum(iterated) < 0.75 * encoded.shape[0] * 45


def test_positions_of_every_sample_are_found():
    encoded = images()
    moving = find_moving(encoded.flatten(2), operator(encoded, lateral()), ITERATIONS)
    expected = (encoded.flatten(2) > 0).any(1)
    assert moving.counts.tolist() == expected.sum(1).tolist()
    for order, count, of_sample in zip(moving.order, moving.counts, expected, strict=True):
        assert order[:count].tolist() == of_sample.nonzero()[:, 0].tolist()


@pytest.mark.parametrize(
    ("silent", "projection", "iterations"),
    [(0.0, torch.relu, 40), (0.5, torch.sigmoid, 40), (0.5, torch.relu, 5)],
)
def test_positions_are_left_alone_where_little_can_be_gained(silent, projection, iterations):
    encoded = images(silent)
    step = operator(encoded, lateral(), projection)
    assert find_moving(encoded.flatten(2), step, iterations) is None


def test_a_blank_batch_stays_blank():
    encoded = torch.zeros(13, 6, 45)
    result = relax(encoded, lateral(), projection=torch.relu, max_iterations=ITERATIONS)
    assert torch.equal(result.y, encoded)


def test_not_a_number_is_not_silent():
    encoded, M = images(), lateral()
    blank = (encoded[3] == 0).all(0).nonzero()[0]
    encoded[3, :, blank[0], blank[1]] = torch.nan
    y = relax(encoded, M, projection=torch.relu, max_iterations=ITERATIONS).y
    assert y[3, :, blank[0], blank[1]].isnan().all()
    assert y.isnan().sum() == 6
    M[2, 4] = torch.nan
    y = relax(encoded, M, projection=torch.relu, max_iterations=ITERATIONS).y
    torch.testing.assert_close(y, stepwise(encoded, M, torch.relu), equal_nan=True)


@pytest.mark.parametrize("shape", [(13, 6), (13, 6, 45)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_adding_and_rectifying_at_once_changes_nothing(shape, dtype):
    generator = torch.Generator().manual_seed(2)
    encoded = torch.randn(shape, generator=generator, dtype=torch.float64)
    M = lateral(dtype=torch.float64)
    low, low_M = encoded.to(dtype), M.to(dtype)
    step = StepOperator(torch.eye(6, dtype=dtype) - low_M, 1.0, torch.relu, low.shape)
    chosen = step.for_run(low, ITERATIONS)
    assert chosen.in_one_pass == (dtype != torch.bfloat16)
    y = relax(low, low_M, projection=torch.relu, max_iterations=ITERATIONS).y
    tolerance = {torch.float32: 1e-5, torch.float64: 1e-12, torch.bfloat16: 0.1}[dtype]
    torch.testing.assert_close(
        y.double(), stepwise(encoded, M, torch.relu), atol=tolerance, rtol=tolerance
    )


def test_a_circuit_that_explodes_does_so_visibly():
    encoded = torch.rand(4, 6) + 1
    M = -100 * torch.ones(6, 6)
    assert not operator(encoded, M).for_run(encoded, ITERATIONS).in_one_pass
    y = relax(encoded, M, projection=torch.relu, max_iterations=ITERATIONS).y
    assert torch.equal(y, torch.full_like(y, torch.inf))


def test_an_infinite_weight_is_not_rectified_away():
    M = lateral()
    M[2, 4] = torch.inf
    encoded = torch.ones(4, 6)
    encoded[:, 4] = -1.0
    y = relax(encoded, M, projection=torch.relu, max_iterations=ITERATIONS).y
    assert y[:, 2].isnan().all()


def test_bounds_of_endless_runs_are_known_at_once():
    step = operator(torch.rand(4, 6), torch.eye(6) + 0.05)
    assert step.for_run(torch.rand(4, 6), 10**12).in_one_pass
    assert (
        not operator(torch.rand(4, 6), -torch.ones(6, 6))
        .for_run(torch.rand(4, 6), 10**12)
        .in_one_pass
    )
