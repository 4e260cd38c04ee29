"""Update parts of every rule on one synapse, step by step, against recorded reference values."""

import pytest
import torch

from inferno import learn, neural
from inferno.extra import ExactNeuron
from inferno.functional import exp_stdp_post_kernel, exp_stdp_pre_kernel

PRE = (1, 0, 0, 1, 0, 1, 0)
POST = (0, 1, 0, 1, 0, 0, 1)

Z = (0, 0)
KERNELS = (
    exp_stdp_post_kernel,
    exp_stdp_pre_kernel,
    {"learning_rate": 0.5, "time_constant": 20.0},
    {"learning_rate": -0.25, "time_constant": 10.0},
)
ADJUSTED = [Z, (0.5, 0), (0.5, 0), (0, 0.226209), (0, 0.226209), (0, 0.185205), (0.5, 0)]
DELAYED = [Z, (0.5, 0.25), Z, (0.452419, 0), (0, 0.411414), Z, (1.341819, 0.586837)]
# a part of None is a part without terms
CASES = {
    "stdp": (
        lambda: learn.STDP(0.5, -0.25, 10.0, 20.0),
        {},
        (),
        [Z, (0.475615, 0), Z, (0.930354, 0.454683), Z, (0, 0.372263), (1.276378, 0)],
    ),
    "stdp-nearest": (
        lambda: learn.STDP(0.5, -0.25, 10.0, 20.0, trace_mode="nearest"),
        {},
        (),
        [Z, (0.475615, 0), Z, (0.5, 0.25), Z, (0, 0.204683), (0.475615, 0)],
    ),
    "triplet": (
        lambda: learn.TripletSTDP(0.5, 0.2, -0.25, 0.1, 10.0, 30.0, 20.0, 40.0),
        {},
        (),
        [Z, (0.475615, 0), Z, (1.290295, 0.627686), Z, (0, 0.652226), (2.200823, 0)],
    ),
    "triplet-nearest": (
        lambda: learn.TripletSTDP(
            0.5, 0.2, -0.25, 0.1, 10.0, 30.0, 20.0, 40.0, trace_mode="nearest"
        ),
        {},
        (),
        [Z, (0.475615, 0), Z, (0.693443, 0.345123), Z, (0, 0.284534), (0.653591, 0)],
    ),
    "stdp-after-delay": (
        lambda: learn.STDP(0.5, -0.25, 10.0, 20.0),
        {"delay": 2.0},
        (),
        DELAYED,
    ),
    "stdp-before-delay": (
        lambda: learn.STDP(0.5, -0.25, 10.0, 20.0, delayed=True),
        {"delay": 2.0},
        (),
        DELAYED,
    ),
    "mstdp": (
        lambda: learn.MSTDP(0.5, -0.25, 10.0, 20.0),
        {},
        (-0.5,),
        [Z, (0, 0.237807), Z, (0.227341, 0.465177), Z, (0.186131, 0), (0, 0.638189)],
    ),
    "mstdpet": (
        lambda: learn.MSTDPET(0.5, -0.25, 10.0, 20.0, 25.0),
        {},
        (0.5,),
        [
            Z,
            (0.009512, 0),
            (0.009139, 0),
            (0.027388, 0.009094),
            (0.026314, 0.008737),
            (0.025282, 0.01584),
            (0.049819, 0.015219),
        ],
    ),
    "kernel": (
        lambda: learn.KernelSTDP(*KERNELS),
        {},
        (),
        [Z, (0.475615, 0), (0.475615, 0), (0.5, 0), (0.5, 0), (0, 0.204683), (0.475615, 0)],
    ),
    "delay-adjusted-kernel": (
        lambda: learn.DelayAdjustedKernelSTDP(*KERNELS),
        {"delay": 2.0},
        (),
        ADJUSTED,
    ),
    "delay-adjusted": (
        lambda: learn.DelayAdjustedSTDP(0.5, -0.25, 20.0, 10.0),
        {"delay": 2.0},
        (),
        ADJUSTED,
    ),
    "delay-adjusted-delay": (
        lambda: learn.DelayAdjustedSTDPD(-0.25, 0.5, 10.0, 20.0),
        {"delay": 2.0},
        (),
        [Z, (0, 0.25), (0, 0.25), (0.475615, 0), (0.475615, 0), (0.430354, 0), (0, 0.25)],
    ),
    "delay-adjusted-mstdp": (
        lambda: learn.DelayAdjustedMSTDP(0.5, -0.25, 20.0, 10.0),
        {"delay": 2.0},
        (-0.5,),
        [Z, (0, 0.25), (0, 0.25), (0.113105, 0), (0.113105, 0), (0.092602, 0), (0, 0.25)],
    ),
    "delay-adjusted-mstdp-delay": (
        lambda: learn.DelayAdjustedMSTDPD(-0.25, 0.5, 10.0, 20.0),
        {"delay": 2.0},
        (0.5,),
        [Z, (0, 0.125), (0, 0.125), (0.237807, 0), (0.237807, 0), (0.215177, 0), (0, 0.125)],
    ),
    "homeostasis": (
        lambda: learn.LinearHomeostasis(0.1, 0.4, "weight"),
        {},
        (),
        [(0.1, 0), (0, -0.025), (0.016667, 0), (0, -0.025), Z, (0.016667, 0), (0, -0.007143)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_rule_reproduces_recorded_update_parts(case: str) -> None:
    make, options, signal, expected = CASES[case]
    connection = neural.LinearDirect(
        (1,),
        1.0,
        synapse=neural.DeltaCurrent.partialconstructor(1.0),
        delay_init=torch.ones_like,
        **options,
    )
    layer = neural.Serial(connection, ExactNeuron((1,), 1.0, rest_v=-60.0, thresh_v=-40.0))
    connection.updater = connection.defaultupdater()
    trainer = make()
    trainer.register_cell("only", layer.cell)
    parameter = "delay" if case.endswith("-delay") and case.startswith("delay") else "weight"
    accumulator = getattr(connection.updater, parameter)
    result = []
    for pre, post in zip(PRE, POST, strict=True):
        layer(torch.tensor([[pre]]), neuron_kwargs={"override": torch.tensor([[bool(post)]])})
        trainer(*signal)
        result.append(
            tuple(0.0 if p is None else p.item() for p in (accumulator.pos, accumulator.neg))
        )
        connection.updater.clear()
    torch.testing.assert_close(
        torch.tensor(result), torch.tensor(expected) * 1.0, atol=2e-6, rtol=2e-6
    )
