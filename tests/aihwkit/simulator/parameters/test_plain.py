"""Configurations as plain data."""

import io
import subprocess
import sys
from dataclasses import dataclass

import pytest
import torch

from aihwkit.exceptions import ConfigError
from aihwkit.simulator import configs, presets
from aihwkit.simulator.configs import ConstantStepDevice, SingleRPUConfig, build_config
from aihwkit.simulator.parameters import (
    IOParameters,
    config_from_plain,
    config_to_plain,
    register_plain_class,
)


def _round_trip(config):
    buffer = io.BytesIO()
    torch.save(config_to_plain(config), buffer)
    buffer.seek(0)
    return config_from_plain(torch.load(buffer, weights_only=True))


@dataclass
class _MyDevice(ConstantStepDevice):
    temperature: float = 300.0


class _MyNoise:
    def __init__(self, sigma):
        self.sigma = sigma


TRAINING = [
    configs.FloatingPointRPUConfig(),
    SingleRPUConfig(device=configs.PiecewiseStepDevice(piecewise_up=[1.5, 1.0, 0.5])),
    SingleRPUConfig(device=_MyDevice(temperature=4.2)),
    build_config("agad", configs.SoftBoundsReferenceDevice),
    build_config("mp", configs.ExpStepDevice),
    presets.PCMPreset(),
    presets.ChoppedTTv2ReRamSBPreset(),
]


@pytest.mark.parametrize("config", TRAINING, ids=lambda config: type(config).__name__)
def test_round_trip_through_a_safe_load(config):
    config.runtime.offload_input = True
    restored = _round_trip(config)
    assert type(restored) is type(config)
    assert restored == config
    assert restored.runtime == config.runtime


def test_restored_object_is_independent():
    config = SingleRPUConfig()
    restored = _round_trip(config)
    restored.device.w_max = 0.1
    assert config.device.w_max == 0.6


def test_plain_data_consists_of_plain_types():
    def check(value):
        assert type(value) in (dict, list, str, int, float, bool, type(None))
        items = [*value, *value.values()] if isinstance(value, dict) else value
        if isinstance(value, dict | list):
            for item in items:
                check(item)

    check(config_to_plain(presets.AGADEcRamMOPreset()))


def test_unknown_class_is_refused_without_importing_it():
    plain = {"class": "antigravity:Something", "fields": {}}
    sys.modules.pop("antigravity", None)
    with pytest.raises(ConfigError, match="not part of aihwkit"):
        config_from_plain(plain)
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    "plain",
    [
        {"class": "subprocess:Popen", "fields": {}},
        {"class": "aihwkit.simulator.parameters.plain:import_module", "fields": {}},
        {"class": "aihwkit.simulator.parameters.values:np.ndarray", "fields": {}},
        {"class": "aihwkit.exceptions:ConfigError", "fields": {}},
        {"type": "subprocess:Popen"},
        {"enum": "aihwkit.simulator.parameters.enums:PulseType", "member": "NOTHING"},
        {"something": 1},
    ],
)
def test_foreign_and_unfit_classes_are_refused(plain):
    assert subprocess.Popen is not None
    with pytest.raises(ConfigError):
        config_from_plain(plain)


def test_wrong_values_are_refused():
    plain = config_to_plain(IOParameters())
    plain["fields"]["out_bound"] = "wide"
    with pytest.raises(ConfigError, match="out_bound"):
        config_from_plain(plain)


def test_missing_fields_of_an_older_version_get_their_defaults():
    plain = config_to_plain(IOParameters(out_noise=0.3))
    del plain["fields"]["nm_decay"]
    assert config_from_plain(plain) == IOParameters(out_noise=0.3)


def test_own_class_must_be_registered():
    plain = config_to_plain(_MyNoise(0.3))
    with pytest.raises(ConfigError, match="register_plain_class"):
        config_from_plain(plain)
    register_plain_class(_MyNoise)
    assert config_from_plain(plain).sigma == 0.3


def test_class_without_an_importable_name_is_refused():
    class Local:
        pass

    with pytest.raises(ConfigError, match="no importable name"):
        config_to_plain(Local())
