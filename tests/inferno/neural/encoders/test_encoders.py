"""Statistics and limits of spike trains."""

import math

import pytest
import torch

from inferno import neural

COUNT, STEPS = 4000, 200


def trains(encoder, intensity: float = 1.0, online: bool = False) -> torch.Tensor:
    torch.manual_seed(5)
    out = encoder(torch.full((COUNT,), intensity), online=online)
    return torch.stack(list(out)) if online else out


def assert_rate(
    spikes: torch.Tensor, expected: float, dt: float = 1.0, spread: float = 1.0
) -> None:
    """Refuses rates, in Hz, further from the expected ones than five standard errors."""
    chance = expected * dt / 1000
    for part, samples in ((spikes, spikes.numel()), (spikes[0], COUNT), (spikes[-1], COUNT)):
        error = math.sqrt(chance * (1 - chance) / samples) * spread
        assert abs(part.float().mean().item() - chance) < 5 * error


@pytest.mark.parametrize("online", [False, True])
@pytest.mark.parametrize("refrac", [None, 4.0, 0.0])
def test_compensated_trains_have_the_rate_in_every_step(online: bool, refrac) -> None:
    encoder = neural.HomogeneousPoissonEncoder(STEPS, 1.0, 100.0, refrac=refrac)
    spikes = trains(encoder, online=online)
    assert spikes.shape == (STEPS, COUNT)
    assert spikes.dtype == torch.bool
    # without a dead time two events can fall into one step
    merged = 1000 * (1 - math.exp(-0.1)) if refrac == 0.0 else 100.0
    assert_rate(spikes, merged)


@pytest.mark.parametrize("online", [False, True])
def test_uncompensated_trains_are_slowed_by_the_refractory_period(online: bool) -> None:
    encoder = neural.HomogeneousPoissonEncoder(STEPS, 1.0, 100.0, refrac=5.0, compensate=False)
    assert_rate(trains(encoder, online=online), 1000 / (10 + 5))


def test_refractory_period_keeps_spikes_apart() -> None:
    encoder = neural.HomogeneousPoissonEncoder(STEPS, 0.5, 150.0, refrac=3.0)
    spikes = trains(encoder)
    for lag in range(1, 6):
        assert not (spikes[lag:] & spikes[:-lag]).any()
    assert (spikes[6:] & spikes[:-6]).any()


@pytest.mark.parametrize("online", [False, True])
def test_approximate_trains_are_independent_from_step_to_step(online: bool) -> None:
    spikes = trains(neural.HomogeneousPoissonApproxEncoder(STEPS, 1.0, 100.0), online=online)
    assert_rate(spikes, 100.0)
    both = (spikes[1:] & spikes[:-1]).float().mean().item()
    assert both == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize("online", [False, True])
def test_poisson_intervals_have_mean_and_variance_of_a_poisson_count(online: bool) -> None:
    spikes = trains(neural.PoissonIntervalEncoder(STEPS, 1.0, 50.0), online=online)
    gaps = [s.nonzero().squeeze(-1).diff() for s in spikes[:120].t()]
    gaps = torch.cat(gaps).float()
    assert spikes[-1].float().mean() < 0.2
    assert gaps.mean().item() == pytest.approx(20.0, abs=0.4)
    assert gaps.var().item() == pytest.approx(20.0, rel=0.1)


@pytest.mark.parametrize(
    "name",
    ["HomogeneousPoissonEncoder", "HomogeneousPoissonApproxEncoder", "PoissonIntervalEncoder"],
)
def test_dark_inputs_never_spike_and_seeds_repeat(name: str) -> None:
    generator = torch.Generator().manual_seed(3)
    encoder = getattr(neural, name)(50, 1.0, 120.0, generator=generator)
    image = torch.rand(3, 8, 8) * (torch.rand(3, 8, 8) > 0.5)
    first = encoder(image)
    assert first.shape == (50, 3, 8, 8)
    assert not first[:, image == 0].any()
    generator.manual_seed(3)
    assert torch.equal(encoder(image), first)


def test_rates_that_leave_no_room_for_the_refractory_period_are_refused() -> None:
    with pytest.raises(ValueError, match="frequency"):
        neural.HomogeneousPoissonEncoder(10, 1.0, 300.0, refrac=5.0)
    encoder = neural.HomogeneousPoissonEncoder(10, 1.0, 100.0, refrac=5.0)
    with pytest.raises(ValueError, match="frequency"):
        encoder.frequency = 300.0
    assert encoder.frequency == 100.0
    with pytest.raises(ValueError, match="inputs"):
        encoder(torch.tensor([3.0]))
    with pytest.raises(ValueError, match="nonnegative"):
        encoder(torch.tensor([-0.5]))


def test_settings_follow_each_other() -> None:
    encoder = neural.HomogeneousPoissonEncoder(10, 1.0, 100.0)
    encoder.dt = 0.5
    assert encoder.refrac == 0.5
    assert encoder.duration == 5.0
    encoder.refrac = 2.0
    encoder.refrac = None
    assert encoder.refrac == 0.5
    approx = neural.HomogeneousPoissonApproxEncoder(10, 1.0, 100.0)
    approx.frequency = 20.0
    assert approx.frequency == 20.0
