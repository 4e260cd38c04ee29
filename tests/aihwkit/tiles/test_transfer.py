"""The tile whose transfers are written in torch."""

import copy
import io

import pytest
import torch

from aihwkit.exceptions import AnalogBiasConfigError, ConfigError
from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    ChoppedTransferCompound,
    ConstantStepDevice,
    DynamicTransferCompound,
    IOParameters,
    MappingParameter,
    SingleRPUConfig,
    UnitCellRPUConfig,
)
from aihwkit.simulator.parameters import PulseType, UpdateParameters
from aihwkit.simulator.tiles.transfer import TorchTransferTile


def exact_device(dw_min=0.001, **options):
    return ConstantStepDevice(
        dw_min=dw_min,
        dw_min_dtod=0.0,
        dw_min_std=0.0,
        up_down_dtod=0.0,
        w_max_dtod=0.0,
        w_min_dtod=0.0,
        **options,
    )


def config_of(kind=ChoppedTransferCompound, **options):
    exact = IOParameters(is_perfect=True)
    devices = options.pop("devices", [exact_device(), exact_device()])
    return UnitCellRPUConfig(
        tile_class=TorchTransferTile,
        device=kind(
            unit_cell_devices=devices, transfer_forward=exact, units_in_mbatch=True, **options
        ),
        forward=exact,
        backward=exact,
        update=UpdateParameters(pulse_type=PulseType.DETERMINISTIC_IMPLICIT, desired_bl=100),
    )


def tile_of(kind=ChoppedTransferCompound, **options):
    tile = TorchTransferTile(3, 4, config_of(kind, **options))
    tile.set_weights(torch.zeros(3, 4))
    tile.set_learning_rate(0.01)
    return tile


X, D = torch.tensor([[1.0, -0.5, 0.5, 1.0]]), torch.tensor([[-1.0, 1.0, 0.5]])


def test_gradients_go_to_the_fast_tile_and_lines_of_it_to_the_weights():
    tile = tile_of(in_chop_prob=0.0, fast_lr=0.05)
    simulator = tile.tile
    simulator.grad_tile.tile.set_weights(torch.zeros(3, 4))
    for step in range(4):
        tile.update(X, D)
        assert simulator.transfer_idx == step
    gradient = simulator.grad_tile.tile.get_weights()
    torch.testing.assert_close(gradient, -4 * 0.05 * D.t() @ X, atol=0.01, rtol=0.0)
    # Column k was read after k + 1 updates, and buffered in units of the granularity.
    read = torch.arange(1, 5) / 4 * gradient * 0.01 / 0.001
    torch.testing.assert_close(
        tile.get_weights()[0], 0.001 * read.trunc().clamp(-1, 1), atol=1e-6, rtol=0.0
    )


@pytest.mark.parametrize("columns", [True, False])
@pytest.mark.parametrize("kind", [ChoppedTransferCompound, DynamicTransferCompound])
def test_the_weights_follow_the_gradient(kind, columns):
    torch.manual_seed(0)
    tile = tile_of(kind, fast_lr=0.05, transfer_columns=columns)
    before = X.clone()
    for _ in range(60):
        tile.update(X, D)
    assert torch.equal(X, before)
    weights = tile.get_weights()[0]
    assert float((weights * (D.t() @ X)).sum()) < 0
    assert tile.tile.chopper.numel() == (4 if columns else 3)
    assert set(tile.tile.chopper.tolist()) <= {1.0, -1.0}


def test_a_regression_is_learned():
    torch.manual_seed(1)
    devices = [exact_device(), exact_device(0.01)]
    config = config_of(fast_lr=0.1, auto_scale=True, devices=devices)
    layer = AnalogLinear(4, 3, rpu_config=config)
    optimizer = AnalogSGD(layer.parameters(), lr=0.2)
    target = 0.2 * torch.randn(3, 4)
    losses = []
    for _ in range(200):
        x = torch.randn(5, 4)
        optimizer.zero_grad()
        loss = (layer(x) - x @ target.t()).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-20:]) < 0.5 * sum(losses[:20])


def train(layer, steps):
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)
    for step in range(steps):
        torch.manual_seed(step)
        optimizer.zero_grad()
        layer(torch.randn(4, 4)).square().mean().backward()
        optimizer.step()


def test_training_resumes_bit_for_bit():
    torch.manual_seed(2)
    config = config_of(DynamicTransferCompound, in_chop_prob=0.3, in_chop_random=True)
    layer, fresh = (AnalogLinear(4, 3, rpu_config=config) for _ in range(2))
    train(layer, 7)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    fresh.load_state_dict(torch.load(file, weights_only=True))
    twin = copy.deepcopy(layer)
    for one in (layer, fresh, twin):
        train(one, 6)
    for other in (fresh, twin):
        assert torch.equal(other.get_weights()[0], layer.get_weights()[0])
        assert torch.equal(other.analog_module.tile.chopper, layer.analog_module.tile.chopper)


def test_layers_have_one_tile_and_hidden_parameters_of_both():
    layer = AnalogLinear(4, 3, rpu_config=config_of())
    assert layer.analog_tile_count() == 1
    tile = layer.analog_module
    hidden = tile.get_hidden_parameters()
    assert {"max_bound_0", "max_bound_1", "fast_weight", "slow_weight", "hidden_weight"} <= set(
        hidden
    )
    hidden["hidden_weight"] = torch.full((3, 4), 0.25)
    tile.set_hidden_parameters(hidden)
    assert tile.tile.hidden_weight.shape == (4, 3)
    assert float(tile.tile.hidden_weight.min()) == 0.25


def test_learning_rates_of_the_inner_tiles_stay_their_own():
    layer = AnalogLinear(4, 3, rpu_config=config_of(step=2.0))
    optimizer = AnalogSGD(layer.parameters(), lr=0.5)
    optimizer.regroup_param_groups(layer)
    assert layer.analog_module.get_learning_rate() == 0.5
    assert layer.analog_module.tile.weight_tile.get_learning_rate() == pytest.approx(0.002)


def test_decay_acts_once_for_each_step():
    tile = tile_of(devices=[exact_device(), exact_device(lifetime=10.0)])
    tile.set_weights(torch.full((3, 4), 0.2))
    tile.post_update_step()
    torch.testing.assert_close(tile.get_weights()[0], torch.full((3, 4), 0.18))


def test_what_is_not_supported_is_refused():
    with pytest.raises(ConfigError, match="ChoppedTransferCompound"):
        TorchTransferTile(3, 4, SingleRPUConfig())
    with pytest.raises(ConfigError, match="n_reads_per_transfer"):
        TorchTransferTile(3, 4, config_of(n_reads_per_transfer=2))
    with pytest.raises(ConfigError, match="transfer_every"):
        TorchTransferTile(3, 4, config_of(transfer_every=-1.0))
    with pytest.raises(ConfigError, match="in_trans"):
        TorchTransferTile(3, 4, config_of(), in_trans=True)
    analog_bias = config_of()
    analog_bias.mapping = MappingParameter(digital_bias=False)
    with pytest.raises(AnalogBiasConfigError, match="digital bias"):
        TorchTransferTile(3, 4, analog_bias, bias=True)
    tile = tile_of()
    with pytest.raises(NotImplementedError, match="cannot be replaced"):
        tile.replace_with(config_of())
    tile.tile.compound.units_in_mbatch = False
    before = tile.get_hidden_parameters()
    with pytest.raises(ConfigError, match="Multiple transfers"):
        tile.update(X.expand(3, 4), D.expand(3, 3))
    assert all(
        torch.equal(a, b)
        for a, b in zip(before.values(), tile.get_hidden_parameters().values(), strict=True)
    )
    with pytest.raises(RuntimeError, match="keys"):
        tile.tile.load_extra({"weight_tile": {}})
