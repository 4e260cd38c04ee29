import inspect

import pytest
import torch

from inferno import Module, RecordTensor, functional

CASES = {
    functional.interp_previous: (lambda p, n, t, dt: p, {}),
    functional.interp_next: (lambda p, n, t, dt: n, {}),
    functional.interp_nearest: (lambda p, n, t, dt: torch.where(t / dt > 0.5, n, p), {}),
    functional.interp_linear: (lambda p, n, t, dt: p + (n - p) / dt * t, {}),
    functional.interp_expdecay: (lambda p, n, t, dt: p * torch.exp(-t / 25), {"time_constant": 25}),
    functional.interp_expratedecay: (
        lambda p, n, t, dt: p * torch.exp(-t * 0.04),
        {"rate_constant": 0.04},
    ),
}


@pytest.mark.parametrize("interp", CASES)
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dt", [0.5, 1.0, 1.3])
def test_formula_alone_and_through_a_record(interp, fraction, dt):
    formula, kwargs = CASES[interp]
    older, newer = torch.rand(5, 4), torch.rand(5, 4)
    selector = torch.full((5, 4), fraction * dt)
    elapsed = dt - selector
    expected = formula(older, newer, elapsed, dt)
    assert torch.equal(interp(older, newer, elapsed, dt, **kwargs, unused=1), expected)
    module = Module()
    nothing = torch.full((5, 4), float("nan"))
    RecordTensor.create(module, "x", dt, dt, nothing, inclusive=True)
    module.x.push(older)
    module.x.push(newer)
    got = module.x.select(selector, interp, interp_kwargs=kwargs)
    # the record takes the time from the quotient, which rounds once more
    assert torch.equal(got, formula(older, newer, dt - dt * (selector / dt % 1), dt))
    torch.testing.assert_close(got, expected, rtol=0, atol=2e-7)


def test_neighbours_are_passed_on():
    older, newer, at = torch.rand(2), torch.rand(2), torch.rand(2)
    assert functional.interp_previous(older, newer, at, 1.0) is older
    assert functional.interp_next(older, newer, at, 1.0) is newer


def test_required_keywords():
    for interp in (functional.interp_expdecay, functional.interp_expratedecay):
        with pytest.raises(TypeError, match="constant"):
            interp(torch.rand(2), torch.rand(2), torch.rand(2), 1.0)
    with pytest.raises(RuntimeError):
        functional.interp_linear(torch.ones(1).bool(), torch.ones(1).bool(), torch.ones(1), 1.0)


@pytest.mark.parametrize("interp", CASES)
def test_interpolations_compile_whole(interp):
    torch.compiler.reset()
    kwargs = CASES[interp][1]
    args = torch.rand(3), torch.rand(3), torch.rand(3)
    compiled = torch.compile(
        lambda p, n, t: interp(p, n, t, 1.0, **kwargs) + 0, fullgraph=True, backend="eager"
    )
    assert torch.equal(compiled(*args), interp(*args, 1.0, **kwargs))


def test_every_function_has_a_signature_of_its_protocol():
    for name in functional.__all__:
        if name.startswith("interp_"):
            names = list(inspect.signature(getattr(functional, name)).parameters)
            assert names[:4] == ["prev_data", "next_data", "sample_at", "step_time"]
        if name.startswith("extrap_"):
            names = list(inspect.signature(getattr(functional, name)).parameters)
            assert names[:5] == ["sample", "sample_at", "prev_data", "next_data", "step_time"]
