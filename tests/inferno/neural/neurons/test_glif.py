"""After-spike currents and thresholds of GLIF3 to GLIF5, against their differential equations."""

import numpy as np
import pytest
import torch

from inferno import neural
from inferno.neural import functional

MEMBRANE = {"rest_v": -60.0, "refrac_t": 3.0, "resistance": 2.0}
RESET = {"reset_v_add": 5.0, "reset_v_mul": 0.2, "thresh_eq_v": -50.0, "tc_membrane": 20.0}
SPIKING = {"rc_adaptation": (0.1, 0.01), "spike_increment": (1.0, 0.5)}
AFTER = {
    "rc_current": (0.3, 0.02),
    "current_increment": (-2.0, 1.0),
    "current_multiplier": (0.9, 1.0),
}
FOLLOWING = {"adapt_rate": 0.05, "rebound_rate": 0.02}


def glif3(**changes):
    options = MEMBRANE | AFTER | {"reset_v": -65.0, "thresh_v": -50.0, "time_constant": 20.0}
    return neural.GLIF3((2,), 0.5, **(options | changes))


def glif5(**changes):
    options = MEMBRANE | RESET | SPIKING | AFTER | FOLLOWING
    return neural.GLIF5((2,), 0.5, **(options | changes))


def brute_force(model: dict, inputs: np.ndarray, dt: float, fine: int = 50):
    """Voltage, currents and following threshold by Runge and Kutta's method, no spikes."""
    rest, tau, resistance = model["rest_v"], model["tau"], model["resistance"]
    rates, h = np.array(model["rates"]), dt / fine
    state = np.array([rest, *model["currents"], 0.0])

    def slope(state, drive):
        above, currents, follow = state[0] - rest, state[1:-1], state[-1]
        membrane = (resistance * (drive + currents.sum()) - above) / tau
        return np.array([membrane, *(-rates * currents), model["a"] * above - model["b"] * follow])

    path = []
    for drive in inputs:
        for _ in range(fine):
            one = slope(state, drive)
            two = slope(state + h / 2 * one, drive)
            three = slope(state + h / 2 * two, drive)
            four = slope(state + h * three, drive)
            state = state + h / 6 * (one + 2 * two + 2 * three + four)
        path.append(state)
    return path


@pytest.mark.parametrize("rates", [(0.3, 0.02), (0.05, 0.02)], ids=["distinct", "equal to others"])
def test_steps_below_threshold_are_exact(rates):
    inputs, dt = np.array([3.0, -1.0, 4.0, 0.0, 2.0]), 0.5
    neuron = glif5(rc_current=rates).double()
    neuron.after_current = torch.tensor([[[-2.0, 1.5]] * 2])
    model = {"rest_v": -60.0, "tau": 20.0, "resistance": 2.0, "rates": rates, "a": 0.05, "b": 0.02}
    path = brute_force(model | {"currents": (-2.0, 1.5)}, inputs, dt)
    for drive, expected in zip(inputs, path, strict=True):
        assert not neuron(torch.full((1, 2), drive, dtype=torch.float64)).any()
        got = (
            neuron.voltage[0, 0],
            *neuron.after_current[0, 0],
            neuron.voltage_threshold[0, 0],
        )
        assert [float(g) for g in got] == pytest.approx(list(expected), abs=1e-10)


def test_step_time_changes_nothing_below_threshold():
    coarse, fine = glif5().double(), glif5().double()
    fine.dt = 0.125
    for neuron in (coarse, fine):
        neuron.after_current = torch.full((1, 2, 2), -1.0)
    drive = torch.full((1, 2), 3.0, dtype=torch.float64)
    for _ in range(20):
        coarse(drive)
        for _ in range(4):
            fine(drive)
    for name in ("voltage", "after_current", "voltage_threshold"):
        torch.testing.assert_close(getattr(fine, name), getattr(coarse, name))


def test_spike_resets_as_published():
    neuron = glif5()
    neuron.after_current = torch.tensor([[[1.0, 2.0], [0.0, 0.0]]])
    neuron.voltage = torch.tensor([[-40.0, -60.0]])
    neuron.voltage_threshold = torch.full((1, 2), 0.5)
    spikes = neuron(torch.zeros(1, 2))
    assert spikes.tolist() == [[True, False]]
    decayed = np.array([1.0, 2.0]) * np.exp(-np.array([0.3, 0.02]) * 0.5)
    expected = decayed * [0.9, 1.0] + [-2.0, 1.0]
    np.testing.assert_allclose(neuron.after_current[0, 0], expected, rtol=1e-6)
    assert neuron.after_current[0, 1].tolist() == [0.0, 0.0]
    effective = functional.after_spike_current(
        torch.tensor([1.0, 2.0]), step_time=0.5, time_constant=20.0, rates=(0.3, 0.02)
    )
    before = -60.0 + 20.0 * np.exp(-0.5 / 20) + 2.0 * float(effective) * -np.expm1(-0.5 / 20)
    assert neuron.voltage[0, 0].item() == pytest.approx(-60.0 + 0.2 * (before + 60.0) - 5.0)
    torch.testing.assert_close(neuron.threshold_adaptation[0], torch.tensor([1.0, 0.5]))
    followed = neuron.voltage_threshold[0, 0].item()
    held = neuron.after_current.clone()
    neuron(torch.zeros(1, 2))
    assert torch.equal(neuron.after_current[0, 0], held[0, 0]), "waits while refractory"
    assert neuron.voltage_threshold[0, 0].item() == followed


def test_threshold_counts_all_three_parts():
    neuron = glif5(spike_increment=0.0)
    neuron.voltage = torch.tensor([[-47.5, -47.5]])
    neuron.voltage_threshold = torch.tensor([[2.0, 2.0]])
    neuron.threshold_adaptation = torch.tensor([[0.4, 0.3], [0.2, 0.1]])
    drive = torch.full((1, 2), 6.5)
    assert neuron(drive).tolist() == [[False, True]]


def test_glif3_without_currents_is_glif1_and_glif4_is_glif2():
    inputs = 40 * torch.rand(60, 3, 2)
    options = MEMBRANE | {"reset_v": -65.0, "thresh_v": -50.0, "time_constant": 20.0}
    pairs = (
        (glif3(current_increment=0.0, batch_size=3), neural.GLIF1((2,), 0.5, **options)),
        (
            neural.GLIF4(
                (2,), 0.5, **MEMBRANE, **RESET, **SPIKING, rc_current=0.1, current_increment=0.0,
                batch_size=3,
            ),
            neural.GLIF2((2,), 0.5, **MEMBRANE, **RESET, **SPIKING),
        ),
    )  # fmt: skip
    for richer, plain in pairs:
        plain.batchsz = 3
        for x in inputs:
            assert torch.equal(richer(x), plain(x))
            assert torch.equal(richer.voltage, plain.voltage)


def test_hyperpolarising_currents_slow_the_neuron_down():
    drive, counts = torch.full((1, 2), 12.0), []
    for increment in (0.0, -3.0):
        neuron = glif3(rc_current=0.02, current_increment=increment, current_multiplier=1.0)
        train = torch.stack([neuron(drive)[0, 0] for _ in range(600)]).nonzero().flatten()
        counts.append((len(train), train.diff().tolist()))
    assert counts[1][0] < counts[0][0]
    intervals = counts[1][1]
    assert intervals[0] < intervals[-1], "the rate adapts"


def test_samples_do_not_share_after_spike_currents():
    neuron = glif3(batch_size=2)
    neuron(torch.tensor([[1000.0] * 2, [0.0] * 2]))
    assert neuron.after_current[0].abs().min() > 0
    assert not neuron.after_current[1].any()
    neuron.batchsz = 5
    assert neuron.after_current.shape == (5, 2, 2)
    assert not neuron.after_current.any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rc_current": 0.0}, "rc_current"),
        ({"rc_current": ()}, "at least one"),
        ({"thresh_v": -70.0}, "thresh_v"),
        ({"refrac_t": -1.0}, "refrac_t"),
    ],
)
def test_parameters_out_of_range_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        glif3(**changes)


def test_state_of_another_shape_is_refused():
    neuron = glif3()
    before = neuron.after_current.clone()
    with pytest.raises(ValueError, match="after_current"):
        neuron.after_current = torch.zeros(1, 2)
    assert torch.equal(neuron.after_current, before)


def test_long_silence_ends_at_zero():
    neuron = glif5()
    neuron.after_current = torch.full((1, 2, 2), 0.1)
    neuron.voltage_threshold = torch.full((1, 2), 0.1)
    for _ in range(10_000):
        neuron(torch.zeros(1, 2))
    assert not neuron.after_current.any()
    tiny = torch.finfo(torch.float32).tiny
    follow = neuron.voltage_threshold.abs()
    assert not ((follow > 0) & (follow < tiny)).any()
