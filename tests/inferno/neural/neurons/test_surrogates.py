"""Gradients through spikes: the same simulation, derivatives that finite differences confirm."""

import copy
import pickle

import pytest
import torch
from torch import nn

from inferno import neural
from inferno.neural import functional
from synaptensor.kernels import use_kernel

SURROGATES = [
    neural.FastSigmoid(),
    neural.SuperSpike(),
    neural.ATan(),
    neural.Sigmoid(),
    neural.Gaussian(),
    neural.Triangle(),
    neural.StraightThrough(0.5),
]
COMMON = {"rest_v": -60.0, "refrac_t": 2.0, "batch_size": 2}
CONSTANT = {"reset_v": -65.0, "thresh_v": -50.0}
ADAPTIVE = {"tc_adaptation": (10.0, 100.0), "spike_increment": (1.0, 0.5)}
NEURONS = {
    "LIF": lambda: neural.LIF(3, 1.0, **COMMON, **CONSTANT, time_constant=20.0),
    "ALIF": lambda: neural.ALIF(
        3, 1.0, **COMMON, reset_v=-65.0, thresh_eq_v=-50.0, tc_membrane=20.0, **ADAPTIVE
    ),
    "GLIF2": lambda: neural.GLIF2(
        3, 1.0, **COMMON, reset_v_add=5.0, reset_v_mul=0.3, thresh_eq_v=-50.0, tc_membrane=20.0,
        rc_adaptation=0.1, spike_increment=1.0,
    ),
    "GLIF3": lambda: neural.GLIF3(
        3, 1.0, **COMMON, **CONSTANT, time_constant=20.0, rc_current=0.1, current_increment=-2.0
    ),
    "GLIF5": lambda: neural.GLIF5(
        3, 1.0, **COMMON, reset_v_add=5.0, reset_v_mul=0.3, thresh_eq_v=-50.0, tc_membrane=20.0,
        rc_adaptation=0.1, spike_increment=1.0, rc_current=0.1, current_increment=-2.0,
        adapt_rate=0.02, rebound_rate=0.05,
    ),
    "QIF": lambda: neural.QIF(
        3, 1.0, **COMMON, **CONSTANT, crit_v=-55.0, affinity=0.1, time_constant=20.0
    ),
    "Izhikevich": lambda: neural.Izhikevich(
        3, 1.0, **COMMON, **CONSTANT, crit_v=-55.0, affinity=0.1, tc_membrane=20.0, **ADAPTIVE,
        voltage_coupling=(0.1, 0.2),
    ),
    "EIF": lambda: neural.EIF(
        3, 1.0, **COMMON, **CONSTANT, rheobase_v=-55.0, sharpness=1.5, time_constant=20.0
    ),
    "AdEx": lambda: neural.AdEx(
        3, 1.0, **COMMON, **CONSTANT, rheobase_v=-55.0, sharpness=1.5, tc_membrane=20.0,
        **ADAPTIVE, voltage_coupling=(0.1, 0.2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("surrogate", SURROGATES, ids=lambda s: type(s).__name__)
def test_derivative_is_that_of_the_primitive(surrogate):
    x = torch.linspace(-2.05, 2.05, 41, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(surrogate.primitive(x).sum(), x)
    torch.testing.assert_close(surrogate.derivative(x.detach()), slope)
    assert torch.autograd.gradcheck(surrogate.primitive, x)
    spikes = surrogate(x)
    assert torch.equal(spikes, (x >= 0).to(x.dtype))
    (got,) = torch.autograd.grad(spikes.sum(), x, create_graph=surrogate.slope != 0.5)
    torch.testing.assert_close(got, slope)


def test_surrogates_copy_compare_and_refuse_bad_slopes():
    for surrogate in SURROGATES:
        assert pickle.loads(pickle.dumps(surrogate)) == surrogate
        assert surrogate.relax().relaxed
    with pytest.raises(ValueError, match="slope"):
        neural.ATan(0.0)
    with pytest.raises(TypeError, match="abstract"):
        neural.Surrogate()
    neuron = NEURONS["LIF"]()
    with pytest.raises(TypeError, match="surrogate"):
        neuron.surrogate = torch.sigmoid
    assert neuron.surrogate is None


def test_surrogate_can_be_mapped_over():
    spike = neural.FastSigmoid()
    got = torch.func.vmap(torch.func.grad(lambda x: spike(x).sum()))(torch.randn(4, 3))
    assert got.shape == (4, 3)


@pytest.mark.parametrize("kernel", ["torch", "numba"])
@pytest.mark.parametrize("name", NEURONS)
def test_simulation_is_that_without_gradients(name, kernel):
    plain, smooth, silent = (NEURONS[name]() for _ in range(3))
    smooth.surrogate = silent.surrogate = neural.FastSigmoid()
    inputs = 40 * torch.rand(60, 2, 3)
    for x in inputs:
        with use_kernel("torch", "inferno"):
            expected = plain(x)
        with use_kernel(kernel, "inferno"):
            got = smooth(x.requires_grad_())
            with torch.no_grad():
                quiet = silent(x)
        assert got.dtype == quiet.dtype == x.dtype
        assert got.requires_grad
        torch.testing.assert_close(got.bool(), expected)
        assert torch.equal(smooth.refrac, plain.refrac)
        torch.testing.assert_close(smooth.voltage, plain.voltage)
        if kernel == "torch":
            torch.testing.assert_close(quiet.bool(), expected)
    assert smooth.spike is got


def relaxed_run(name: str, inputs: torch.Tensor, lock: bool) -> torch.Tensor:
    neuron = NEURONS[name]().double()
    neuron.surrogate, neuron.detach_reset = neural.Sigmoid(2.0).relax(), False
    out = [neuron(x, refrac_lock=lock) for x in inputs]
    return torch.stack((*out, neuron.voltage))


@pytest.mark.parametrize("lock", [True, False])
@pytest.mark.parametrize("name", NEURONS)
def test_gradients_through_many_steps_agree_with_finite_differences(name, lock):
    """With the primitive forward too, every path is smooth: reset, adaptation, threshold."""
    torch.manual_seed(3)
    inputs = (18 * torch.rand(6, 2, 3)).double().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: relaxed_run(name, x, lock), inputs, eps=1e-5, fast_mode=True
    )


def test_detached_reset_keeps_gradients_out_of_the_reset():
    grads = []
    for detach in (True, False):
        neuron = NEURONS["LIF"]()
        neuron.surrogate, neuron.detach_reset = neural.FastSigmoid(), detach
        x = torch.full((2, 3), 300.0, requires_grad=True)
        neuron(x)
        neuron.voltage.sum().backward()
        grads.append(x.grad)
    assert not grads[0].any(), "a voltage that was reset does not depend on the input"
    assert grads[1].all()


def network() -> nn.ModuleList:
    synapse = neural.SingleExponentialCurrent.partialconstructor(60.0, 5.0)
    first = neural.LinearDense(8, 3, 1.0, synapse=synapse, batch_size=2)
    second = neural.LinearDense(
        3, 3, 1.0, synapse=neural.DeltaCurrent.partialconstructor(60.0), batch_size=2
    )
    return nn.ModuleList(
        (neural.Serial(first, NEURONS["ALIF"]()), neural.Serial(second, NEURONS["LIF"]()))
    )


def run(layers: nn.ModuleList, inputs: torch.Tensor) -> torch.Tensor:
    return torch.stack([layers[1](layers[0](x)) for x in inputs])


def test_networks_learn_across_sequences_without_keeping_their_history():
    layers = network().requires_grad_()
    neural.surrogate_gradients(layers, neural.FastSigmoid(5.0))
    optimizer = torch.optim.Adam(layers.parameters(), 0.05)
    inputs = torch.rand(40, 2, 8) < 0.2
    target = torch.tensor([[0.2, 0.05, 0.1], [0.05, 0.2, 0.1]])
    losses = []
    for _ in range(40):
        loss = (run(layers, inputs).mean(0) - target).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        for layer in layers:
            layer.clear()
        assert not any(b.requires_grad for b in layers.buffers())
    assert min(losses[-10:]) < 0.2 * losses[0]


def test_truncated_backpropagation_detaches_what_came_before():
    layers = network().requires_grad_()
    neural.surrogate_gradients(layers, neural.FastSigmoid(5.0))
    inputs = torch.rand(20, 2, 8) < 0.3
    run(layers, inputs).sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        run(layers, inputs).sum().backward()
    layers = network().requires_grad_()
    neural.surrogate_gradients(layers, neural.FastSigmoid(5.0))
    for _ in range(2):
        run(layers, inputs).sum().backward()
        before = layers[1].neuron.voltage
        neural.detach_state(layers)
        assert torch.equal(layers[1].neuron.voltage, before)
    copy.deepcopy(layers)


def test_context_restores_and_refuses():
    layers = network()
    outer = neural.ATan()
    neural.surrogate_gradients(layers, outer)
    with neural.surrogate_gradients(layers, neural.Sigmoid(), detach_reset=False):
        assert layers[0].neuron.surrogate == neural.Sigmoid()
        assert not layers[0].neuron.detach_reset
    assert layers[0].neuron.surrogate is outer
    neural.surrogate_gradients(layers, None)
    assert run(layers, torch.ones(2, 2, 8)).dtype == torch.bool
    with pytest.raises(ValueError, match="must hold neurons"):
        neural.surrogate_gradients(nn.Linear(1, 1), outer)
    delayed = neural.LinearDense(
        8, 3, 1.0, synapse=neural.DeltaCurrent.partialconstructor(1.0), delay=2.0, batch_size=2
    )
    layer = neural.Serial(delayed, NEURONS["LIF"]())
    with pytest.raises(ValueError, match="DeltaPlusCurrent"):
        neural.surrogate_gradients(layer, outer)
    assert layer.neuron.surrogate is None


def test_delays_learn_by_gradients_through_recorded_currents():
    connection = neural.LinearDirect(
        4, 1.0, synapse=neural.SingleExponentialCurrent.partialconstructor(60.0, 5.0),
        delay=8.0, delay_init=lambda d: torch.full_like(d, 2.5),
    )  # fmt: skip
    connection.requires_grad_()
    for step in range(6):
        current = connection(torch.full((1, 4), step == 0))
    current.sum().backward()
    # the spike was 5 steps ago, it is read 2.5 ms earlier: d/dd of Q/tau exp(-(5 - d)/tau)
    expected = connection.weight.detach() * 60.0 / 5.0 / 5.0 * torch.exp(torch.tensor(-0.4))
    assert connection.delay.grad is not None
    ratio = connection.delay.grad / expected
    assert (ratio > 0).all()


def test_thresholding_with_gradients_matches_both_kinds_of_reset():
    inputs, refracs = 400 * torch.rand(50), torch.randint(0, 3, (50,)).float()
    voltages = -60 + 5 * torch.rand(50)

    def dynamics(masked):
        return voltages + 0.05 * masked

    shared = {"step_time": 1.0, "thresh_v": -50.0, "refrac_t": 3.0}
    extra = {"surrogate": neural.ATan(), "scale": 10.0}
    for detach in (True, False):
        got = functional.voltage_thresholding_surrogate(
            inputs, refracs, dynamics, voltages, reset_v=-65.0, detach_reset=detach, **shared,
            **extra,
        )  # fmt: skip
        expected = functional.voltage_thresholding_constant(
            inputs, refracs, dynamics, voltages, reset_v=-65.0, **shared
        )
        for one, other in zip(got, expected, strict=True):
            assert torch.equal(one.to(other.dtype), other)
    linear = {"rest_v": -60.0, "v_slope": 0.2, "v_intercept": 4.0}
    got = functional.voltage_thresholding_surrogate(
        inputs, refracs, dynamics, voltages,
        reset_v=lambda v: -60.0 + 0.2 * (v + 60.0) - 4.0, **shared, **extra,
    )  # fmt: skip
    expected = functional.voltage_thresholding_linear(
        inputs, refracs, dynamics, voltages, **linear, **shared
    )
    for one, other in zip(got, expected, strict=True):
        assert torch.equal(one.to(other.dtype), other)
