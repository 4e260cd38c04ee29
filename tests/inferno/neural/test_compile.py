"""Steps and whole sequences compiled without a break, against the same in eager mode."""

import pytest
import torch

from inferno import RecordTensor, learn, neural
from inferno.neural import functional
from synaptensor.kernels import use_kernel

GROUP = {"rest_v": -60.0, "refrac_t": 2.0, "batch_size": 2}
CONSTANT = GROUP | {"reset_v": -65.0, "thresh_v": -50.0}
ADAPTIVE = {"tc_membrane": 20.0, "tc_adaptation": (10.0, 100.0), "spike_increment": (1.0, 0.5)}
GLIF = GROUP | {
    "reset_v_add": 5.0, "reset_v_mul": 0.3, "thresh_eq_v": -50.0, "tc_membrane": 20.0,
    "rc_adaptation": 0.1, "spike_increment": 1.0,
}  # fmt: skip
AFTER = {"rc_current": 0.1, "current_increment": -2.0}
NEURONS = {
    "LIF": lambda: neural.LIF(3, 1.0, **CONSTANT, time_constant=20.0),
    "ALIF": lambda: neural.ALIF(
        3, 1.0, **GROUP, **ADAPTIVE, reset_v=-65.0, thresh_eq_v=-50.0
    ),
    "GLIF5": lambda: neural.GLIF5(3, 1.0, **GLIF, **AFTER, adapt_rate=0.02, rebound_rate=0.05),
    "AdEx": lambda: neural.AdEx(
        3, 1.0, **CONSTANT, **ADAPTIVE, rheobase_v=-55.0, sharpness=1.5, voltage_coupling=0.1
    ),
    "ConductanceLIF": lambda: neural.ConductanceLIF(
        3, 1.0, **CONSTANT, time_constant=20.0, reversal_v=0.0
    ),
}  # fmt: skip
SYNAPSES = {
    "delta": neural.DeltaCurrent.partialconstructor(60.0),
    "single": neural.SingleExponentialCurrent.partialconstructor(60.0, 5.0),
    "double": neural.DoubleExponentialCurrent.partialconstructor(60.0, 5.0, 1.0),
    "alpha": neural.AlphaConductance.partialconstructor(2.0, 5.0),
}


def dense(synapse: str, **options):
    torch.manual_seed(1)
    return neural.LinearDense(8, 3, 1.0, synapse=SYNAPSES[synapse], batch_size=2, **options)


def sequence(module):
    return lambda inputs: torch.stack([module(x) for x in inputs])


def compare(make, inputs, backend="aot_eager"):
    """Runs steps, then a sequence, in both ways; returns the spikes of the sequence."""
    torch.compiler.reset()
    plain, stepped, whole = make(), make(), make()
    with use_kernel("torch", "inferno"):
        expected = sequence(plain)(inputs)
    step = torch.compile(stepped, backend=backend, fullgraph=True)
    torch.testing.assert_close(torch.stack([step(x) for x in inputs]), expected)
    run = torch.compile(sequence(whole), backend=backend, fullgraph=True)
    torch.testing.assert_close(run(inputs), expected)
    for module in (plain, stepped, whole):
        align(module)
    for name, buffer in plain.named_buffers():
        for other in (stepped, whole):
            torch.testing.assert_close(other.get_buffer(name), buffer, msg=name)
    return expected


def align(module):
    """Brings records to the same layout: compiled steps move observations, not the pointer."""
    for part in module.modules():
        for value in tuple(vars(part).values()):
            if isinstance(value, RecordTensor):
                value.align(0)


@pytest.mark.parametrize("name", NEURONS)
def test_neurons(name):
    assert compare(NEURONS[name], 600 * torch.rand(4, 2, 3)).any()


@pytest.mark.parametrize(
    ("synapse", "delay"),
    [("delta", None), ("double", None), ("alpha", None), ("single", 3.0)],
)
def test_connections(synapse, delay):
    def make():
        return dense(synapse, delay=delay, delay_init=lambda d: 3 * torch.rand_like(d))

    assert compare(make, torch.rand(4, 2, 8) < 0.3).any()


@pytest.mark.parametrize(("synapse", "delay"), [("delta", None), ("single", 12.0)])
def test_steps_are_not_compiled_again_and_again(synapse, delay):
    torch.compiler.reset()
    torch._dynamo.utils.counters.clear()
    connection = dense(synapse, delay=delay, delay_init=lambda d: 12 * torch.rand_like(d))
    layer = neural.Serial(connection, NEURONS["ALIF"]())
    with torch.no_grad():
        step = torch.compile(layer, backend="aot_eager", fullgraph=True)
        for x in torch.rand(20, 2, 8) < 0.4:
            step(x)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] <= 2


def test_layers_with_gradients():
    inputs = torch.rand(4, 2, 8) < 0.4
    torch.compiler.reset()
    grads = []
    for compiled in (False, True):
        layer = neural.Serial(dense("single"), NEURONS["LIF"]()).requires_grad_()
        neural.surrogate_gradients(layer, neural.FastSigmoid(5.0))
        run = sequence(layer)
        if compiled:
            run = torch.compile(run, backend="aot_eager", fullgraph=True)
        run(inputs).sum().backward()
        grads.append(layer.connection.weight.grad)
    assert grads[0].any()
    torch.testing.assert_close(grads[1], grads[0])


def test_functional_step():
    def step(current, voltages, refracs):
        def dynamics(masked):
            return functional.voltage_integration_linear(
                masked, voltages, step_time=1.0, time_constant=20.0, rest_v=-60.0, resistance=1.0
            )

        return functional.voltage_thresholding_constant(
            current, refracs, dynamics, voltages, step_time=1.0, reset_v=-65.0, thresh_v=-50.0,
            refrac_t=2.0,
        )  # fmt: skip

    state = 300 * torch.rand(4, 5), -60 + 5 * torch.rand(4, 5), torch.zeros(4, 5)
    compiled = torch.compile(step, backend="aot_eager", fullgraph=True)
    for got, expected in zip(compiled(*state), step(*state), strict=True):
        torch.testing.assert_close(got, expected)


@pytest.mark.filterwarnings("ignore")
def test_training_by_plasticity_compiles_in_pieces():
    """Monitors are hooks that look attributes up by name: the compiler breaks the graph there."""
    inputs, weights = torch.rand(5, 2, 8) < 0.4, []
    torch.compiler.reset()
    for compiled in (False, True):
        layer = neural.Serial(dense("single"), NEURONS["ALIF"]())
        layer.connection.updater = layer.connection.defaultupdater()
        trainer = learn.STDP(0.05, -0.02, 20.0, 20.0)
        trainer.register_cell("layer", layer.cell)
        forward = torch.compile(layer, backend="aot_eager") if compiled else layer
        with torch.no_grad(), use_kernel("torch", "inferno"):
            for x in inputs:
                forward(x)
                trainer()
                layer.connection.update()
        weights.append(layer.connection.weight.clone())
    assert not torch.equal(weights[0], dense("single").weight)
    torch.testing.assert_close(weights[1], weights[0])
