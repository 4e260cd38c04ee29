"""Summaries count layers, tiles and parameters."""

import pytest
import torch
from torch import nn

from aihwkit.nn import (
    AnalogConv2d,
    AnalogLinear,
    AnalogLinearMapped,
    AnalogLSTMCell,
    AnalogRNN,
    AnalogSequential,
)
from aihwkit.simulator.configs import (
    InferenceRPUConfig,
    MappingParameter,
    TorchInferenceRPUConfig,
)
from aihwkit.utils.analog_info import AnalogInfo, analog_summary


@pytest.mark.parametrize("config_class", [InferenceRPUConfig, TorchInferenceRPUConfig])
def test_recorded_numbers(config_class):
    config = config_class(mapping=MappingParameter(max_input_size=512, max_output_size=512))
    model = AnalogSequential(
        AnalogConv2d(1, 4, 5, rpu_config=config),
        nn.Tanh(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        AnalogLinear(576, 10, rpu_config=config),
        nn.Linear(10, 5),
    )
    info = analog_summary(model, (3, 1, 28, 28))
    assert [layer.name for layer in info.layer_summary] == [
        "AnalogConv2d", "Tanh", "MaxPool2d", "Flatten", "AnalogLinear", "Linear"
    ]  # fmt: skip
    conv, linear = info.layer_summary[0], info.layer_summary[4]
    assert conv.reuse_factor == 1728
    assert conv.output_size == [3, 4, 24, 24]
    assert linear.reuse_factor == 3
    assert linear.num_tiles == 2
    assert linear.tiles_summary_dict()[0]["log_shape"] == (10, 288)
    assert info.total_tile_number == 3
    assert info.total_nb_analog == 2
    assert info.total_parameters == 4 * 25 + 4 + 5760 + 10 + 55
    assert "Total number of tiles: 3" in repr(info)
    assert max(len(line) for line in repr(info).splitlines()) <= 200


def test_utilisation_of_mapped_layers():
    config = InferenceRPUConfig(mapping=MappingParameter(max_input_size=512, max_output_size=512))
    info = analog_summary(AnalogLinearMapped(600, 700, rpu_config=config), (1, 600))
    (layer,) = info.layer_summary
    assert layer.num_tiles == 4
    assert layer.tiles_info[0].tile_summary_dict()["log_shape"] == (350, 300)
    assert layer.tiles_info[0].utilization == pytest.approx(40.05, abs=0.01)


def test_summary_leaves_the_model_alone():
    config = TorchInferenceRPUConfig()
    config.pre_post.input_range.enable = True
    model = AnalogSequential(AnalogLinear(4, 3, rpu_config=config), nn.Dropout())
    model[1].eval()
    for _ in range(2):
        analog_summary(model, (2, 4))
    assert [module.training for module in model.modules()][-1] is False
    assert model.training
    assert all(not module._forward_hooks for module in model.modules())
    tile = model[0].analog_module
    assert tile.input_range.item() == 3.0
    assert not tile.rpu_config.forward.is_perfect


def test_recurrent_cells_count_once():
    model = AnalogRNN(AnalogLSTMCell, 3, 4, True, InferenceRPUConfig())
    info = AnalogInfo(model, (5, 2, 3))
    assert info.total_tile_number == len(list(model.analog_tiles()))
    assert all(torch.tensor(layer.calls) >= 1 for layer in info.layer_summary)


def test_missing_size_is_refused():
    with pytest.raises(TypeError, match="input_size"):
        analog_summary(nn.Linear(2, 2))
