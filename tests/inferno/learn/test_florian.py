"""Reward-modulated learning of one synapse, against recorded reference values."""

import pytest
import torch

from inferno import learn, neural
from inferno.extra import ExactNeuron

EXPECTED = {
    15: (0.355760, 0.355760, 0.206230, 0.0062304, 0),
    75: (0.363515, 0.363515, 0.345357, 0.0008754, 0),
    85: (0.236169, 0.236169, 0.347335, 0.0005868, 0.0050938),
    100: (0.236169, 0.236169, 0.297507, 0.0003220, 0.0027956),
    110: (0.294818, 0.177521, 0.315142, 0.0025618, 0.0018739),
    115: (0.110643, 0.361696, 0.319454, 0.0020974, 0.0089012),
    135: (0.042889, 0.429450, 0.413970, 0.0009424, 0.0067097),
    140: (0.269036, 0.203302, 0.430540, 0.0098175, 0.0054935),
    200: (0.269036, 0.203302, 0.334199, 0.0008906, 0.0004984),
}


def make(cls: type, *arguments: float):
    connection = neural.LinearDirect(
        (1,),
        1.0,
        synapse=neural.DeltaCurrent.partialconstructor(1.0),
        weight_init=lambda x: torch.full_like(x, 0.2),
    )
    layer = neural.Serial(connection, ExactNeuron((1,), 1.0, rest_v=-60.0, thresh_v=-40.0))
    connection.updater = connection.defaultupdater()
    trainer = cls(*arguments)
    trainer.register_cell("only", layer.cell)
    return layer, trainer


def test_rules_reproduce_the_published_comparison() -> None:
    rates = (0.2, -0.2, 20.0, 20.0)
    runs = [
        make(learn.STDP, *rates),
        make(learn.MSTDP, *rates),
        make(learn.MSTDPET, *rates, 25.0),
    ]
    got = {}
    for time in range(1, 201):
        pre = torch.tensor([[time in (10, 85, 115, 135)]])
        post = torch.tensor([[time in (15, 75, 110, 140)]])
        reward = 1.0 if time <= 100 else -1.0
        for layer, trainer in runs:
            layer(pre, neuron_kwargs={"override": post})
            trainer(*(() if type(trainer) is learn.STDP else (reward,)))
            layer.connection.update()
        if time in EXPECTED:
            eligibility = [
                runs[2][1].get_monitor("only", f"elig_{side}").peek().item()
                for side in ("post", "pre")
            ]
            got[time] = [layer.connection.weight.item() for layer, _ in runs] + eligibility
    for time, expected in EXPECTED.items():
        assert got[time] == pytest.approx(expected, abs=2e-6), time
