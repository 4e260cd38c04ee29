"""Every trainer, together with the layer that it teaches, against the contract of modules."""

import copy
import pickle
from typing import Any, ClassVar

import pytest
import torch

from inferno import Module, learn, neural
from inferno.functional import exp_stdp_post_kernel, exp_stdp_pre_kernel
from inferno.learn.trainers.two_factor_stdp import StableSTDP, StableTripletSTDP
from synaptensor.testing import (
    ModuleContract,
    assert_independent,
    assert_state_unchanged,
)
from synaptensor.testing.state import assert_same_tree

INPUTS, OUTPUTS, BATCH = 6, 3, 4
KERNELS = (
    exp_stdp_post_kernel,
    exp_stdp_pre_kernel,
    {"learning_rate": 0.01, "time_constant": 20.0},
    {"learning_rate": -0.01, "time_constant": 20.0},
)
TRIPLET = (0.01, 0.02, -0.01, 0.01, 10.0, 30.0, 10.0, 30.0)


class Taught(Module):
    """A layer that learns in every call in training mode."""

    def __init__(self, trainer: learn.IndependentCellTrainer, signals: tuple[Any, ...]) -> None:
        super().__init__()
        connection = neural.LinearDense(
            INPUTS,
            OUTPUTS,
            1.0,
            synapse=neural.DeltaCurrent.partialconstructor(60.0),
            bias=True,
            delay=3.0,
            batch_size=BATCH,
            delay_init=lambda d: 3 * torch.rand_like(d),
        )
        connection.updater = connection.defaultupdater()
        neuron = neural.LIF(
            OUTPUTS, 1.0, rest_v=-60.0, reset_v=-65.0, thresh_v=-50.0, refrac_t=2.0,
            time_constant=20.0, batch_size=BATCH,
        )  # fmt: skip
        self.layer = neural.Serial(connection, neuron)
        self.trainer = trainer
        self.signals = signals
        if any(torch.is_tensor(signal) for signal in signals):
            self.signals = ()
            self.register_buffer("signal", signals[0])
        trainer.register_cell("cell", self.layer.cell)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        spikes = self.layer(x > 0.5)
        if self.training:
            signals = (self.signal,) if "signal" in self._buffers else self.signals
            self.trainer(*signals)
            self.layer.update()
        connection = self.layer.connection
        return spikes, connection.weight.clone(), connection.delay.clone()


class _Rule(ModuleContract):
    batch = BATCH
    signals: ClassVar[tuple[Any, ...]] = ()
    batch_change = independent_samples = "the batch size is set on the module"
    pure_eval = "a step changes the state, in evaluation mode too"
    trainable = gradcheck = "parameters learn by plasticity"
    distributed = "processes learn together in test_distributed"
    compile = "training compiles in pieces, in test_compile"
    dtypes: ClassVar = {torch.bfloat16: "times and voltages need more digits"}
    bad_inputs: ClassVar = [
        ((torch.ones(2, INPUTS),), ValueError, r"\(4, 6\), got \(2, 6\)"),
        ((torch.ones(BATCH, 2),), ValueError, r"\(4, 6\), got \(4, 2\)"),
    ]

    def test_same_seed_same_result(self) -> None:
        """As in the contract, but for the numbers of hooks, which torch counts on and on."""
        first, second = self._new(), self._new()
        expected = self._call(first, self._inputs())
        assert_same_tree(self._call(second, self._inputs()), expected, "the outputs differ")
        self._train(first)
        self._train(second)
        assert_same_tree(second.state_dict(), first.state_dict(), "the states differ")

    @pytest.mark.parametrize("way", ["deepcopy", "pickle"])
    def test_copy_is_equal_and_independent(self, way: str) -> None:
        """As in the contract, but for hooks, which a copied module holds itself."""
        module = self._new()
        self._train(module)
        twin = copy.deepcopy(module) if way == "deepcopy" else pickle.loads(pickle.dumps(module))
        assert_independent(twin, module)
        assert_same_tree(twin.state_dict(), module.state_dict(), "the copy differs")
        with assert_state_unchanged(module):
            got = self._call(twin, self._inputs())
            self._train(twin)
        expected = self._call(module, self._inputs())
        assert_same_tree(got, expected, "the copy gives other numbers")
        self._train(module)
        assert_same_tree(twin.state_dict(), module.state_dict(), "the copy learns something else")

    def rule(self) -> learn.IndependentCellTrainer:
        raise NotImplementedError

    def make(self) -> Taught:
        return Taught(self.rule(), self.signals)

    def inputs(self, batch: int) -> tuple[torch.Tensor, ...]:
        return (torch.rand(batch, INPUTS),)

    def expected_shapes(self, batch: int) -> tuple[tuple[int, ...], ...]:
        return (batch, OUTPUTS), (OUTPUTS, INPUTS), (OUTPUTS, INPUTS)


def _subject(rule: Any, *arguments: Any, signals: tuple[Any, ...] = (), **options: Any) -> type:
    return type(
        "Test", (_Rule,), {"rule": lambda self: rule(*arguments, **options), "signals": signals}
    )


PAIR, SIDES = (0.01, -0.01, 20.0, 20.0), (0.01, -0.01, 20.0, 10.0)
SIGNAL = (torch.tensor([1.0, -0.5, 0.0, 2.0]),)
TestSTDP = _subject(learn.STDP, *PAIR)
TestSTDPDelayed = _subject(learn.STDP, *PAIR, delayed=True, trace_mode="nearest")
TestStableSTDP = _subject(StableSTDP, *PAIR)
TestTripletSTDP = _subject(learn.TripletSTDP, *TRIPLET)
TestTripletSTDPDelayed = _subject(learn.TripletSTDP, *TRIPLET, delayed=True, inplace=True)
TestStableTripletSTDP = _subject(StableTripletSTDP, *TRIPLET)
TestMSTDP = _subject(learn.MSTDP, *PAIR, signals=(0.5,))
TestMSTDPSamples = _subject(learn.MSTDP, *PAIR, signals=SIGNAL)
TestMSTDPET = _subject(learn.MSTDPET, *PAIR, 25.0, signals=(0.5,))
TestMSTDPETSamples = _subject(learn.MSTDPET, *PAIR, 25.0, signals=SIGNAL)
TestKernelSTDP = _subject(learn.KernelSTDP, *KERNELS)
TestDelayAdjustedKernelSTDP = _subject(learn.DelayAdjustedKernelSTDP, *KERNELS)
TestDelayAdjustedKernelSTDPD = _subject(learn.DelayAdjustedKernelSTDPD, *KERNELS)
TestDelayAdjustedSTDP = _subject(learn.DelayAdjustedSTDP, *SIDES)
TestDelayAdjustedSTDPD = _subject(learn.DelayAdjustedSTDPD, *SIDES)
TestDelayAdjustedMSTDP = _subject(learn.DelayAdjustedMSTDP, *SIDES, signals=(-0.5,))
TestDelayAdjustedMSTDPD = _subject(learn.DelayAdjustedMSTDPD, *SIDES, signals=SIGNAL)
TestLinearHomeostasis = _subject(learn.LinearHomeostasis, 0.01, 0.1, "weight")
TestLinearHomeostasisBias = _subject(learn.LinearHomeostasis, 0.01, 0.1, "bias")
