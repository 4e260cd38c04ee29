import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pynsm.functional import (
    affine_step,
    lateral_map,
    relax,
    relaxation_gradient,
    relaxation_step,
    spectral_norm,
)
from pynsm.functional import blocks as blocks_module
from pynsm.functional.blocks import plan_blocks


def problem(shape=(7, 6, 11), seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    channels = shape[1]
    encoded = torch.randn(shape, generator=generator, dtype=dtype)
    M = torch.eye(channels, dtype=dtype)
    M += 0.2 * torch.randn(channels, channels, generator=generator, dtype=dtype) / channels**0.5
    return encoded, M


def stepwise(encoded, M, step, projection, iterations, tol=0.0):
    """The recursion as written, with the convergence rule of the whole batch."""
    y = torch.zeros_like(encoded)
    for index in range(iterations):
        moved = relaxation_step(y, encoded, M, step, projection)
        stop = index > 0 and bool((moved - y).abs().max() < tol)
        y = moved
        if stop:
            return y, index + 1
    return y, iterations


def test_gradient_is_its_formula_in_any_number_of_dimensions():
    for shape in ((4, 3), (4, 3, 5), (4, 3, 5, 2), (4, 3, 2, 2, 2)):
        encoded, M = problem(shape)
        y = torch.randn_like(encoded)
        expected = torch.einsum("ij,bj...->bi...", M, y) - encoded
        torch.testing.assert_close(relaxation_gradient(y, encoded, M), expected)


def test_affine_step_is_the_gradient_step():
    encoded, M = problem()
    y = torch.rand_like(encoded)
    got = affine_step(y, 0.3 * encoded, lateral_map(M, 0.3), torch.relu)
    torch.testing.assert_close(got, relaxation_step(y, encoded, M, 0.3, torch.relu))


def test_spectral_norm_bounds_the_eigenvalues():
    root = torch.randn(5, 5)
    assert spectral_norm(root @ root.T).item() == pytest.approx(
        torch.linalg.eigvalsh((root @ root.T).double())[-1].item(), rel=1e-5
    )
    assert spectral_norm(root) >= torch.linalg.eigvals(root).abs().max() * (1 - 1e-6)


@pytest.fixture
def tiny_cache(monkeypatch):
    """Make a block hold one or two samples, or a part of one."""
    monkeypatch.setattr(blocks_module, "_CACHE_BYTES", 4000)


@given(
    batch=st.integers(1, 9),
    columns=st.integers(0, 60),
    tol=st.sampled_from([0.0, 1e-1, 1e-3, 1e-6]),
    iterations=st.integers(1, 40),
    projection=st.sampled_from([None, torch.relu]),
    cache=st.sampled_from([300, 4000, 20_000, 10**7]),
    seed=st.integers(0, 1000),
)
def test_blocks_give_the_numbers_of_the_recursion(
    batch, columns, tol, iterations, projection, cache, seed
):
    shape = (batch, 4, columns) if columns else (batch, 4)
    encoded, M = problem(shape, seed)
    expected, count = stepwise(encoded, M, 0.6, projection, iterations, tol)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks_module, "_CACHE_BYTES", cache)
        result = relax(
            encoded, M, step=0.6, projection=projection, max_iterations=iterations, tol=tol
        )
    torch.testing.assert_close(result.y, expected, rtol=1e-9, atol=1e-10)
    assert result.iterations == count


@pytest.mark.usefixtures("tiny_cache")
def test_samples_in_blocks_stop_by_themselves():
    encoded, M = problem((9, 6, 11))
    options = {"step": 0.5, "projection": torch.relu, "max_iterations": 100, "tol": 1e-4}
    result = relax(encoded, M, convergence="sample", **options)
    assert len(set(result.sample_iterations.tolist())) > 1
    for index in range(9):
        y, count = stepwise(encoded[index : index + 1], M, 0.5, torch.relu, 100, 1e-4)
        torch.testing.assert_close(result.y[index : index + 1], y)
        assert int(result.sample_iterations[index]) == count


@given(
    batch=st.integers(1, 50),
    channels=st.integers(1, 70),
    columns=st.integers(1, 300),
    cache=st.sampled_from([100, 5000, 100_000, 10**8]),
    split=st.booleans(),
)
def test_blocks_cover_every_element_once(batch, channels, columns, cache, split):
    planes = torch.zeros(batch, channels, columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks_module, "_CACHE_BYTES", cache)
        blocks = plan_blocks(planes, split_samples=split)
    for block in blocks:
        block.of(planes).add_(1)
    assert (planes == 1).all()
    if not split:
        assert all(block.columns == slice(0, columns) for block in blocks)


def test_a_settled_block_stops_early_without_changing_a_bit(monkeypatch):
    from pynsm.functional.step_operator import StepOperator

    encoded, _ = problem((5, 6, 4), dtype=torch.float32)
    M, calls = torch.eye(6), []
    original = StepOperator.advance
    monkeypatch.setattr(StepOperator, "advance", lambda *args: calls.append(1) or original(*args))
    result = relax(encoded, M, projection=torch.relu, max_iterations=1000)
    assert torch.equal(result.y, encoded.relu())
    assert result.iterations == 1000
    assert len(calls) < 10


def test_closed_form_without_projection():
    encoded, M = problem((30, 6))
    result = relax(encoded, M, step=0.5, max_iterations=200)
    torch.testing.assert_close(result.y, torch.linalg.solve(M, encoded.T).T)
    few = relax(encoded[:2], M, step=0.5, max_iterations=7)
    torch.testing.assert_close(few.y, relax(encoded, M, step=0.5, max_iterations=7).y[:2])


def test_strided_and_expanded_inputs():
    encoded, M = problem((6, 4, 5))
    expected = relax(encoded, M, projection=torch.relu).y
    strided = encoded.permute(2, 1, 0).contiguous().permute(2, 1, 0)
    torch.testing.assert_close(relax(strided, M, projection=torch.relu).y, expected)
    flat = encoded[:, :, :1].expand(-1, -1, 5)
    torch.testing.assert_close(
        relax(flat, M, projection=torch.relu).y,
        relax(flat.contiguous(), M, projection=torch.relu).y,
    )


def test_convergence_by_sample_needs_an_elementwise_projection():
    encoded, M = problem()
    with pytest.raises(ValueError, match="element-wise"):
        relax(encoded, M, projection=lambda y: y, tol=0.1, convergence="sample")


def test_unknown_convergence_is_refused():
    encoded, M = problem()
    with pytest.raises(ValueError, match="`convergence` must be one of"):
        relax(encoded, M, tol=0.1, convergence="samples")


@pytest.mark.parametrize(
    "options",
    [{}, {"tol": 1e-3}, {"tol": 1e-3, "convergence": "sample"}, {"projection": None}],
    ids=["fixed", "batch", "sample", "identity"],
)
def test_compiles_in_one_graph(options):
    encoded, M = problem((5, 4, 6))
    options = {"step": 0.5, "projection": torch.relu, "max_iterations": 30, **options}
    expected = relax(encoded, M, **options)
    torch.compiler.reset()
    compiled = torch.compile(relax, backend="aot_eager", fullgraph=True)
    got = compiled(encoded, M, **options)
    torch.testing.assert_close(got.y, expected.y)
    assert int(got.iterations) == expected.iterations
    if expected.converged is not None:
        assert torch.equal(got.sample_iterations, expected.sample_iterations)
        assert torch.equal(got.converged, expected.converged)


@pytest.mark.gpu
@pytest.mark.parametrize("mode", ["batch", "sample"])
@pytest.mark.parametrize("tol", [0.0, 1e-3])
def test_the_accelerator_gives_the_same_numbers(mode, tol):
    encoded, M = problem((20, 6, 30))
    options = {"step": 0.5, "projection": torch.relu, "tol": tol, "convergence": mode}
    expected = relax(encoded, M, **options)
    got = relax(encoded.cuda(), M.cuda(), **options)
    torch.testing.assert_close(got.y.cpu(), expected.y)
    assert got.iterations == expected.iterations


@pytest.mark.gpu
def test_the_accelerator_asks_a_projection_once_an_iteration():
    encoded, M = problem((20, 6, 30))
    calls = []

    def projection(y):
        calls.append(None)
        return y.relu()

    result = relax(encoded.cuda(), M.cuda(), step=0.5, projection=projection, tol=1e-3)
    assert len(calls) == result.iterations
