"""Neurons, synapses, connections and layers against the contract of all modules."""

from typing import ClassVar

import torch
from torch import nn

from inferno import neural
from synaptensor.testing import ModuleContract

STATEFUL = "a step changes the state, in evaluation mode too"
FIXED = "the batch size is set on the module"
SPIKES = "spikes are boolean, parameters learn by plasticity"
EXTERNAL = "no gradients to share between processes"


class _Stepping(ModuleContract):
    batch = 4
    batch_change = FIXED
    pure_eval = STATEFUL
    trainable = SPIKES
    gradcheck = SPIKES
    distributed = EXTERNAL
    independent_samples = FIXED
    compile_fullgraph = False
    dtypes: ClassVar = {torch.bfloat16: "times and voltages need more digits"}


class TestLIF(_Stepping):
    bad_inputs: ClassVar = [((torch.zeros(5, 3, 2),), ValueError, "`inputs` must be of shape")]

    def make(self) -> nn.Module:
        return neural.LIF(
            (3, 2),
            1.0,
            rest_v=-60.0,
            reset_v=-65.0,
            thresh_v=-50.0,
            refrac_t=2.0,
            time_constant=20.0,
            batch_size=4,
        )

    def inputs(self, batch: int) -> tuple[torch.Tensor, ...]:
        return (200 * torch.rand(batch, 3, 2),)


class TestALIF(TestLIF):
    def make(self) -> nn.Module:
        return neural.ALIF(
            (3, 2),
            1.0,
            rest_v=-60.0,
            reset_v=-65.0,
            thresh_eq_v=-50.0,
            refrac_t=2.0,
            tc_membrane=20.0,
            tc_adaptation=(10.0, 100.0),
            spike_increment=(1.0, 0.5),
            batch_size=4,
        )


class TestAdEx(TestLIF):
    def make(self) -> nn.Module:
        return neural.AdEx(
            (3, 2),
            1.0,
            rest_v=-60.0,
            rheobase_v=-55.0,
            sharpness=1.5,
            reset_v=-65.0,
            thresh_v=-50.0,
            refrac_t=2.0,
            tc_membrane=20.0,
            tc_adaptation=(10.0, 50.0),
            voltage_coupling=(0.1, 0.2),
            spike_increment=(1.0, 0.5),
            batch_size=4,
        )


class TestSingleExponentialCurrent(_Stepping):
    bad_inputs: ClassVar = [((torch.zeros(5, 3, 2),), ValueError, "shape")]

    def make(self) -> nn.Module:
        return neural.SingleExponentialCurrent(
            (3, 2), 1.0, spike_charge=2.0, time_constant=5.0, delay=3.0, batch_size=4
        )

    def inputs(self, batch: int) -> tuple[torch.Tensor, ...]:
        return (torch.rand(batch, 3, 2) > 0.5,)


class TestDeltaCurrent(TestSingleExponentialCurrent):
    def make(self) -> nn.Module:
        return neural.DeltaCurrent((3, 2), 1.0, spike_charge=2.0, delay=3.0, batch_size=4)


class TestLinearDense(_Stepping):
    bad_inputs: ClassVar = [((torch.zeros(4, 3, 3),), ValueError, "shape")]

    def make(self) -> nn.Module:
        return neural.LinearDense(
            (3, 2),
            (5,),
            1.0,
            synapse=neural.DeltaCurrent.partialconstructor(2.0),
            bias=True,
            batch_size=4,
        )

    def inputs(self, batch: int) -> tuple[torch.Tensor, ...]:
        return (torch.rand(batch, 3, 2) > 0.5,)


class TestLinearDenseWithDelays(TestLinearDense):
    def make(self) -> nn.Module:
        return neural.LinearDense(
            (3, 2),
            (5,),
            1.0,
            synapse=neural.DoubleExponentialCurrent.partialconstructor(2.0, 5.0, 1.0),
            delay=3.0,
            delay_init=lambda x: 3.0 * torch.rand_like(x),
            batch_size=4,
        )


class TestSerial(TestLinearDense):
    def make(self) -> nn.Module:
        neuron = neural.LIF(
            (5,),
            1.0,
            rest_v=-60.0,
            reset_v=-65.0,
            thresh_v=-50.0,
            refrac_t=2.0,
            time_constant=20.0,
            batch_size=4,
        )
        return neural.Serial(super().make(), neuron)
