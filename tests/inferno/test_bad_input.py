"""Bad input is refused with an error that says what was got, and leaves everything as it was."""

import math

import pytest
import torch

from inferno import learn, neural, observe
from inferno.extra import ExactNeuron

DELTA = neural.DeltaCurrent.partialconstructor(1.0)
LIF = {"rest_v": -60.0, "reset_v": -65.0, "thresh_v": -50.0, "refrac_t": 2.0, "time_constant": 20.0}
ADEX = {
    "rest_v": -60.0, "rheobase_v": -55.0, "sharpness": 1.0, "reset_v": -65.0, "thresh_v": -50.0,
    "refrac_t": 1.0, "tc_membrane": 2.0, "tc_adaptation": 1.0, "voltage_coupling": 1.0,
    "spike_increment": 1.0,
}  # fmt: skip


def dense(**options):
    return neural.LinearDense(4, 3, 1.0, **({"synapse": DELTA} | options))


def serial(**options):
    return neural.Serial(dense(**options), neural.LIF(3, 1.0, **LIF))


def taught():
    """A layer, and a trainer that has seen a step of it."""
    connection = dense()
    connection.updater = connection.defaultupdater()
    layer = neural.Serial(connection, ExactNeuron(3, 1.0, rest_v=-60.0, thresh_v=-50.0))
    trainer = learn.STDP(0.1, -0.1, 2.0, 2.0)
    trainer.register_cell("cell", layer.cell)
    layer(torch.ones(1, 4, dtype=torch.bool))
    return layer, trainer


MODULES = {
    "dense": dense,
    "exponential": lambda: dense(
        synapse=neural.SingleExponentialCurrent.partialconstructor(1.0, 2.0)
    ),
    "delayed": lambda: dense(delay=3.0),
    "direct": lambda: neural.LinearDirect(4, 1.0, synapse=DELTA),
    "conv": lambda: neural.Conv2D(8, 8, 2, 3, 1.0, 3, synapse=DELTA),
    "LIF": lambda: neural.LIF(3, 1.0, **LIF),
    "AdEx": lambda: neural.AdEx(3, 1.0, **ADEX),
    "serial": serial,
    "classifier": lambda: learn.MaxRateClassifier(3, 4),
}
CALLS = [
    ("dense", (torch.ones(1, 5),), ValueError, r"\(1, 4\), got \(1, 5\)"),
    ("dense", (torch.ones(2, 4) > 0,), ValueError, r"\(1, 4\), got \(2, 4\)"),
    ("dense", (torch.ones(()),), ValueError, r"`inputs`"),
    ("dense", (), TypeError, "at least one tensor"),
    ("dense", ("spikes",), TypeError, "got str"),
    ("exponential", (torch.ones(2, 4),), ValueError, r"\(1, 4\), got \(2, 4\)"),
    ("delayed", (torch.ones(1, 3),), ValueError, r"\(1, 4\), got \(1, 3\)"),
    ("direct", (torch.ones(1, 5) > 0,), ValueError, r"\(1, 4\), got \(1, 5\)"),
    ("conv", (torch.ones(1, 3, 8, 8),), ValueError, r"\(1, 2, 8, 8\), got \(1, 3, 8, 8\)"),
    ("conv", (torch.ones(8, 8),), ValueError, r"\(1, 2, 8, 8\), got \(8, 8\)"),
    ("conv", ([1.0],), TypeError, "got list"),
    ("LIF", (torch.ones(1, 4),), ValueError, r"\(1, 3\), got \(1, 4\)"),
    ("LIF", (None,), TypeError, "got NoneType"),
    ("LIF", (torch.ones(1, 3, dtype=torch.complex64),), TypeError, "real numbers"),
    ("AdEx", (torch.ones(1, 4),), ValueError, r"\(1, 3\), got \(1, 4\)"),
    ("serial", (torch.ones(1, 5) > 0,), ValueError, r"\(1, 4\), got \(1, 5\)"),
    ("serial", (torch.ones(2, 4) > 0,), ValueError, r"\(1, 4\), got \(2, 4\)"),
    ("classifier", (torch.ones(2, 5), None), ValueError, r"3\), got \(2, 5\)"),
    ("classifier", (torch.ones(2, 3), torch.tensor([0.0, 1.0])), TypeError, "integers"),
    ("classifier", (torch.ones(2, 3), torch.tensor([0, 9])), ValueError, "from 0 to 9"),
]


def state(module):
    return {key: value for key, value in module.state_dict().items() if torch.is_tensor(value)}


@pytest.mark.parametrize(("name", "arguments", "error", "match"), CALLS)
def test_calls_with_bad_input_change_nothing(name, arguments, error, match):
    module = MODULES[name]()
    before = state(module)
    with pytest.raises(error, match=match):
        module(*arguments)
    after = state(module)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


CONSTRUCTIONS = [
    (lambda: dense(synapse=3), TypeError, "`synapse` must be callable"),
    (lambda: dense(weight_init="ones"), TypeError, "`weight_init` must be callable"),
    (lambda: dense(weight_init=lambda w: w[:1]), ValueError, "`weight` must be of shape"),
    (lambda: dense(delay=-1.0), ValueError, "`delay`"),
    (lambda: neural.PoissonIntervalEncoder(2, 1.0, 50.0, generator=3), TypeError, "`generator`"),
    (
        lambda: learn.STDP(0.1, -0.1, 2.0, 2.0, batch_reduction="mean"),
        TypeError,
        "`batch_reduction` must be callable",
    ),
    (lambda: learn.STDP(math.nan, -0.1, 2.0, 2.0), ValueError, "`lr_post` must be finite"),
    (lambda: learn.KernelSTDP(3, 4, {}, {}), TypeError, "`kernel_post` must be callable"),
    (
        lambda: observe.StateMonitor(3, "spike", neural.LIF(3, 1.0, **LIF)),
        TypeError,
        "`reducer`",
    ),
]


@pytest.mark.parametrize(("make", "error", "match"), CONSTRUCTIONS)
def test_constructors_name_the_bad_argument(make, error, match):
    with pytest.raises(error, match=match):
        make()


@pytest.mark.parametrize(
    "encode",
    [
        neural.HomogeneousPoissonEncoder(5, 1.0, 50.0),
        neural.HomogeneousPoissonApproxEncoder(5, 1.0, 50.0),
        neural.PoissonIntervalEncoder(5, 1.0, 50.0),
    ],
)
@pytest.mark.parametrize("bad", [-1.0, math.nan])
def test_encoders_refuse_what_is_no_frequency(encode, bad):
    with pytest.raises(ValueError, match="nonnegative frequencies"):
        encode(torch.tensor([1.0, bad]))


@pytest.mark.parametrize(
    ("name", "cell", "error"), [("new", 3, TypeError), ("a.b", None, KeyError)]
)
def test_refused_registrations_leave_the_trainer_alone(name, cell, error):
    layer, trainer = taught()
    with pytest.raises(error):
        trainer.register_cell(name, layer.cell if cell is None else cell)
    assert [known for known, _ in trainer.named_cells] == ["cell"]
    assert len(list(trainer.monitors)) == 4


def test_another_batch_size_asks_for_clear():
    layer, trainer = taught()
    layer.connection.batchsz = layer.neuron.batchsz = 2
    with pytest.raises(ValueError, match="until `clear` is called"):
        layer(torch.ones(2, 4, dtype=torch.bool))
    trainer.clear()
    layer(torch.ones(2, 4, dtype=torch.bool))


def test_targets_of_homeostasis_fit_the_neurons():
    layer, _ = taught()
    trainer = learn.LinearHomeostasis(0.1, None, "weight")
    with pytest.raises(ValueError, match=r"`target` .* \(1, 3\), got \(5, 9\)"):
        trainer.register_cell("cell", layer.cell, target=torch.ones(5, 9))
    assert not list(trainer.cells)


def test_accumulators_refuse_what_they_cannot_apply():
    accumulator, param = neural.Accumulator(), torch.zeros(3, 4)
    with pytest.raises(TypeError, match="got str"):
        accumulator.pos = "update"
    with pytest.raises(TypeError, match="`bound` must be callable"):
        accumulator.upperbound(3, 1.0)
    with pytest.raises(TypeError, match="`fn` must be callable"):
        accumulator.reduction(3)
    assert accumulator(param) is param
    accumulator.pos = torch.ones(7, 7)
    with pytest.raises(ValueError, match=r"\(3, 4\) of the parameter, got \(7, 7\)"):
        accumulator(param)
