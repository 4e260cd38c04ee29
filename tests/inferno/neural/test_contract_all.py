"""Every further neuron, synapse, connection, layer and encoder against the contract of modules."""

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

from inferno import Module, extra, learn, neural
from synaptensor.testing import ModuleContract

STATEFUL = "a step changes the state, in evaluation mode too"
FIXED = "the batch size is set on the module"
SPIKES = "spikes are boolean, parameters learn by plasticity"
GROUP = {"rest_v": -60.0, "refrac_t": 2.0, "batch_size": 4}
CONSTANT = GROUP | {"reset_v": -65.0, "thresh_v": -50.0}
ADAPTIVE = {
    "tc_membrane": 20.0, "tc_adaptation": 10.0, "spike_increment": 1.0, "voltage_coupling": 0.1,
}  # fmt: skip
GLIF = GROUP | {
    "reset_v_add": 5.0, "reset_v_mul": 0.3, "thresh_eq_v": -50.0, "tc_membrane": 20.0,
    "rc_adaptation": 0.1, "spike_increment": 1.0,
}  # fmt: skip
AFTER = {"rc_current": (0.1, 0.3), "current_increment": -2.0}
THRESHOLD = {"tc_membrane": 20.0, "tc_adaptation": 10.0, "spike_increment": 1.0}
ALIF = GROUP | THRESHOLD | {"reset_v": -65.0, "thresh_eq_v": -50.0}


class _Stepping(ModuleContract):
    batch = 4
    batch_change = independent_samples = FIXED
    pure_eval = STATEFUL
    trainable = gradcheck = SPIKES
    distributed = "no gradients to share between processes"
    compile = "compiled in test_compile"
    dtypes: ClassVar = {torch.bfloat16: "times and voltages need more digits"}


class _Neuron(_Stepping):
    bad_inputs: ClassVar = [((torch.zeros(5, 3, 2),), ValueError, "must be of shape")]

    def inputs(self, batch: int) -> tuple[torch.Tensor, ...]:
        return (200 * torch.rand(batch, 3, 2),)


class _Synapse(_Stepping):
    bad_inputs: ClassVar = [((torch.zeros(5, 3, 2),), (ValueError, RuntimeError), "s")]

    def inputs(self, batch: int) -> tuple[torch.Tensor, ...]:
        return (torch.rand(batch, 3, 2) > 0.5,)


class _Encoder(ModuleContract):
    batch_dim = 1
    trainable = gradcheck = distributed = "encoders have no gradients"
    independent_samples = "spikes are drawn for the whole batch"
    pure_eval = True
    compile = "the number of random draws depends on the input"
    dtypes: ClassVar = {torch.bfloat16: "intervals need more digits"}
    bad_inputs = "inputs are not checked"

    def inputs(self, batch: int) -> tuple[torch.Tensor, ...]:
        return (torch.rand(batch, 3, 2),)


def _subject(base: type[ModuleContract], make: Any, **attributes: Any) -> type[ModuleContract]:
    return type("Test", (base,), {"make": lambda self: make(), **attributes})


def _conductances(self: Any, batch: int) -> tuple[torch.Tensor, ...]:
    return (0.5 * torch.rand(batch, 3, 2, 2),)


def _images(self: Any, batch: int) -> tuple[torch.Tensor, ...]:
    return (torch.rand(batch, 2, 6, 6) > 0.5,)


SHAPE = (3, 2)
DELTA = neural.DeltaCurrent.partialconstructor(200.0)
WRONG = [((torch.zeros(4, 3, 3),), (ValueError, RuntimeError), "s")]


class Both(Module):
    """A biclique as a function of one tensor."""

    def __init__(self) -> None:
        super().__init__()
        parts = (("a", lateral()), ("b", lateral()))
        self.layer = neural.Biclique(
            parts, (("n", neural.LIF(SHAPE, 1.0, time_constant=20.0, **CONSTANT)),)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer({"a": (x,), "b": (~x.bool(),)})["n"]


def lateral() -> neural.LinearLateral:
    return neural.LinearLateral(SHAPE, 1.0, synapse=DELTA, batch_size=4)


def lif() -> neural.LIF:
    return neural.LIF(SHAPE, 1.0, time_constant=20.0, **CONSTANT)


def recurrent() -> neural.RecurrentSerial:
    return neural.RecurrentSerial(lateral(), lateral(), lateral(), lif(), lif())


TestGLIF1 = _subject(_Neuron, lambda: neural.GLIF1(SHAPE, 1.0, **CONSTANT, time_constant=20.0))
TestGLIF2 = _subject(_Neuron, lambda: neural.GLIF2(SHAPE, 1.0, **GLIF))
TestGLIF3 = _subject(
    _Neuron, lambda: neural.GLIF3(SHAPE, 1.0, **CONSTANT, **AFTER, time_constant=20.0)
)
TestGLIF4 = _subject(_Neuron, lambda: neural.GLIF4(SHAPE, 1.0, **GLIF, **AFTER))
TestGLIF5 = _subject(
    _Neuron,
    lambda: neural.GLIF5(SHAPE, 1.0, **GLIF, **AFTER, adapt_rate=0.01, rebound_rate=0.02),
)
TestQIF = _subject(
    _Neuron,
    lambda: neural.QIF(SHAPE, 1.0, **CONSTANT, crit_v=-55.0, affinity=0.1, time_constant=20.0),
)
TestIzhikevich = _subject(
    _Neuron,
    lambda: neural.Izhikevich(SHAPE, 1.0, **CONSTANT, **ADAPTIVE, crit_v=-55.0, affinity=0.1),
)
TestEIF = _subject(
    _Neuron,
    lambda: neural.EIF(SHAPE, 1.0, **CONSTANT, rheobase_v=-55.0, sharpness=1.5, time_constant=20.0),
)
TestConductanceLIF = _subject(
    _Neuron,
    lambda: neural.ConductanceLIF(
        SHAPE, 1.0, **CONSTANT, time_constant=20.0, reversal_v=(0.0, -80.0)
    ),
    inputs=_conductances,
)
TestConductanceALIF = _subject(
    _Neuron,
    lambda: neural.ConductanceALIF(SHAPE, 1.0, **ALIF, reversal_v=(0.0, -80.0)),
    inputs=_conductances,
)
TestExactNeuron = _subject(
    _Neuron,
    lambda: extra.ExactNeuron(SHAPE, 1.0, rest_v=-60.0, thresh_v=-40.0, batch_size=4),
    bad_inputs=[((torch.zeros(4, 3, 3),), ValueError, "shape")],
)
COMMON = {"delay": 3.0, "batch_size": 4}
TestDeltaPlus = _subject(
    _Synapse, lambda: neural.DeltaPlusCurrent(SHAPE, 1.0, spike_charge=2.0, **COMMON)
)
TestDouble = _subject(
    _Synapse,
    lambda: neural.DoubleExponentialCurrent(
        SHAPE, 1.0, spike_charge=2.0, tc_decay=5.0, tc_rise=1.0, **COMMON
    ),
)
TestExponentialConductance = _subject(
    _Synapse,
    lambda: neural.ExponentialConductance(
        SHAPE, 1.0, spike_conductance=2.0, time_constant=5.0, **COMMON
    ),
)
TestDualConductance = _subject(
    _Synapse,
    lambda: neural.DualExponentialConductance(
        SHAPE, 1.0, spike_conductance=2.0, tc_decay=5.0, tc_rise=1.0, **COMMON
    ),
)
TestAlphaConductance = _subject(
    _Synapse,
    lambda: neural.AlphaConductance(SHAPE, 1.0, spike_conductance=2.0, time_constant=5.0, **COMMON),
)
TestDirect = _subject(
    _Synapse,
    lambda: neural.LinearDirect(SHAPE, 1.0, synapse=DELTA, bias=True, delay=2.0, batch_size=4),
    bad_inputs=WRONG,
)
TestLateral = _subject(_Synapse, lateral, bad_inputs=WRONG)
TestConv = _subject(
    _Synapse,
    lambda: neural.Conv2D(6, 6, 2, 3, 1.0, 3, synapse=DELTA, bias=True, batch_size=4),
    inputs=_images,
    bad_inputs=[((torch.zeros(4, 2, 5, 6),), (ValueError, RuntimeError), "s")],
)
TestBiclique = _subject(_Synapse, Both, bad_inputs=WRONG)
TestRecurrent = _subject(_Synapse, recurrent, bad_inputs=WRONG)
TestPoisson = _subject(_Encoder, lambda: neural.HomogeneousPoissonEncoder(20, 1.0, 100.0))
TestBernoulli = _subject(_Encoder, lambda: neural.HomogeneousPoissonApproxEncoder(20, 1.0, 100.0))
TestInterval = _subject(_Encoder, lambda: neural.PoissonIntervalEncoder(20, 1.0, 100.0))


class Differentiable(Module):
    """Ten steps of a layer with surrogate gradients, from its resting state."""

    def __init__(self) -> None:
        super().__init__()
        synapse = neural.SingleExponentialCurrent.partialconstructor(200.0, 5.0)
        connection = neural.LinearDense(
            SHAPE, 5, 1.0, synapse=synapse, bias=True, batch_size=4, delay=3.0,
            delay_init=lambda d: 0.25 + 2.5 * torch.rand_like(d),
        )  # fmt: skip
        self.layer = neural.Serial(connection, neural.ALIF(5, 1.0, **ALIF)).requires_grad_()
        neural.surrogate_gradients(self, neural.FastSigmoid(5.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.layer.clear(keep_adaptations=False)
        total = sum(self.layer(x if step % 2 else 0.5 * x) for step in range(10))
        result = total + 0.01 * self.layer.neuron.voltage
        neural.detach_state(self)
        return result


class TestSurrogateGradients(_Stepping):
    trainable = True
    bad_inputs = "every call starts by clearing the state"

    def make(self) -> nn.Module:
        return Differentiable()

    def inputs(self, batch: int) -> tuple[torch.Tensor, ...]:
        return (torch.rand(batch, 3, 2),)


class TestClassifier(_Stepping):
    bad_inputs: ClassVar = [((torch.zeros(4, 5), None), (ValueError, RuntimeError), "s")]
    batch_change = True

    def make(self) -> nn.Module:
        classifier = learn.MaxRateClassifier(SHAPE, 3)
        classifier(torch.rand(6, *SHAPE), torch.arange(6) % 3)
        return classifier

    def inputs(self, batch: int) -> tuple[Any, ...]:
        return (torch.rand(batch, *SHAPE), None)


def test_every_public_module_is_under_contract():
    here = Path(__file__)
    text = here.read_text() + here.with_name("test_contract.py").read_text()
    abstract = {
        "Neuron", "InfernoNeuron", "Synapse", "InfernoSynapse", "Connection", "Layer", "Updatable",
        "Accumulator", "Updater", "Cell", "Normalization", "Clamping",
    }  # fmt: skip
    names = [
        name
        for name in neural.__all__
        if isinstance(getattr(neural, name), type)
        and issubclass(getattr(neural, name), nn.Module)
        and name not in abstract
    ]
    missing = [
        name for name in names if f"neural.{name}(" not in text and f"neural.{name}." not in text
    ]
    assert not missing
