"""Two processes train analog tiles together and hold the same devices all the time."""

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss
from torch.nn.parallel import DistributedDataParallel

from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogSequential
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    FloatingPointRPUConfig,
    InferenceRPUConfig,
    IOParameters,
    MappingParameter,
    SingleRPUConfig,
)
from aihwkit.simulator.parameters import InputRangeParameter, PrePostProcessingParameter
from aihwkit.simulator.presets import (
    AGADReRamSBPreset,
    ChoppedTTv2ReRamSBPreset,
    MixedPrecisionReRamSBPreset,
)
from aihwkit.simulator.tiles.custom import CustomRPUConfig, CustomUpdateParameters
from aihwkit.simulator.tiles.transfer import TorchTransferTile
from synaptensor.testing import run_distributed

STEPS = 4
BATCHES = [(3, 5), (4, 4), (5, 3), (2, 6)]


def exact_config():
    return FloatingPointRPUConfig(mapping=MappingParameter(digital_bias=False))


def noisy_config():
    return SingleRPUConfig(device=ConstantStepDevice(lifetime=50.0, diffusion=0.001))


def network(config):
    return AnalogSequential(
        AnalogConv2d(1, 3, 3, rpu_config=config),
        nn.Tanh(),
        nn.Flatten(),
        AnalogLinear(48, 6, rpu_config=config),
        nn.Linear(6, 2),
    )


def data(step):
    generator = torch.Generator().manual_seed(step)
    return (
        torch.randn(8, 1, 6, 6, generator=generator),
        torch.randn(8, 2, generator=generator),
    )


def train(model, forward, slices, scale):
    optimizer = AnalogSGD(model.parameters(), lr=0.05)
    for step in range(STEPS):
        x, y = (part[slices[step]] for part in data(step))
        optimizer.zero_grad()
        # A sum over a part of the batch, so that parts of any size add up to the whole.
        (mse_loss(forward(x), y, reduction="sum") * scale).backward()
        optimizer.step()


def train_rank(rank, make_config, seed):
    torch.manual_seed(seed + rank)
    model = network(make_config())
    model.prepare_for_ddp()
    parallel = DistributedDataParallel(model)
    slices = [slice(0, a) if rank == 0 else slice(a, a + b) for a, b in BATCHES]
    train(model, parallel, slices, scale=0.25)
    return dict(model.state_dict())


def device_state(state, key):
    tile = state[key]
    return {
        "weights": tile["analog_tile_weights"],
        "hidden": tile["analog_tile_hidden_parameters"],
        **{
            name: value
            for name, value in tile["state_extra"].items()
            if ".random." not in name and "aux_nm" not in name
        },
    }


def assert_same_devices(states):
    keys = [key for key in states[0] if key.endswith("analog_tile_state")]
    assert len(keys) == 2
    for key in keys:
        first, second = (device_state(state, key) for state in states)
        assert first.keys() == second.keys()
        for name, value in first.items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(second[name])), name


def test_exact_tiles_learn_what_one_process_learns_from_the_whole_batch():
    states = run_distributed(train_rank, exact_config, 3)
    torch.manual_seed(3)
    model = network(exact_config())
    train(model, model, [slice(0, 8)] * STEPS, scale=0.125)
    assert_same_devices(states)
    for key, expected in model.state_dict().items():
        for state in states:
            got = state[key]
            if isinstance(expected, dict):
                name = "analog_tile_weights"
                torch.testing.assert_close(got[name], expected[name])
            else:
                torch.testing.assert_close(got, expected)


@pytest.mark.parametrize(
    "make_config", [noisy_config, AGADReRamSBPreset, MixedPrecisionReRamSBPreset]
)
def test_devices_stay_the_same_in_all_processes(make_config):
    states = run_distributed(train_rank, make_config, 4)
    assert_same_devices(states)
    torch.manual_seed(4)
    before = network(make_config()).state_dict()
    key = "0.analog_module.analog_tile_state"
    # Of transfer compounds only the fast devices may have changed in so few steps.
    changed = [
        not torch.equal(states[0][key][name], before[key][name])
        for name in ("analog_tile_weights", "analog_tile_hidden_parameters")
    ]
    assert any(changed)


def unequal_traces(rank):
    torch.manual_seed(rank)
    layer = AnalogLinear(4, 3, rpu_config=noisy_config())
    layer.prepare_for_ddp()
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)
    for _ in range(rank):
        layer(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    noise = layer.eval()(torch.ones(1, 4))
    return layer.get_weights()[0], noise.detach()


def test_a_process_without_data_takes_part():
    (first, noise), (second, other_noise) = run_distributed(unequal_traces)
    assert torch.equal(first, second)
    assert not torch.equal(noise, other_noise)


def ranged(rank):
    torch.manual_seed(rank)
    config = InferenceRPUConfig(
        noise_model=None,
        drift_compensation=None,
        pre_post=PrePostProcessingParameter(
            input_range=InputRangeParameter(enable=True, init_from_data=2)
        ),
    )
    layer = AnalogLinear(4, 3, rpu_config=config)
    layer.prepare_for_ddp()
    parallel = DistributedDataParallel(layer)
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        parallel((rank + 1) * torch.randn(8, 4)).square().sum().backward()
        optimizer.step()
    return layer.analog_module.input_range.detach(), layer.get_weights()[0]


def test_input_ranges_are_those_of_all_processes():
    first, second = run_distributed(ranged)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


def transfer_config():
    config = ChoppedTTv2ReRamSBPreset(tile_class=TorchTransferTile)
    config.device.units_in_mbatch = True
    config.device.in_chop_prob = 0.5
    return config


def custom_config():
    return CustomRPUConfig(update=CustomUpdateParameters(gradient_noise=0.3))


def train_template(rank, make_config, seed):
    torch.manual_seed(seed + rank)
    model = AnalogSequential(AnalogLinear(6, 5, rpu_config=make_config()), nn.Linear(5, 2))
    if rank == 1:
        model[0].set_weights(torch.zeros(5, 6), torch.zeros(5))
    model.prepare_for_ddp()
    parallel = DistributedDataParallel(model)
    optimizer = AnalogSGD(model.parameters(), lr=0.05)
    before = model[0].get_weights()[0]
    for step in range(STEPS):
        x = torch.randn(3 + rank, 6, generator=torch.Generator().manual_seed(10 * step + rank))
        optimizer.zero_grad()
        parallel(x).square().sum().backward()
        optimizer.step()
    tile = model[0].analog_module
    noise = model.eval()(torch.ones(1, 6)).detach()
    hidden = dict(tile.get_hidden_parameters())
    buffers = {name: value.clone() for name, value in tile.named_buffers()}
    inside = getattr(tile.tile, "simulators_inside", ())
    seeds = [simulator.random.next_seed() for simulator in inside]
    return before, tile.get_weights(), hidden, buffers, noise, torch.rand(1), seeds


@pytest.mark.parametrize("make_config", [transfer_config, custom_config])
def test_tiles_written_in_torch_stay_the_same_in_all_processes(make_config):
    first, second = run_distributed(train_template, make_config, 5)
    *states, noise, draw, seeds = first
    *other_states, other_noise, other_draw, other_seeds = second
    torch.testing.assert_close(states, other_states, rtol=0.0, atol=0.0)
    before, (after, _), hidden, *_ = states
    assert not torch.equal(before, after) or float(hidden["hidden_weight"].abs().sum()) > 0
    assert not torch.equal(noise, other_noise)
    assert not torch.equal(draw, other_draw)
    assert len({*seeds, *other_seeds}) == (4 if make_config is transfer_config else 0)


def test_custom_tiles_without_noise_learn_what_one_process_learns():
    states = run_distributed(train_rank_custom, 6)
    torch.manual_seed(6)
    layer = AnalogLinear(4, 3, rpu_config=exact_custom_config())
    steps_of(layer, layer, slice(0, 6), 0.5)
    for weight, bias in states:
        torch.testing.assert_close(weight, layer.get_weights()[0])
        torch.testing.assert_close(bias, layer.get_weights()[1])


def exact_custom_config():
    exact = IOParameters(is_perfect=True)
    return CustomRPUConfig(forward=exact, backward=exact)


def steps_of(layer, forward, part, scale):
    optimizer = AnalogSGD(layer.parameters(), lr=0.05)
    for step in range(STEPS):
        generator = torch.Generator().manual_seed(step)
        x = torch.randn(6, 4, generator=generator)[part]
        optimizer.zero_grad()
        (forward(x).square().sum() * scale).backward()
        optimizer.step()


def train_rank_custom(rank, seed):
    torch.manual_seed(seed)
    layer = AnalogLinear(4, 3, rpu_config=exact_custom_config())
    layer.prepare_for_ddp()
    parallel = DistributedDataParallel(layer)
    steps_of(layer, parallel, slice(0, 2) if rank == 0 else slice(2, 6), 1.0)
    return layer.get_weights()
