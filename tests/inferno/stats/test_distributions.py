import math

import pytest
import torch

from inferno import stats
from inferno.stats import LogNormal, Normal, Poisson
from synaptensor.testing import assert_mean, assert_variance

sp = pytest.importorskip("scipy.stats")


def test_interfaces_are_abstract():
    for kind in (stats.Distribution, stats.DiscreteDistribution, stats.ContinuousDistribution):
        with pytest.raises(TypeError, match="abstract"):
            kind()
        for name in ("sample", "mean", "variance", "validate"):
            with pytest.raises(NotImplementedError):
                getattr(kind, name)()
    Normal()


@pytest.mark.parametrize("rate", [0.3, 2.0, 15.0])
def test_poisson_equals_scipy(rate):
    support = torch.arange(0.0, 30.0, dtype=torch.float64)
    reference = sp.poisson(rate)
    for name in ("pmf", "logpmf", "cdf", "logcdf"):
        got = getattr(Poisson, name)(support, rate)
        expected = torch.from_numpy(getattr(reference, name)(support.numpy()))
        torch.testing.assert_close(got, expected)


def test_poisson_numbers():
    assert Poisson.pmf(3, 2).item() == pytest.approx(0.1804, abs=5e-5)
    assert Poisson.cdf(3, 2).item() == pytest.approx(0.8571, abs=5e-5)
    assert Poisson.cdf(3.7, 2).item() == Poisson.cdf(3, 2).item()
    assert Poisson.mean(2).item() == Poisson.variance(2).item() == 2


@pytest.mark.parametrize(
    ("distribution", "make"),
    [
        (Normal, lambda m, s: sp.norm(m, s)),
        (LogNormal, lambda m, s: sp.lognorm(s=s, scale=math.exp(m))),
    ],
)
@pytest.mark.parametrize(("loc", "scale"), [(0.0, 1.0), (0.7, 0.4)])
def test_continuous_distributions_equal_scipy(distribution, make, loc, scale):
    support = torch.linspace(0.05, 6.0, 40, dtype=torch.float64)
    for name in ("pdf", "logpdf", "cdf", "logcdf"):
        got = getattr(distribution, name)(support, loc, scale)
        expected = torch.from_numpy(getattr(make(loc, scale), name)(support.numpy()))
        torch.testing.assert_close(got, expected)


def test_tails_of_the_normal_distribution():
    assert Normal.logpdf(50.0, 0.0, 1.0).item() == pytest.approx(-1250.9189)
    assert Normal.logcdf(-20.0, 0.0, 1.0).item() == pytest.approx(-203.9172, rel=1e-5)


def test_moments():
    assert Normal.mean(2.0).item() == 2
    assert Normal.variance(3.0).item() == 9
    loc, scale = LogNormal.params_mv(2, 3)
    assert (loc.item(), scale.item()) == pytest.approx((0.4133, 0.7481), abs=5e-5)
    assert LogNormal.mean(loc, scale).item() == pytest.approx(2)
    assert LogNormal.variance(loc, scale).item() == pytest.approx(3)
    assert [x.item() for x in Normal.params_mv(2, 9)] == [2, 3]


@pytest.mark.parametrize(
    ("draw", "mean", "variance"),
    [
        (lambda n: Poisson.sample(torch.full((n,), 4.0)), 4, 4),
        (lambda n: Normal.sample(torch.full((n,), 2.0), 3.0), 2, 9),
        (lambda n: Normal.sample_mv(torch.full((n,), 2.0), 9.0), 2, 9),
        (lambda n: LogNormal.sample_mv(torch.full((n,), 2.0), 0.5), 2, 0.5),
    ],
)
def test_samples_have_the_moments(draw, mean, variance):
    samples = draw(100_000)
    assert_mean(samples, mean)
    assert_variance(samples, variance)


def test_samples_draw_from_their_generator():
    for draw in (
        lambda g: Poisson.sample(torch.ones(5), g),
        lambda g: Normal.sample(torch.ones(5), 2.0, g),
        lambda g: LogNormal.sample(torch.ones(5), 2.0, g),
    ):
        state = torch.get_rng_state()
        first = draw(torch.Generator().manual_seed(1))
        assert torch.equal(first, draw(torch.Generator().manual_seed(1)))
        assert torch.equal(torch.get_rng_state(), state)


def test_types_of_arguments():
    assert Normal.pdf(torch.zeros(2, dtype=torch.float64), 0, 1).dtype == torch.float64
    assert Normal.pdf(0, 0, 1).dtype == torch.float32
    beside_integers = Poisson.pmf(torch.tensor([3]), 2.5)
    assert beside_integers.item() == pytest.approx(sp.poisson(2.5).pmf(3), rel=1e-5)
    with pytest.raises(NotImplementedError):
        Poisson.sample(torch.tensor([3]))


def test_validation_of_arguments():
    assert Poisson.validate(2.0, 3.5) == {"rate": True, "support": False}
    assert Poisson.validate() == {"rate": None, "support": None}
    assert Normal.validate(0.0, -1.0, math.inf) == {"loc": True, "scale": False, "support": False}
    support = LogNormal.validate(support=torch.tensor([1.0, -1.0, math.nan]))["support"]
    assert support.tolist() == [True, False, False]
