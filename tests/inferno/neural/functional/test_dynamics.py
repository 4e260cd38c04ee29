"""Pure steps of neurons: values, masks, and compilation as one graph."""

import pytest
import torch

from inferno.neural import functional as F


def test_linear_integration_is_exact_for_a_constant_current() -> None:
    options = {"time_constant": 20.0, "rest_v": -60.0, "resistance": 2.0}
    current, voltage = torch.tensor([3.0]), torch.tensor([-55.0])
    whole = F.voltage_integration_linear(current, voltage, step_time=4.0, **options)
    for _ in range(4):
        voltage = F.voltage_integration_linear(current, voltage, step_time=1.0, **options)
    torch.testing.assert_close(voltage, whole)


@pytest.mark.parametrize("held", [False, True])
def test_voltage_dependent_thresholds_follow_their_equation(held: bool) -> None:
    adaptations = torch.tensor([[1.0, 2.0]])
    voltages, spikes = torch.tensor([[-50.0], [-70.0]]), torch.tensor([[False], [True]])
    got = F.adaptive_thresholds_linear_voltage(
        adaptations,
        voltages,
        step_time=0.5,
        rest_v=-60.0,
        adapt_rate=0.1,
        rebound_rate=torch.tensor([0.2, 0.4]),
        adapt_reset_min=1.5,
        spikes=spikes,
        refracs=torch.tensor([[0.0], [2.0]]) if held else None,
    )
    first = [1.0 + 0.5 * (1.0 - 0.2), 2.0 + 0.5 * (1.0 - 0.8)]
    second = [1.5, 2.0] if held else [1.5, 1.5]
    assert got.shape == (2, 1, 2)
    assert got[0, 0].tolist() == pytest.approx(first)
    assert got[1, 0].tolist() == pytest.approx(second)


def test_adaptations_apply_with_opposite_signs() -> None:
    adaptations = torch.tensor([[1.0, 2.0], [0.5, 0.0]])
    current = F.apply_adaptive_currents(torch.ones(3, 2), adaptations)
    assert current[0].tolist() == [-2.0, 0.5]
    assert F.apply_adaptive_thresholds(-50.0, adaptations).tolist() == [-47.0, -49.5]


def step(inputs, refracs, voltages, adaptations):
    threshold = F.apply_adaptive_thresholds(-50.0, adaptations)
    spikes, voltages, refracs = F.voltage_thresholding_constant(
        inputs,
        refracs,
        lambda x: F.voltage_integration_exponential(
            x,
            voltages,
            step_time=1.0,
            rest_v=-60.0,
            rheobase_v=-55.0,
            sharpness=1.5,
            time_constant=20.0,
            resistance=1.0,
        ),
        voltages,
        step_time=1.0,
        reset_v=-65.0,
        thresh_v=threshold,
        refrac_t=2.0,
    )
    adaptations = F.adaptive_thresholds_linear_spike(
        adaptations,
        spikes,
        step_time=1.0,
        time_constant=torch.tensor([10.0]),
        spike_increment=1.0,
        refracs=refracs,
    ).mean(0)
    return spikes, voltages, refracs, adaptations


def test_a_step_compiles_as_one_graph() -> None:
    torch.manual_seed(0)
    state = 200 * torch.rand(4, 3), torch.zeros(4, 3), torch.full((4, 3), -60.0), torch.zeros(3, 1)
    compiled = torch.compile(step, fullgraph=True, backend="aot_eager")
    for got, expected in zip(compiled(*state), step(*state), strict=True):
        torch.testing.assert_close(got, expected)
