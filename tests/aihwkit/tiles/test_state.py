"""State of tiles: plain checkpoints, refused checkpoints, replaced configurations, copies."""

import copy
import io
import pickle

import pytest
import torch

from aihwkit.exceptions import TileModuleError
from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogLinearMapped
from aihwkit.optim import AnalogContext, AnalogSGD
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    FloatingPointRPUConfig,
    InferenceRPUConfig,
    IOParameters,
    MappingParameter,
    SingleRPUConfig,
    SoftBoundsDevice,
    TorchInferenceRPUConfig,
    UpdateParameters,
)
from aihwkit.simulator.parameters import InputRangeParameter, PrePostProcessingParameter
from aihwkit.simulator.tiles import AnalogTile, FloatingPointTile


def single(**options):
    return SingleRPUConfig(
        forward=IOParameters(inp_noise=0.321),
        backward=IOParameters(inp_noise=0.456),
        update=UpdateParameters(desired_bl=78),
        **options,
    )


def inference(cls, **options):
    return cls(noise_model=None, drift_compensation=None, **options)


RANGE = PrePostProcessingParameter(input_range=InputRangeParameter(enable=True))
SCALES = {"weight_scaling_omega": 0.4, "learn_out_scaling": True, "out_scaling_columnwise": True}
LAYERS = {
    "exact": lambda: AnalogLinear(5, 3),
    "constant step": lambda: AnalogLinear(5, 3, True, single()),
    "analog bias": lambda: AnalogLinear(
        5, 3, True, single(mapping=MappingParameter(digital_bias=False))
    ),
    "scales": lambda: AnalogLinear(5, 3, True, single(mapping=MappingParameter(**SCALES))),
    "input range": lambda: AnalogLinear(5, 3, True, single(pre_post=RANGE)),
    "array": lambda: AnalogLinearMapped(
        5, 3, True, single(mapping=MappingParameter(max_input_size=3, max_output_size=2))
    ),
    "convolution": lambda: AnalogConv2d(1, 3, 2, rpu_config=single()),
    "inference": lambda: AnalogLinear(5, 3, True, inference(InferenceRPUConfig)),
    "torch": lambda: AnalogLinear(5, 3, True, inference(TorchInferenceRPUConfig)),
}


def run(layer, seed=0):
    torch.manual_seed(seed)
    x = torch.randn(4, 1, 4, 4) if isinstance(layer, AnalogConv2d) else torch.randn(4, 5)
    return layer(x)


def train(layer, steps=2):
    optimizer = AnalogSGD(layer.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        run(layer).square().mean().backward()
        optimizer.step()
    return layer


@pytest.mark.parametrize("kind", LAYERS)
def test_checkpoint_holds_plain_data_and_continues_bit_for_bit(kind):
    layer, fresh = train(LAYERS[kind]()), LAYERS[kind]()
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    fresh.load_state_dict(torch.load(file, weights_only=True))
    for tile, twin in zip(layer.analog_tiles(), fresh.analog_tiles(), strict=True):
        assert tile.rpu_config == twin.rpu_config
        for (name, value), other in zip(
            tile.get_hidden_parameters().items(),
            twin.get_hidden_parameters().values(),
            strict=True,
        ):
            assert torch.equal(value, other), name
    assert torch.equal(run(layer), run(fresh))
    state = torch.get_rng_state()
    train(layer)
    torch.set_rng_state(state)
    train(fresh)
    for mine, its in zip(layer.get_weights(), fresh.get_weights(), strict=True):
        assert torch.equal(mine, its)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("way", ["deepcopy", "pickle"])
def test_copy_continues_bit_for_bit_and_on_its_own(kind, way):
    layer = train(LAYERS[kind]())
    twin = copy.deepcopy(layer) if way == "deepcopy" else pickle.loads(pickle.dumps(layer))
    assert [name for name, _ in twin.named_parameters()] == [
        name for name, _ in layer.named_parameters()
    ]
    before = layer.get_weights()[0]
    state = torch.get_rng_state()
    train(twin)
    assert torch.equal(layer.get_weights()[0], before)
    torch.set_rng_state(state)
    train(layer)
    assert torch.equal(layer.get_weights()[0], twin.get_weights()[0])


def test_pending_trace_survives_a_copy():
    layer = AnalogLinear(5, 3)
    run(layer).sum().backward()
    twin = copy.deepcopy(layer)
    for one in (layer, twin):
        AnalogSGD(one.parameters(), lr=0.1).step()
    assert torch.equal(layer.get_weights()[0], twin.get_weights()[0])


@pytest.mark.parametrize(
    "other",
    [
        lambda: AnalogLinear(6, 3, True, single()),
        lambda: AnalogLinear(5, 4, True, single()),
        lambda: AnalogLinear(5, 3, True, single(device=SoftBoundsDevice())),
        lambda: AnalogLinear(5, 3, True, FloatingPointRPUConfig()),
        lambda: AnalogLinear(5, 3, True, inference(TorchInferenceRPUConfig)),
    ],
    ids=["inputs", "outputs", "device", "exact", "torch tile"],
)
def test_checkpoint_of_another_layer_is_refused_and_changes_nothing(other):
    layer = train(LAYERS["constant step"]())
    layer.replace_rpu_config(single(device=ConstantStepDevice()))
    before = run(copy.deepcopy(layer))
    stored = other().state_dict()
    with pytest.raises(RuntimeError, match=r"Error\(s\) in loading state_dict"):
        layer.load_state_dict(stored, load_rpu_config=False)
    assert torch.equal(run(layer), before)


def test_missing_analog_state_is_an_error_only_if_strict():
    layer = AnalogLinear(5, 3)
    state = layer.state_dict()
    del state["analog_module.analog_tile_state"]
    with pytest.raises(RuntimeError, match="Missing key"):
        AnalogLinear(5, 3).load_state_dict(state)
    result = AnalogLinear(5, 3).load_state_dict(state, strict=False)
    assert result.missing_keys == ["analog_module.analog_tile_state"]


def test_loading_takes_over_the_stored_configuration_unless_told_otherwise():
    stored = AnalogLinear(5, 3, True, SingleRPUConfig(forward=IOParameters(inp_noise=0.11)))
    for load, expected in ((None, 0.11), (True, 0.11), (False, 0.51)):
        layer = AnalogLinear(5, 3, True, SingleRPUConfig(forward=IOParameters(inp_noise=0.51)))
        state = stored.state_dict()
        layer.load_state_dict(state, load_rpu_config=load)
        assert layer.analog_tile.rpu_config.forward.inp_noise == expected
        assert layer.analog_tile.tile.get_meta_parameters().forward_io.inp_noise == expected
        assert layer.analog_tile.load_rpu_config
        assert "analog_module.analog_tile_state" in state


def test_torch_checkpoint_loads_into_the_native_inference_tile():
    layer = train(LAYERS["torch"]())
    native = LAYERS["inference"]()
    native.load_state_dict(layer.state_dict())
    assert torch.equal(native.get_weights()[0], layer.get_weights()[0])
    assert type(native.analog_module).__name__ == "InferenceTile"
    with pytest.raises(RuntimeError, match="InferenceTile"):
        LAYERS["torch"]().load_state_dict(train(LAYERS["inference"]()).state_dict())


def test_old_checkpoint_with_empty_contexts_loads_with_a_warning():
    layer = AnalogLinear(5, 3)
    state = layer.state_dict()
    state["analog_module.analog_ctx"] = torch.empty(0)
    with pytest.warns(UserWarning, match=r"before 0\.9\.2"):
        AnalogLinear(5, 3).load_state_dict(state)
    assert "analog_module.analog_ctx" in state


@pytest.mark.parametrize("call", ["replace_with", "to", "keyword"])
def test_configuration_can_be_replaced(call):
    tile = AnalogTile(3, 5, single())
    weights, hidden = tile.get_weights()[0], tile.get_hidden_parameters()
    config = single()
    config.forward.out_noise = 0.234
    if call == "replace_with":
        tile.replace_with(config)
    elif call == "to":
        assert tile.to(config) is tile
    else:
        tile.to(rpu_config=config)
    config.forward.out_noise = 0.5
    assert tile.tile.get_meta_parameters().forward_io.out_noise == 0.234
    assert tile.rpu_config.forward.out_noise == 0.234
    assert torch.equal(tile.get_weights()[0], weights)
    for name, value in tile.get_hidden_parameters().items():
        assert torch.equal(value, hidden[name])


@pytest.mark.parametrize(
    "config", [FloatingPointRPUConfig(), single(mapping=MappingParameter(digital_bias=False))]
)
def test_foreign_configuration_is_refused_and_changes_nothing(config):
    tile = AnalogTile(3, 5, single())
    before = copy.deepcopy(tile.rpu_config)
    with pytest.raises(TileModuleError, match="does not fit the tile"):
        tile.replace_with(config)
    assert tile.rpu_config == before


def test_data_type_of_a_native_tile_is_fixed():
    tile = FloatingPointTile(3, 5)
    tile.float().to("cpu").share_memory()
    with pytest.raises(TileModuleError, match=r"runtime\.data_type"):
        tile.double()
    assert tile(torch.ones(2, 5)).dtype == torch.float32


def test_extra_state_reloads_strictly():
    tile = AnalogTile(3, 5, single())
    extra = tile.dump_extra()
    assert extra
    tile.load_extra(extra, strict=True)
    del extra["rpu.learning_rate"]
    with pytest.raises(RuntimeError, match=r"rpu\.learning_rate"):
        tile.load_extra(extra, strict=True)
    tile.load_extra(extra)


def test_refused_torch_checkpoint_leaves_the_weights():
    layer = LAYERS["torch"]()
    before = layer.get_weights()[0]
    state = LAYERS["torch"]().state_dict()
    state["analog_module.bias"] = torch.ones(4)
    with pytest.raises(RuntimeError, match="size mismatch"):
        layer.load_state_dict(state)
    assert torch.equal(layer.get_weights()[0], before)


def test_parameter_can_become_a_context():
    tile = FloatingPointTile(3, 5)
    parameter = torch.nn.Parameter(torch.ones(1))
    context = AnalogContext(tile, parameter)
    assert context is parameter
    assert context.shape == (3, 5)
    assert context.data_ptr() == tile.analog_ctx.data_ptr()
