"""Quantised torch tiles and arrays of them."""

import pytest
import torch

from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    MappingParameter,
    QuantizedTorchInferenceRPUConfig,
    TorchInferenceRPUConfig,
)
from aihwkit.simulator.digital_low_precision.quantizers import QuantizerNotInitializedError
from aihwkit.simulator.digital_low_precision.range_estimators import RangeEstimators
from aihwkit.simulator.parameters import (
    InputRangeParameter,
    PrePostProcessingParameterQuant,
)
from aihwkit.simulator.parameters.pre_post import PeripheryQuantizationParameter
from aihwkit.simulator.parameters.quantization import ActivationQuantConfig
from aihwkit.simulator.tiles import QuantizedTorchInferenceTile
from aihwkit.simulator.tiles.array import QuantizedTileModuleArray


def make_config(bits=8, symmetric=True, estimator=RangeEstimators.running_minmax, **options):
    periphery = options.pop("periphery", PeripheryQuantizationParameter())
    config = QuantizedTorchInferenceRPUConfig(
        act_quant_config=ActivationQuantConfig(bits, symmetric, estimator),
        pre_post=PrePostProcessingParameterQuant(
            input_range=options.pop("input_range", InputRangeParameter()), periph_quant=periphery
        ),
        noise_model=None,
        drift_compensation=None,
        mapping=MappingParameter(max_input_size=12, max_output_size=12, **options),
    )
    config.forward.is_perfect = True
    return config


def exact_config():
    config = TorchInferenceRPUConfig(noise_model=None, drift_compensation=None)
    config.forward.is_perfect = True
    return config


@pytest.mark.parametrize("size", [8, 20])
@pytest.mark.parametrize("estimator", RangeEstimators)
@pytest.mark.parametrize("symmetric", [True, False])
def test_outputs_have_as_many_values_as_bits_allow(size, estimator, symmetric):
    torch.manual_seed(0)
    layer = AnalogLinear(size, 12, rpu_config=make_config(4, symmetric, estimator))
    kind = QuantizedTorchInferenceTile if size == 8 else QuantizedTileModuleArray
    assert type(layer.analog_module) is kind
    x = torch.randn(30, size)
    layer(x)
    assert 2 <= len(layer.eval()(x).unique()) <= 16


def test_no_bits_give_the_outputs_of_the_torch_tile():
    plain = AnalogLinear(8, 12, rpu_config=exact_config())
    layer = AnalogLinear(8, 12, rpu_config=make_config(0))
    layer.set_weights(*plain.get_weights())
    x = torch.randn(30, 8)
    torch.testing.assert_close(layer(x), plain(x))
    assert layer.analog_module.out_quantizer is None


def test_scales_and_biases_are_quantised():
    torch.manual_seed(0)
    periphery = PeripheryQuantizationParameter(n_bits=3)
    config = make_config(
        0,
        periphery=periphery,
        weight_scaling_omega=1.0,
        weight_scaling_columnwise=True,
        learn_out_scaling=True,
    )
    layer = AnalogLinear(8, 12, rpu_config=config)
    tile = layer.analog_module
    x = torch.randn(30, 8)
    y = layer(x)
    exact = x @ layer.get_weights()[0].t() + layer.get_weights()[1]
    assert not torch.allclose(y, exact)
    torch.testing.assert_close(y, exact, atol=0.5, rtol=0.0)
    scales = tile.quantize_periphery("scale", tile.get_scales())
    assert len(scales.unique()) <= 8
    y.sum().backward()
    assert tile.out_scaling_alpha.grad is not None
    assert float(tile.bias.grad.abs().sum()) > 0


def test_ranges_are_learned_after_some_batches():
    periphery = PeripheryQuantizationParameter(
        n_bits=4, learn_quant_params=True, init_learning_after=2
    )
    tile = QuantizedTorchInferenceTile(
        3, 4, make_config(0, periphery=periphery, weight_scaling_omega=1.0), bias=True
    )
    tile.set_weights(torch.randn(3, 4), torch.randn(3))
    for batch in range(4):
        assert tile.bias_quantizer.is_learning() == (batch > 2)
        tile(torch.randn(5, 4)).sum().backward()
    assert tile.bias_quantizer.quantizer._delta.grad is not None
    assert float(tile.scale_quant_update_idx) == 3.0


def test_untrained_numbers_get_their_own_range_in_evaluation():
    tile = QuantizedTorchInferenceTile(
        3, 4, make_config(0, periphery=PeripheryQuantizationParameter(n_bits=8)), bias=True
    ).eval()
    tile.set_weights(torch.randn(3, 4), torch.tensor([0.5, -1.0, 0.25]))
    x = torch.randn(5, 4)
    first = tile(x)
    with torch.no_grad():
        tile.bias.fill_(100.0)
    assert (tile(x) - first).abs().max().item() < 3.0


def test_untrained_outputs_in_evaluation_are_refused():
    layer = AnalogLinear(8, 12, rpu_config=make_config(4)).eval()
    with pytest.raises(QuantizerNotInitializedError, match="training mode"):
        layer(torch.randn(3, 8))


@pytest.mark.parametrize("size", [8, 20])
def test_training_goes_through_a_state_dict(size):
    torch.manual_seed(1)
    config = make_config(
        6,
        periphery=PeripheryQuantizationParameter(n_bits=6),
        input_range=InputRangeParameter(enable=True, init_from_data=2),
        weight_scaling_omega=1.0,
    )
    layer, fresh = (AnalogLinear(size, 12, rpu_config=config) for _ in range(2))
    optimizer = AnalogSGD(layer.parameters(), lr=0.02)
    x, target = torch.randn(64, size), torch.randn(64, 12)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(layer(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.95 * losses[0]
    fresh.load_state_dict(layer.state_dict())
    torch.testing.assert_close(fresh.eval()(x), layer.eval()(x))


def test_configuration_goes_through_plain_data():
    layer = AnalogLinear(8, 12, rpu_config=make_config(5, estimator=RangeEstimators.MSE))
    fresh = AnalogLinear(8, 12, rpu_config=make_config(3))
    layer(torch.randn(4, 8))
    fresh.load_state_dict(layer.state_dict())
    stored = fresh.analog_module.rpu_config.act_quant_config
    assert stored == layer.analog_module.rpu_config.act_quant_config
    assert stored.range_estimator is RangeEstimators.MSE
