"""The fused relaxation gives the numbers of the general one, and is used where it may be."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from pynsm import SimilarityMatching
from pynsm.arch.fused import obstacle_to_fusion
from pynsm.arch.multi import MultiSimilarityMatching


def circuit(channels=6, spatial=False, seed=0, spread=0.3, **options):
    generator = torch.Generator().manual_seed(seed)
    encoder = nn.Conv2d(2, channels, 3) if spatial else nn.Linear(7, channels)
    options.setdefault("iteration_projection", nn.ReLU())
    model = SimilarityMatching(encoder, channels, **options)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
        noise = torch.rand(channels, channels, generator=generator) - 0.5
        model.competitor.weight.add_(spread * noise)
    return model


def data(batch, spatial, seed=0):
    generator = torch.Generator().manual_seed(seed + 100)
    shape = (batch, 2, 6, 5) if spatial else (batch, 7)
    return torch.randn(shape, generator=generator)


def both(x, **options):
    """Return outputs and models of the fused and of the general relaxation."""
    fused = circuit(relaxation="fused", **options)
    general = circuit(relaxation="general", **options)
    return fused(x), general(x), fused, general


PROJECTIONS = [
    None,
    nn.Identity(),
    nn.ReLU(),
    nn.ReLU(inplace=True),
    nn.Hardtanh(-0.5, 0.5),
    nn.Softshrink(0.1),
    torch.relu,
    torch.tanh,
    lambda y: y.clamp(0, 0.7),
    lambda y: y / y.norm(dim=1, keepdim=True).clamp_min(1),
    lambda y: y - y.mean(0, keepdim=True),
]


@given(
    channels=st.integers(1, 9),
    batch=st.integers(1, 12),
    spatial=st.booleans(),
    step=st.sampled_from([1.0, 0.3, 0.05]),
    iterations=st.integers(0, 30),
    projection=st.sampled_from(PROJECTIONS),
    scaling=st.sampled_from(["none", "spectral"]),
    seed=st.integers(0, 10_000),
)
def test_a_fixed_number_of_iterations(
    channels, batch, spatial, step, iterations, projection, scaling, seed
):
    fused, general, *models = both(
        data(batch, spatial, seed),
        channels=channels,
        spatial=spatial,
        seed=seed,
        iteration_lr=step,
        max_iterations=iterations,
        iteration_projection=projection,
        step_scaling=scaling,
    )
    torch.testing.assert_close(fused, general, rtol=1e-4, atol=1e-5)
    assert models[0].iteration_idx == models[1].iteration_idx == iterations - 1


@given(
    channels=st.integers(1, 9),
    batch=st.integers(1, 12),
    spatial=st.booleans(),
    step=st.sampled_from([1.0, 0.3]),
    tol=st.sampled_from([3e-1, 1e-2, 1e-4]),
    projection=st.sampled_from(PROJECTIONS[:8]),
    mode=st.sampled_from(["batch", "sample"]),
    seed=st.integers(0, 10_000),
)
def test_until_a_tolerance_is_met(channels, batch, spatial, step, tol, projection, mode, seed):
    # Double precision, so that both ways decide alike.
    x = data(batch, spatial, seed).double()
    options = {
        "channels": channels,
        "spatial": spatial,
        "seed": seed,
        "iteration_lr": step,
        "max_iterations": 60,
        "iteration_projection": projection,
        "tol": tol,
        "convergence": mode,
    }
    fused = circuit(relaxation="fused", **options).double()
    general = circuit(relaxation="general", **options).double()
    torch.testing.assert_close(fused(x), general(x), rtol=1e-9, atol=1e-10)
    assert fused.iteration_idx == general.iteration_idx
    assert torch.equal(fused.sample_iterations, general.sample_iterations)
    assert torch.equal(fused.converged_samples, general.converged_samples)


def test_the_whole_batch_waits_for_its_slowest_sample():
    model = circuit(tol=1e-3, iteration_lr=0.3, max_iterations=200)
    x = data(8, False)
    y = model(x)
    together = model.iteration_idx
    alone = []
    for sample in x:
        model(sample[None])
        alone.append(model.iteration_idx)
    assert together == max(alone)
    assert len(set(alone)) > 1
    assert model.converged_samples.all()
    assert y.shape == (8, 6)


def test_samples_that_stop_by_themselves_do_not_depend_on_the_others():
    for relaxation in ("fused", "general"):
        model = circuit(
            tol=1e-3,
            iteration_lr=0.3,
            max_iterations=200,
            convergence="sample",
            relaxation=relaxation,
        )
        x = data(8, False)
        y, counts = model(x), model.sample_iterations.clone()
        assert len(set(counts.tolist())) > 1
        assert model.iteration_idx == int(counts.max()) - 1
        for index, sample in enumerate(x):
            torch.testing.assert_close(model(sample[None])[0], y[index], rtol=1e-5, atol=1e-6)
            assert int(model.sample_iterations) == int(counts[index])


def test_what_has_not_converged_is_reported():
    for relaxation in ("fused", "general"):
        model = circuit(tol=1e-12, max_iterations=3, relaxation=relaxation)
        model(data(4, False))
        assert not model.converged_samples.any()
        assert model.sample_iterations.tolist() == [3] * 4
        model.tol = 0.0
        model(data(4, False))
        assert model.converged_samples is None
        assert model.sample_iterations is None


def test_the_first_iteration_never_counts_as_converged():
    for relaxation in ("fused", "general"):
        model = circuit(tol=1e9, relaxation=relaxation)
        model(data(4, False))
        assert model.iteration_idx == 1


@pytest.mark.parametrize(
    "options",
    [
        {"iteration_optimizer": torch.optim.Adam, "iteration_lr": 0.05},
        {"it_optim_kwargs": {"momentum": 0.5}, "iteration_lr": 0.1},
        {"it_optim_kwargs": {"weight_decay": 0.1}},
        {
            "iteration_scheduler": torch.optim.lr_scheduler.ExponentialLR,
            "it_sched_kwargs": {"gamma": 0.9},
        },
    ],
)
def test_other_optimizers_take_the_general_way(options):
    model, built = circuit(**options), []
    model.it_construct_optim = _recorded(model.it_construct_optim, built)
    y = model(data(4, False))
    assert len(built) == 1
    assert model.iteration_optimizer is None
    assert torch.isfinite(y).all()
    assert (y >= 0).all()
    with pytest.raises(RuntimeError, match="fused relaxation was asked for, but"):
        circuit(relaxation="fused", **options)(data(4, False))


def _recorded(constructor, built):
    def construct(*args, **kwargs):
        built.append(constructor(*args, **kwargs))
        return built[-1]

    return construct


def test_momentum_follows_its_formula():
    model = circuit(it_optim_kwargs={"momentum": 0.5, "lr": 0.1}, max_iterations=5)
    x = data(4, False)
    drive, M = model.encoder(x).detach(), model.competitor.weight.detach()
    y = velocity = torch.zeros(4, 6)
    for _ in range(5):
        velocity = 0.5 * velocity + y @ M.T - drive
        y = torch.relu(y - 0.1 * velocity)
    torch.testing.assert_close(model(x), y)


def test_plain_options_of_sgd_stay_fused():
    model = circuit(it_optim_kwargs={"momentum": 0, "nesterov": False, "foreach": None})
    assert obstacle_to_fusion(model, MultiSimilarityMatching) is None


@pytest.mark.parametrize("options", [{"momentum": 0.1}, {"lr": torch.tensor(0.1)}, {"lr": -1.0}])
def test_unusual_options_of_sgd_do_not(options):
    model = circuit(it_optim_kwargs=options)
    assert obstacle_to_fusion(model, MultiSimilarityMatching)


@pytest.mark.parametrize(
    "name",
    ["converged", "iteration", "iteration_set_gradients", "pre_iteration", "post_iteration"],
)
def test_overridden_steps_are_called(name):
    class Custom(SimilarityMatching):
        calls = 0

    def method(self, *args, **kwargs):
        Custom.calls += 1
        return getattr(super(Custom, self), name)(*args, **kwargs)

    setattr(Custom, name, method)
    torch.manual_seed(0)
    custom = Custom(nn.Linear(7, 6), 6)
    torch.manual_seed(0)
    plain = SimilarityMatching(nn.Linear(7, 6), 6)
    x = data(4, False)
    torch.testing.assert_close(custom(x), plain(x))
    assert Custom.calls in (1, 40)


def test_a_step_replaced_on_the_object_is_called():
    model = circuit()
    model.converged = lambda *args: model.iteration_idx == 2
    model(data(4, False))
    assert model.iteration_idx == 2


def test_iteration_hooks_are_called_and_removing_them_goes_back():
    model, states = circuit(max_iterations=7), []
    x = data(4, False)
    fused = model(x)
    handle = model.register_iteration_hook("iteration", lambda m: states.append(m.y.clone()) or 0)
    general = model(x)
    handle.remove()
    assert len(states) == 7
    assert torch.equal(states[-1].detach(), general)
    torch.testing.assert_close(fused, general)
    assert obstacle_to_fusion(model, MultiSimilarityMatching) is None


def test_pre_and_post_hooks_do_not_prevent_fusion():
    model, order = circuit(relaxation="fused", max_iterations=3), []
    model.register_iteration_hook("pre", lambda m: order.append(m.iteration_idx))
    model.register_iteration_hook("post", lambda m: order.append((m.iteration_idx, m.y.shape)))
    model(data(4, False))
    assert order == [-1, (2, (4, 6))]


def test_hooked_projections_are_called():
    calls = []
    projection = nn.ReLU()
    projection.register_forward_hook(lambda *_: calls.append(1))
    model = circuit(iteration_projection=projection, max_iterations=5)
    model(data(4, False))
    assert len(calls) == 5


def test_sample_convergence_with_an_unknown_projection_is_general():
    model = circuit(iteration_projection=lambda y: y.clamp(0, 1), tol=1e-3, convergence="sample")
    assert "element-wise" in obstacle_to_fusion(model, MultiSimilarityMatching)
    model(data(4, False))
    assert model.sample_iterations is not None


def test_the_input_is_not_modified():
    for relaxation in ("fused", "general"):
        for projection in PROJECTIONS:
            model = SimilarityMatching(
                nn.Identity(), 6, iteration_projection=projection, relaxation=relaxation
            )
            x = torch.randn(4, 6)
            kept = x.clone()
            model(x)
            assert torch.equal(x, kept)


def test_not_a_number_is_passed_on_and_never_converges():
    for relaxation in ("fused", "general"):
        for mode in ("batch", "sample"):
            model = circuit(
                tol=1e-2,
                max_iterations=60,
                iteration_lr=0.5,
                relaxation=relaxation,
                convergence=mode,
            )
            x = data(4, False)
            x[2] = torch.nan
            y = model(x)
            assert y[2].isnan().all()
            assert not y[[0, 1, 3]].isnan().any()
            assert model.iteration_idx == 59
            assert model.converged_samples.tolist() == [mode == "sample"] * 2 + [False] + [
                mode == "sample"
            ]


def test_an_empty_batch_gives_an_empty_output():
    for relaxation in ("fused", "general"):
        for tol in (0.0, 1e-3):
            model = circuit(relaxation=relaxation, tol=tol)
            assert model(torch.empty(0, 7)).shape == (0, 6)


def test_a_limit_below_one_leaves_the_output_at_zero():
    for relaxation in ("fused", "general"):
        for tol in (0.0, 1e-3):
            for limit in (0, -3):
                model = circuit(relaxation=relaxation, tol=tol)
                model.max_iterations = limit
                assert torch.equal(model(data(4, False)), torch.zeros(4, 6))
                assert model.iteration_idx == -1
                counts = model.sample_iterations
                assert counts is None if tol == 0 else counts.tolist() == [0] * 4


def test_an_iteration_that_a_hook_stops_is_counted():
    model = circuit(tol=1e-9)
    model.register_iteration_hook("iteration", lambda m: m.iteration_idx == 4)
    model(data(4, False))
    assert model.iteration_idx == 4
    assert model.sample_iterations.tolist() == [5] * 4


def test_no_positions_give_an_empty_output():
    for relaxation in ("fused", "general"):
        for tol in (0.0, 1e-3):
            model = SimilarityMatching(nn.Identity(), 4, relaxation=relaxation, tol=tol)
            assert model(torch.empty(2, 4, 0)).shape == (2, 4, 0)
