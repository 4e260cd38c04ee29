"""Weights go to a chip as conductances and come back."""

import pytest
import torch

from aihwkit.exceptions import FusionExportError, TileError
from aihwkit.inference import SinglePairConductanceConverter
from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogLinearMapped, AnalogSequential
from aihwkit.simulator.configs import (
    InferenceRPUConfig,
    MappingParameter,
    SingleRPUConfig,
    TorchInferenceRPUConfig,
)
from aihwkit.utils.export import _fusion_get_csv_header, fusion_export, fusion_import


def model(config_class=InferenceRPUConfig):
    torch.manual_seed(0)
    config = config_class()
    split = config_class(mapping=MappingParameter(max_input_size=5, max_output_size=2))
    return AnalogSequential(
        AnalogConv2d(1, 2, 3, rpu_config=config),
        AnalogLinear(8, 3, rpu_config=config),
        AnalogSequential(AnalogLinearMapped(8, 3, rpu_config=split)),
    )


def test_recorded_conductances():
    pair = AnalogSequential(
        AnalogLinear(2, 2, rpu_config=InferenceRPUConfig()),
        AnalogLinear(2, 2, rpu_config=InferenceRPUConfig()),
    )
    pair[0].set_weights(torch.tensor([[1, 0.2], [0.3, -0.4]]), torch.zeros(2))
    pair[1].set_weights(torch.tensor([[-0.5, 0.6], [0.7, -1]]), torch.zeros(2))
    data, _, _ = fusion_export(pair)
    assert data["0"] == pytest.approx([40, 8, 30, 40])
    assert data["1"] == pytest.approx([100 / 3, 40, 28, 40])
    data, _, _ = fusion_export(pair, SinglePairConductanceConverter(1.0, 0.0))
    assert data["0"] == pytest.approx([1, 0.2, 0.3, 0, 0, 0, 0, 0.4])


@pytest.mark.parametrize("config_class", [InferenceRPUConfig, TorchInferenceRPUConfig])
@pytest.mark.parametrize("converter", [None, SinglePairConductanceConverter()])
@pytest.mark.parametrize("as_file", [True, False])
def test_round_trip(config_class, converter, as_file, tmp_path):
    original = model(config_class)
    file = tmp_path / "chip.csv" if as_file else None
    data, params, state = fusion_export(original, converter, file)
    other = model(config_class)
    for layer in other.analog_layers():
        weight, bias = layer.get_weights()
        layer.set_weights(-weight, bias)
    restored = fusion_import(file or data, other, params, state, converter)
    assert restored is other
    assert not restored.training
    for mine, its in zip(original.analog_tiles(), restored.analog_tiles(), strict=True):
        torch.testing.assert_close(its.get_weights()[0], mine.get_weights()[0], rtol=0, atol=1e-6)


def test_header():
    small = AnalogSequential(
        AnalogConv2d(1, 2, 3, rpu_config=InferenceRPUConfig()),
        torch.nn.Tanh(),
        torch.nn.Flatten(),
        AnalogLinear(8, 3, rpu_config=InferenceRPUConfig()),
    )
    expected = ["1,4", "AnalogConv2d,AnalogLinear", "18,24", "2,3", "9,8"]
    assert _fusion_get_csv_header(small) == expected


def test_what_does_not_fit_is_refused(tmp_path):
    original = model()
    file = tmp_path / "chip.csv"
    data, params, _ = fusion_export(original, file_name=file)
    before = original[1].get_weights()[0]
    with pytest.raises(FusionExportError, match="must begin with"):
        fusion_import(file, AnalogSequential(original[0]), params)
    with pytest.raises(FusionExportError, match="layer '1'"):
        fusion_import({"0": data["0"]}, original, params)
    with pytest.raises(FusionExportError, match="multiple of 24"):
        fusion_import({**data, "1": data["1"][:-1]}, original, params)
    assert torch.equal(before, original[1].get_weights()[0])
    with pytest.raises(TileError, match="inference tiles"):
        fusion_export(AnalogSequential(AnalogLinear(2, 2, rpu_config=SingleRPUConfig())))
