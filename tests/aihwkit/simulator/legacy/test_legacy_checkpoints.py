"""Checkpoints of older versions load into present models."""

import io
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch.nn import Linear, Sequential

from aihwkit.exceptions import ArgumentError
from aihwkit.nn import AnalogLinear, AnalogLinearMapped
from aihwkit.simulator import presets
from aihwkit.simulator.configs import SingleRPUConfig
from aihwkit.simulator.devices import ConstantStepResistiveDevice, FloatingPointResistiveDevice
from aihwkit.simulator.parameters import MappingParameter, config_to_plain
from aihwkit.simulator.parameters.inference import WeightModifierParameter
from aihwkit.simulator.tiles import FloatingPointTile
from aihwkit.utils.legacy import convert_legacy_checkpoint, load_legacy_checkpoint
from aihwkit.utils.legacy_configs import _repair_mapping, _repair_modifier

NO_SPLIT = MappingParameter(max_input_size=0, max_output_size=0)


def _old_tile_state(layer, **entries):
    """Return the state of a layer's tile as releases 0.2 to 0.7 stored it."""
    tile = next(layer.analog_tiles())
    state = dict(tile.get_analog_state())
    state["rpu_config"] = tile.rpu_config
    state["analog_tile_weights"] = state["analog_tile_weights"].numpy()
    state["analog_tile_class"] = "Cuda" + state["analog_tile_class"]
    return state | {"bias": False, "image_sizes": [], "shared_weights": None} | entries


def _old_checkpoint(model, **entries):
    checkpoint = OrderedDict()
    for name, module in model.named_modules():
        if isinstance(module, AnalogLinear):
            checkpoint[f"{name}.bias"] = module.state_dict()["analog_module.bias"]
            checkpoint[f"{name}.analog_tile_state_0"] = _old_tile_state(module, **entries)
            checkpoint[f"{name}.analog_shared_weights_0"] = torch.zeros(1)
        elif isinstance(module, Linear):
            checkpoint[f"{name}.weight"] = module.weight.detach()
            checkpoint[f"{name}.bias"] = module.bias.detach()
    return checkpoint


def _model():
    config = SingleRPUConfig(mapping=NO_SPLIT)
    return Sequential(AnalogLinear(4, 3, rpu_config=config), Linear(3, 2))


class TestBeforeEight:
    def test_weights_device_and_bias_arrive(self):
        old, new = _model(), _model()
        converted, config = convert_legacy_checkpoint(_old_checkpoint(old), new)
        new.load_state_dict(converted)
        for before, after in zip(old[0].get_weights(), new[0].get_weights(), strict=True):
            torch.testing.assert_close(after, before)
        tiles = [next(model[0].analog_tiles()) for model in (old, new)]
        hidden = [tile.get_hidden_parameters()["max_bound"] for tile in tiles]
        torch.testing.assert_close(hidden[1], hidden[0])
        torch.testing.assert_close(new[1].bias, old[1].bias)
        assert config == SingleRPUConfig(mapping=NO_SPLIT)

    def test_works_without_a_model(self):
        old, new = _model(), _model()
        converted, _ = convert_legacy_checkpoint(_old_checkpoint(old))
        assert "0.analog_module.analog_tile_state" in converted
        new.load_state_dict(converted)

    def test_original_is_not_changed(self):
        checkpoint = _old_checkpoint(_model())
        names = list(checkpoint)
        state_names = list(checkpoint["0.analog_tile_state_0"])
        convert_legacy_checkpoint(checkpoint)
        assert list(checkpoint) == names
        assert list(checkpoint["0.analog_tile_state_0"]) == state_names

    def test_scales_are_combined(self):
        checkpoint = _old_checkpoint(
            _model(), mapping_scales=torch.tensor([2.0]), analog_alpha_scale=torch.tensor(3.0)
        )
        converted, _ = convert_legacy_checkpoint(checkpoint)
        scales = converted["0.analog_module.mapping_scales"]
        torch.testing.assert_close(scales, torch.full((3,), 6.0))

    def test_result_holds_plain_data(self):
        converted, _ = convert_legacy_checkpoint(_old_checkpoint(_model(), noise_model=object()))
        buffer = io.BytesIO()
        torch.save(converted, buffer)
        buffer.seek(0)
        assert torch.load(buffer, weights_only=True).keys() == converted.keys()

    def test_mapped_layers_go_to_their_array(self):
        mapping = MappingParameter(max_input_size=3, max_output_size=3)
        config = SingleRPUConfig(mapping=mapping)
        old, new = (AnalogLinearMapped(5, 3, bias=False, rpu_config=config) for _ in range(2))
        checkpoint = OrderedDict()
        for index, tile in enumerate(old.analog_tiles()):
            state = dict(tile.get_analog_state()) | {"rpu_config": tile.rpu_config}
            checkpoint[f"analog_tile_state_{index}_0"] = state
        converted, _ = convert_legacy_checkpoint(checkpoint, new)
        new.load_state_dict(converted)
        torch.testing.assert_close(new.get_weights()[0], old.get_weights()[0])
        with pytest.raises(ArgumentError, match="give the model"):
            convert_legacy_checkpoint(checkpoint)

    def test_limits_are_removed_without_mapped_layers(self):
        model = Sequential(AnalogLinear(4, 3, rpu_config=SingleRPUConfig()))
        _, config = convert_legacy_checkpoint(_old_checkpoint(model), model)
        assert config.mapping.max_input_size == config.mapping.max_output_size == 0

    def test_tile_unknown_to_the_model_is_reported(self):
        with pytest.raises(ArgumentError, match="the model has none of"):
            convert_legacy_checkpoint(_old_checkpoint(_model()), Linear(2, 2))


class TestOldSettings:
    def test_renamed_mapping_fields(self):
        config = SingleRPUConfig()
        values = config.mapping.__dict__
        values["weight_scaling_omega_columnwise"] = True
        values["learn_out_scaling_alpha"] = True
        _repair_mapping(config)
        assert config.mapping == MappingParameter(
            weight_scaling_columnwise=True, learn_out_scaling=True, out_scaling_columnwise=True
        )

    def test_missing_mapping_is_the_old_default(self):
        config = SingleRPUConfig()
        state = {name: value for name, value in config.__dict__.items() if name != "mapping"}
        restored = SingleRPUConfig.__new__(SingleRPUConfig)
        restored.__setstate__(state)
        _repair_mapping(restored)
        assert not restored.mapping.digital_bias
        assert restored.mapping.weight_scaling_omega == 1.0

    def test_modifier_coefficients(self):
        modifier = WeightModifierParameter()
        modifier.__dict__.update(coeff0=1.0, coeff1=2.0, coeff2=3.0)
        _repair_modifier(modifier)
        assert modifier == WeightModifierParameter(coeffs=[1.0, 2.0, 3.0])


class TestFirstRelease:
    @staticmethod
    def _checkpoint(device, prefix=""):
        generator = np.random.default_rng(0)
        weights = generator.uniform(-0.1, 0.1, (3, 5)).astype(np.float32)
        hidden = np.ones((7, 3, 5), dtype=np.float32)
        hidden[0], hidden[1], hidden[6] = 0.7, -0.8, 0.01
        state = {"out_size": 3, "in_size": 4, "bias": True, "resistive_device": device}
        state["analog_tile_weights"] = weights
        floating_point = isinstance(device, FloatingPointResistiveDevice)
        state["analog_tile_hidden_parameters"] = np.empty(0) if floating_point else hidden
        tensors = torch.from_numpy(weights)
        return OrderedDict(
            {
                f"{prefix}weight": tensors[:, :4].clone(),
                f"{prefix}bias": tensors[:, 4].clone(),
                "analog_tile_state": state,
            }
        )

    def test_pulsed_layer(self):
        checkpoint = self._checkpoint(ConstantStepResistiveDevice())
        layer = AnalogLinear(4, 3, resistive_device=ConstantStepResistiveDevice())
        converted, _ = convert_legacy_checkpoint(checkpoint, layer)
        layer.load_state_dict(converted)
        weight, bias = layer.get_weights()
        torch.testing.assert_close(weight, checkpoint["weight"])
        torch.testing.assert_close(bias, checkpoint["bias"])
        hidden = next(layer.analog_tiles()).get_hidden_parameters()
        torch.testing.assert_close(hidden["max_bound"], torch.full((3, 5), 0.7))
        assert not hidden["reset_bias"].any()

    def test_floating_point_layer_in_a_model(self):
        checkpoint = self._checkpoint(FloatingPointResistiveDevice(), prefix="1.")
        model = Sequential(Linear(4, 4), AnalogLinear(4, 3))
        checkpoint["0.weight"], checkpoint["0.bias"] = torch.ones(4, 4), torch.ones(4)
        converted, config = convert_legacy_checkpoint(checkpoint, model)
        model.load_state_dict(converted)
        torch.testing.assert_close(model[1].get_weights()[0], checkpoint["1.weight"])
        assert config.tile_class is FloatingPointTile

    def test_several_fitting_layers_are_refused(self):
        checkpoint = self._checkpoint(ConstantStepResistiveDevice(), prefix="0.")
        checkpoint["1.weight"] = checkpoint["0.weight"]
        with pytest.raises(ArgumentError, match="one layer"):
            convert_legacy_checkpoint(checkpoint)


def test_present_checkpoint_is_returned_unchanged():
    model = _model()
    checkpoint = model.state_dict()
    converted, config = convert_legacy_checkpoint(checkpoint, model)
    assert list(converted) == list(checkpoint)
    assert config == next(model[0].analog_tiles()).rpu_config


def test_configuration_objects_become_plain_data():
    model = _model()
    checkpoint = model.state_dict()
    tile_config = next(model[0].analog_tiles()).rpu_config
    checkpoint["0.analog_module.analog_tile_state"]["rpu_config"] = tile_config
    converted, _ = convert_legacy_checkpoint(checkpoint)
    stored = converted["0.analog_module.analog_tile_state"]["rpu_config"]
    assert stored == config_to_plain(tile_config)


class TestReading:
    @staticmethod
    def _file(value):
        buffer = io.BytesIO()
        torch.save(value, buffer)
        buffer.seek(0)
        return buffer

    def test_configurations_and_arrays(self):
        value = {
            "config": presets.AGADReRamSBPreset(),
            "device": ConstantStepResistiveDevice(),
            "array": np.ones((2, 3), dtype=np.float32),
        }
        read = load_legacy_checkpoint(self._file(value))
        assert read["config"] == value["config"]
        assert read["device"] == value["device"]
        np.testing.assert_array_equal(read["array"], value["array"])

    def test_names_of_the_reference_modules(self):
        """Pickles name a class by the module it was defined in then."""
        text = pickle.dumps(SingleRPUConfig(), protocol=2)
        new = b"caihwkit.simulator.configs.step_devices\nConstantStepDevice"
        assert new in text
        old = b"caihwkit.simulator.configs.devices\nConstantStepDevice"
        assert pickle.loads(text.replace(new, old)) == SingleRPUConfig()

    def test_foreign_classes_are_refused(self):
        with pytest.raises(pickle.UnpicklingError):
            load_legacy_checkpoint(self._file({"x": io.StringIO}))
