import pytest
import torch
from scipy import stats

from synaptensor.testing import (
    assert_frequency,
    assert_mean,
    assert_same_distribution,
    assert_variance,
)

N = 20_000


@pytest.fixture
def normal():
    return torch.randn(N, dtype=torch.float64)


def test_the_right_mean_is_accepted_and_its_deviation_returned(normal):
    sigmas = assert_mean(3 + 2 * normal, 3.0)
    expected, _ = stats.ttest_1samp((3 + 2 * normal).numpy(), 3.0)
    assert sigmas == pytest.approx(expected, rel=1e-12)


def test_a_wrong_mean_is_refused_with_the_limit(normal):
    with pytest.raises(AssertionError, match=r"the mean is .*, expected 0.1: -1\d\.\d+ standard"):
        assert_mean(normal, 0.1)
    assert_mean(normal, 0.1, z=20.0)


def test_nan_is_never_accepted():
    samples = torch.full((10,), float("nan"))
    with pytest.raises(AssertionError, match="nan"):
        assert_mean(samples, 0.0)
    with pytest.raises(AssertionError, match="nan"):
        assert_variance(samples, 0.0)
    with pytest.raises(AssertionError):
        assert_same_distribution(samples, torch.special.ndtr)


def test_constants_have_their_mean_only():
    assert assert_mean(torch.ones(5), 1.0) == 0.0
    with pytest.raises(AssertionError, match="inf standard errors"):
        assert_mean(torch.ones(5), 1.1)


def test_variance(normal):
    assert abs(assert_variance(2 * normal, 4.0)) < 3
    with pytest.raises(AssertionError, match="the variance is"):
        assert_variance(2 * normal, 3.5)


def test_variance_deviations_are_standard_normal_for_a_skewed_distribution():
    samples = torch.empty(400, N // 4, dtype=torch.float64).exponential_()
    sigmas = torch.tensor([assert_variance(row, 1.0, z=100.0) for row in samples])
    assert 0.85 < sigmas.std() < 1.2
    assert sigmas.abs().max() < 5


def test_frequency():
    hits = torch.rand(N) < 0.2
    sigmas = assert_frequency(hits, 0.2)
    assert assert_frequency(int(hits.sum()), 0.2, trials=N) == sigmas
    with pytest.raises(AssertionError, match="the frequency is"):
        assert_frequency(hits, 0.25)
    with pytest.raises(ValueError, match="`trials` must be an integer >= 1"):
        assert_frequency(3, 0.5)
    with pytest.raises(ValueError, match=r"`probability` must be in \(0.0, 1.0\)"):
        assert_frequency(hits, 1.0)


def test_distributions_agree_with_scipy(normal):
    other = torch.randn(N // 2, dtype=torch.float64)
    expected = stats.ks_2samp(normal.numpy(), other.numpy(), method="asymp").pvalue
    assert assert_same_distribution(normal, other) == pytest.approx(expected, abs=0.01)
    expected = stats.ks_1samp(normal.numpy(), stats.norm.cdf).pvalue
    assert assert_same_distribution(normal, torch.special.ndtr) == pytest.approx(expected, abs=0.01)


def test_other_distributions_are_refused(normal):
    for other in (normal + 0.1, normal * 1.2, torch.rand(N) * 2 - 1):
        with pytest.raises(AssertionError, match="the distributions differ"):
            assert_same_distribution(other, torch.randn(N))
    with pytest.raises(AssertionError, match=r"below 5\.73e-07"):
        assert_same_distribution(normal + 0.1, torch.special.ndtr)


def test_one_sample_is_too_few():
    with pytest.raises(ValueError, match="`samples` must hold at least 2 numbers, got 1"):
        assert_mean(torch.ones(1), 1.0)
