import pytest
import torch

from inferno import functional as F
from inferno.functional import dimreductiion, dimreduction

NAMES = dimreduction.__all__
NAN, INF = float("nan"), float("inf")


def data(*shape):
    return torch.rand(shape or (3, 4, 5)) + 0.1


def test_names_under_both_paths():
    assert all(getattr(F, n) is getattr(dimreductiion, n) for n in NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", [None, 1, -1, (0, 2), (-1, 1), (0, 1, 2)])
def test_shapes_and_equality_to_a_flattened_reduction(name, dim):
    x, reduce = data(), getattr(F, name)
    dims = range(3) if dim is None else {d % 3 for d in (dim if isinstance(dim, tuple) else (dim,))}
    kept = [d for d in range(3) if d not in dims]
    flat = x.permute(*kept, *dims).reshape(*(x.shape[d] for d in kept), -1)
    expected = reduce(flat, -1)
    got = reduce(x, dim)
    torch.testing.assert_close(got, expected)
    same = reduce(x, dim, True)
    assert same.shape == tuple(x.shape[d] if d in kept else 1 for d in range(3))
    torch.testing.assert_close(same.flatten(), got.flatten())


def test_sums_and_means():
    x = torch.tensor([1.0, 2.0, NAN])
    assert F.nansum(x).item() == 3
    assert F.nanmean(x).item() == 1.5
    assert F.sum(x).isnan()
    assert F.mean(x).isnan()
    assert F.divsum(torch.tensor([1.0, 2.0]), denom=6).item() == 0.5
    assert F.nandivsum(x, denom=6).item() == 0.5


@pytest.mark.parametrize(
    ("values", "least", "greatest"),
    [
        ([1.0, -5.0], 1, -5),
        ([-1.0, 5.0], -1, 5),
        ([0.0, -3.0], 0, -3),
        ([2.0, -2.0], -2, 2),
        ([-1.0, -2.0], -1, -2),
        ([3, -4], 3, -4),
    ],
)
def test_extremes_of_magnitude_keep_their_sign(values, least, greatest):
    x = torch.tensor(values)
    assert F.absmin(x).item() == least
    assert F.absmax(x).item() == greatest


def test_extremes_of_magnitude_pass_nan_on():
    x = torch.tensor([[1.0, NAN], [2.0, -3.0]])
    assert F.absmin(x, 1).isnan().tolist() == [True, False]
    assert F.absmax(x, 1).isnan().tolist() == [True, False]


def test_quantiles():
    x = torch.tensor([1.0, 2.0, 3.0, 10.0])
    assert F.median(x).item() == 2.5
    assert F.quantile(x, interpolation="lower").item() == 2
    assert F.quantile(x, q=1.0).item() == 10
    assert F.nanmedian(torch.tensor([1.0, NAN, 3.0])).item() == 2
    assert F.median(torch.tensor([1.0, NAN, 3.0])).isnan()
    several = F.quantile(data(), (0, 2), True, q=torch.tensor([0.1, 0.9]))
    assert several.shape == (2, 1, 4, 1)
    with pytest.raises(RuntimeError):
        F.quantile(x, interpolation="lowest")


@pytest.mark.parametrize(
    ("values", "geo", "nangeo"),
    [
        ([1.0, 4.0], 2, 2),
        ([1.0, 1.0], 1, 1),
        ([0.0, 2.0, 8.0], 4, 4),
        ([0.0, 0.0], 0, 0),
        ([2.0, NAN, 8.0], NAN, 4),
        ([2.0, -1.0, 8.0], NAN, 4),
        ([2.0, INF], INF, INF),
        ([NAN, NAN], NAN, 0),
    ],
)
def test_geometric_means(values, geo, nangeo):
    x = torch.tensor(values)
    for function, expected in ((F.geomean, geo), (F.nangeomean, nangeo)):
        expected = torch.tensor(float(expected))
        torch.testing.assert_close(function(x), expected, equal_nan=True)


def test_geometric_mean_of_integers_is_floating():
    assert F.geomean(torch.tensor([1, 4])).item() == pytest.approx(2.0)


def test_gradient_of_the_geometric_mean_next_to_zero():
    x = torch.tensor([0.0, 2.0, 8.0], requires_grad=True)
    F.geomean(x).backward()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize("name", NAMES)
def test_reductions_compile_whole(name):
    torch.compiler.reset()
    reduce, x = getattr(F, name), data()
    compiled = torch.compile(lambda t: reduce(t, 1), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x), reduce(x, 1))
