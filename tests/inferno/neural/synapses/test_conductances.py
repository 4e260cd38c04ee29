"""Conductances and the membranes they drive, against brute-force integration."""

import copy
import math

import numpy as np
import pytest
import torch

from inferno import neural
from inferno.neural import functional
from synaptensor.kernels import use_kernel

LEAKY = {
    "rest_v": -65.0, "reset_v": -65.0, "thresh_v": -50.0, "refrac_t": 2.0, "time_constant": 20.0,
    "resistance": 10.0,
}  # fmt: skip


def make_synapses(**options):
    return {
        "exponential": neural.ExponentialConductance(
            (1,), 0.5, spike_conductance=0.3, time_constant=4.0, **options
        ),
        "dual": neural.DualExponentialConductance(
            (1,), 0.5, spike_conductance=0.3, tc_decay=6.0, tc_rise=1.5, **options
        ),
        "alpha": neural.AlphaConductance(
            (1,), 0.5, spike_conductance=0.3, time_constant=3.0, **options
        ),
    }


def shape_of(kind: str, time: float) -> float:
    if time < 0:
        return 0.0
    if kind == "exponential":
        return 0.3 * math.exp(-time / 4.0)
    if kind == "alpha":
        return 0.3 * time / 3.0 * math.exp(1 - time / 3.0)
    peak = 6.0 * 1.5 / 4.5 * math.log(4.0)
    height = math.exp(-peak / 6.0) - math.exp(-peak / 1.5)
    return 0.3 * (math.exp(-time / 6.0) - math.exp(-time / 1.5)) / height


KINDS = ["exponential", "dual", "alpha"]
SPIKES = (0, 3, 4, 11)


@pytest.mark.parametrize("kind", KINDS)
def test_conductances_have_their_closed_form(kind):
    synapse = make_synapses()[kind].double()
    for step in range(40):
        got = synapse(torch.tensor([[step in SPIKES]])).item()
        expected = sum(shape_of(kind, 0.5 * (step - s)) for s in SPIKES)
        assert got == pytest.approx(expected, rel=1e-12, abs=1e-15)
        assert synapse.conductance.item() == got


@pytest.mark.parametrize("kind", KINDS)
def test_reads_between_steps_have_the_closed_form(kind):
    synapse = make_synapses(delay=10.0)[kind].double()
    for step in range(30):
        synapse(torch.tensor([[step in SPIKES]]))
    times = torch.tensor([[[0.0, 0.1, 0.25, 0.5, 1.7, 3.0, 9.99, 10.0]]]).double()
    got = synapse.current_at(times)
    for time, value in zip(times.flatten(), got.flatten(), strict=True):
        now = 0.5 * 29 - time.item()
        expected = sum(shape_of(kind, now - 0.5 * s) for s in SPIKES)
        assert value.item() == pytest.approx(expected, rel=1e-6)
    assert not synapse.current_at(torch.tensor([[[-1.0, 11.0]]]).double()).any()


@pytest.mark.parametrize("kind", ["dual", "alpha"])
def test_the_greatest_value_is_the_one_given(kind):
    synapse = make_synapses()[kind]
    synapse.dt = 0.01
    path = [synapse(torch.tensor([[step == 0]])).item() for step in range(500)]
    assert max(path) == pytest.approx(0.3, rel=1e-4)


def brute_force(conductances, reversals, current, voltage, dt, fine=200):
    """A leaky membrane with constant conductances, by the classical Runge-Kutta method."""

    def slope(v):
        flow = current + sum(g * (e - v) for g, e in zip(conductances, reversals, strict=True))
        return (-65.0 - v + 10.0 * flow) / 20.0

    h = dt / fine
    for _ in range(fine):
        one = slope(voltage)
        two = slope(voltage + h / 2 * one)
        three = slope(voltage + h / 2 * two)
        voltage += h / 6 * (one + 2 * two + 2 * three + slope(voltage + h * three))
    return voltage


@pytest.mark.parametrize("dt", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("kernel", ["torch", "numba"])
def test_a_step_of_the_membrane_is_exact(dt, kernel):
    neuron = neural.ConductanceLIF((1,), dt, reversal_v=(0.0, -80.0), **LEAKY).double()
    rng, expected = np.random.default_rng(0), -65.0
    with use_kernel(kernel, "inferno"):
        for _ in range(20):
            conductances = rng.uniform(0, 0.02), rng.uniform(0, 0.2)
            current = rng.uniform(-0.2, 0.2)
            expected = brute_force(conductances, (0.0, -80.0), current, expected, dt)
            neuron(
                torch.tensor(conductances, dtype=torch.float64).view(1, 1, 2),
                currents=torch.tensor([[current]], dtype=torch.float64),
            )
            assert neuron.voltage.item() == pytest.approx(expected, abs=1e-9)


def test_the_membrane_converges_to_the_continuous_equation():
    """Error of a whole response to a spike falls in proportion to the step time."""

    def response(dt: float) -> float:
        synapse = neural.AlphaConductance((1,), dt, spike_conductance=0.05, time_constant=2.0)
        neuron = neural.ConductanceLIF((1,), dt, reversal_v=0.0, **(LEAKY | {"thresh_v": 50.0}))
        synapse.double(), neuron.double()
        for step in range(round(3.2 / dt)):
            neuron(synapse(torch.tensor([[step == 0]])))
        return neuron.voltage.item()

    exact = response(0.005)
    errors = [abs(response(dt) - exact) for dt in (0.4, 0.2, 0.1)]
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.2)
    assert errors[1] / errors[2] == pytest.approx(2.0, abs=0.2)


def test_huge_conductances_hold_the_voltage_at_their_potential():
    neuron = neural.ConductanceLIF(3, 1.0, reversal_v=(0.0, -80.0), **LEAKY)
    neuron(torch.tensor([[[0.0, 1e4], [0.0, 0.1], [0.0, 0.0]]]))
    assert neuron.voltage[0, 0].item() == pytest.approx(-80.0, abs=1e-3)
    assert neuron.voltage[0, 2].item() == -65.0


def test_equivalent_currents_do_what_conductances_do():
    options = {"step_time": 1.0, "time_constant": 20.0, "rest_v": -65.0, "resistance": 10.0}
    voltages = -80 + 25 * torch.rand(50, dtype=torch.float64)
    conductances = 0.3 * torch.rand(50, 2, dtype=torch.float64)
    inputs = torch.randn(50, dtype=torch.float64)
    expected = functional.voltage_integration_conductance(
        inputs, voltages, conductances, reversal_v=(0.0, -80.0), **options
    )
    current = functional.conductance_equivalent_current(
        inputs, voltages, conductances, reversal_v=(0.0, -80.0), **options
    )
    got = functional.voltage_integration_linear(current, voltages, **options)
    torch.testing.assert_close(got, expected)


def test_bridge_is_exact_for_leaky_neurons_and_explicit_for_others():
    leaky = neural.LIF(4, 1.0, batch_size=2, **LEAKY)
    twin = neural.ConductanceLIF(4, 1.0, batch_size=2, reversal_v=-80.0, **LEAKY)
    bridge = neural.ReversalPotentials(leaky, -80.0)
    for _ in range(10):
        conductances = 0.2 * torch.rand(2, 4)
        assert torch.equal(leaky(bridge(conductances)), twin(conductances))
    assert torch.equal(leaky.voltage, twin.voltage)
    quadratic = neural.QIF(
        4, 1.0, rest_v=-65.0, crit_v=-55.0, affinity=0.1, reset_v=-65.0, thresh_v=-50.0,
        refrac_t=2.0, time_constant=20.0,
    )  # fmt: skip
    got = neural.ReversalPotentials(quadratic, (0.0, -80.0))(torch.ones(1, 4, 2))
    torch.testing.assert_close(got, torch.full((1, 4), 65.0 - 15.0))
    assert bridge.neuron is leaky
    copied = copy.deepcopy(neural.Serial(make_connection(), leaky, transform=bridge))
    assert copied.transform.neuron is copied.neuron


def make_connection(conductance: float = 0.05, **options):
    return neural.LinearDense(
        6, 4, 1.0,
        synapse=neural.ExponentialConductance.partialconstructor(conductance, 5.0),
        batch_size=2,
        **options,
    )  # fmt: skip


def test_excitation_and_inhibition_meet_in_a_layer():
    def spikes(inhibition: float) -> int:
        torch.manual_seed(0)
        layer = neural.Biclique(
            (("exc", make_connection()), ("inh", make_connection(inhibition))),
            (
                (
                    "out",
                    neural.ConductanceLIF(4, 1.0, batch_size=2, reversal_v=(0.0, -80.0), **LEAKY),
                ),
            ),
            combine=neural.stack_conductances,
        )
        total = 0
        for _ in range(100):
            x = torch.rand(2, 6) < 0.2
            total += int(layer({"exc": (x,), "inh": (x,)})["out"].sum())
        return total

    free, shunted = spikes(1e-6), spikes(0.3)
    assert free > 100
    assert shunted < free / 2


def test_gradients_reach_the_weights_through_conductances():
    connection = make_connection()
    neuron = neural.ConductanceALIF(
        4, 1.0, rest_v=-65.0, reset_v=-65.0, thresh_eq_v=-50.0, refrac_t=2.0, tc_membrane=20.0,
        tc_adaptation=100.0, spike_increment=1.0, resistance=10.0, batch_size=2, reversal_v=0.0,
    )  # fmt: skip
    layer = neural.Serial(connection, neuron).requires_grad_()
    neural.surrogate_gradients(layer, neural.FastSigmoid())
    total = sum(layer(torch.rand(2, 6) < 0.3).sum() for _ in range(20))
    total.backward()
    assert connection.weight.grad.abs().min() > 0


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (torch.zeros(1, 3), r"shape \(1, 3, 2\), got \(1, 3\)"),
        (torch.zeros(1, 3, 1), r"got \(1, 3, 1\)"),
        (torch.zeros(2, 3, 2), r"got \(2, 3, 2\)"),
    ],
)
def test_conductances_of_another_shape_are_refused(inputs, message):
    neuron = neural.ConductanceLIF(3, 1.0, reversal_v=(0.0, -80.0), **LEAKY)
    before = neuron.voltage.clone()
    with pytest.raises(ValueError, match=message):
        neuron(inputs)
    assert torch.equal(neuron.voltage, before)


def test_parameters_out_of_range_are_refused():
    with pytest.raises(ValueError, match="reversal_v"):
        neural.ConductanceLIF(3, 1.0, reversal_v=(), **LEAKY)
    with pytest.raises(ValueError, match="spike_conductance"):
        neural.ExponentialConductance(3, 1.0, spike_conductance=-1.0, time_constant=2.0)
    with pytest.raises(ValueError, match="tc_decay"):
        neural.DualExponentialConductance(3, 1.0, spike_conductance=1.0, tc_decay=1, tc_rise=2)
    with pytest.raises(RuntimeError, match="spike_interp_mode"):
        neural.AlphaConductance(
            3, 1.0, spike_conductance=1.0, time_constant=2.0, spike_interp_mode="linear"
        )
    with pytest.raises(TypeError, match="neuron"):
        neural.ReversalPotentials(torch.nn.Linear(1, 1), 0.0)


def test_long_silence_ends_at_zero():
    synapse = make_synapses()["alpha"]
    synapse(torch.ones(1, 1))
    for _ in range(600):
        synapse(torch.zeros(1, 1))
    assert synapse.conductance.item() == 0.0
    assert synapse.rise_.peek().item() == 0.0
