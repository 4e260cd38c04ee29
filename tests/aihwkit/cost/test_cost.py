"""Costs follow from stated costs of operations and the sizes of layers."""

import dataclasses

import pytest
from torch import nn

from aihwkit.cost import COST_PRESETS, cost_estimate, cost_preset
from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogSequential
from aihwkit.simulator.configs import InferenceRPUConfig

HERMES = cost_preset("hermes")


def test_full_array_costs_what_is_published():
    layer = AnalogLinear(256, 256, bias=False, rpu_config=InferenceRPUConfig())
    cost = cost_estimate(AnalogSequential(layer), (1, 256))
    operations = 2 * 256 * 256
    assert operations / (cost.energy * 1e-9) == pytest.approx(10.5e12)
    assert operations / (cost.latency * 1e-9) / cost.area == pytest.approx(1.59e12)
    assert 64 * operations / (cost.latency * 1e-9) == pytest.approx(63.1e12)
    assert cost.write_energy == pytest.approx(2 * 256 * 256 * 10e-3)


@pytest.mark.parametrize(
    ("name", "efficiency", "throughput"),
    [("hermes-chip", 9.76e12, 63.1e12), ("hermes-chip-precise", 2.48e12, 16.1e12)],
)
def test_more_phases_cost_more(name, efficiency, throughput):
    layer = AnalogLinear(256, 256, bias=False, rpu_config=InferenceRPUConfig())
    cost = cost_estimate(AnalogSequential(layer), (1, 256), name)
    assert 2 * 256**2 / (cost.energy * 1e-9) == pytest.approx(efficiency)
    assert 64 * 2 * 256**2 / (cost.latency * 1e-9) == pytest.approx(throughput)
    assert "assumed, right in order of magnitude only" in str(cost)


def test_parts_of_an_array_cost_less_and_more_vectors_more():
    config = InferenceRPUConfig()
    model = AnalogSequential(
        AnalogConv2d(1, 4, 5, bias=False, rpu_config=config),
        nn.ReLU(),
        nn.Flatten(),
        AnalogLinear(576, 10, bias=False, rpu_config=config),
    )
    cost = cost_estimate(model, (3, 1, 16, 16))
    conv, _, _, linear = cost.layers
    assert conv.products == 3 * 12 * 12
    share = 0.1 * 25 / 256 + 0.6 * 4 / 256 + 0.3 * 25 * 4 / 256**2
    assert conv.energy == pytest.approx(HERMES.mvm_energy * share * conv.products)
    assert linear.tiles == 4
    assert linear.products == 3
    assert cost.energy == pytest.approx(conv.energy + linear.energy)
    text = str(cost)
    assert "HERMES" in text
    assert "assumed" in text
    assert "Total number of tiles: 3" in text


def test_own_numbers_and_refusals():
    own = dataclasses.replace(HERMES, mvm_energy=1.0, source="mine")
    layer = AnalogSequential(AnalogLinear(256, 256, bias=False, rpu_config=InferenceRPUConfig()))
    assert cost_estimate(layer, (2, 256), own).energy == pytest.approx(2.0)
    with pytest.raises(ValueError, match="hermes"):
        cost_preset("hermees")
    with pytest.raises(ValueError, match="add up to at most 1"):
        dataclasses.replace(HERMES, dac_share=0.6)
    with pytest.raises(ValueError, match="mvm_time"):
        dataclasses.replace(HERMES, mvm_time=0.0)
    assert all(preset.source for preset in COST_PRESETS.values())
