"""Values of the preset devices, products and updates."""

import copy
import pickle
from dataclasses import dataclass, fields
from enum import Enum

import pytest

from aihwkit.exceptions import ConfigError
from aihwkit.simulator import configs, presets
from aihwkit.simulator.parameters import IOParameters, UpdateParameters
from aihwkit.simulator.presets import web

BASES = {
    "ReRamESPresetDevice": configs.ExpStepDevice,
    "ReRamSBPresetDevice": configs.SoftBoundsReferenceDevice,
    "ReRamArrayOMPresetDevice": configs.SoftBoundsReferenceDevice,
    "ReRamArrayHfO2PresetDevice": configs.SoftBoundsReferenceDevice,
    "CapacitorPresetDevice": configs.LinearStepDevice,
    "EcRamPresetDevice": configs.LinearStepDevice,
    "EcRamMOPresetDevice": configs.LinearStepDevice,
    "IdealizedPresetDevice": configs.ConstantStepDevice,
    "GokmenVlasovPresetDevice": configs.ConstantStepDevice,
    "PCMPresetDevice": configs.ExpStepDevice,
    "PresetIOParameters": IOParameters,
    "StandardIOParameters": IOParameters,
    "PresetUpdateParameters": UpdateParameters,
}

TABLE = {
    "ReRamESPresetDevice": """
        dw_min=0.00135 up_down=0.259359 w_max=1.0 w_min=-1.0 dw_min_dtod=0.2
        up_down_dtod=0.05 w_max_dtod=0.3 w_min_dtod=0.3 dw_min_std=5.0 write_noise_std=75.0
        a=-0.5 b=-0.5 gamma_up=5.0 gamma_down=5.0 A_up=-1.18445 A_down=-0.081404
    """,
    "ReRamSBPresetDevice": """
        dw_min=0.002 up_down=0.0 w_max=1.25 w_min=-0.75 dw_min_dtod=0.3 up_down_dtod=0.01
        w_max_dtod=0.3/1.25 w_min_dtod=0.3/0.75 dw_min_std=3.75 write_noise_std=56
        mult_noise=False
    """,
    "ReRamArrayOMPresetDevice": """
        dw_min=0.0949 up_down=0.0 w_max=1.0 w_min=-1.0 dw_min_dtod=0.7829
        dw_min_dtod_log_normal=True up_down_dtod=0.01 w_max_dtod=0.3499 w_min_dtod=0.5695
        dw_min_std=0.4158 write_noise_std=1.4113 mult_noise=False enforce_consistency=True
        corrupt_devices_range=0.01 corrupt_devices_prob=0.0 subtract_symmetry_point=True
        reference_std=0.05
    """,
    "ReRamArrayHfO2PresetDevice": """
        dw_min=0.4622 up_down=0.0 w_max=1.0 w_min=-1.0 dw_min_dtod=0.7125
        dw_min_dtod_log_normal=True up_down_dtod=0.01 w_max_dtod=0.4295 w_min_dtod=0.5990
        dw_min_std=0.2174 write_noise_std=0.5841 mult_noise=False enforce_consistency=True
        corrupt_devices_range=0.01 corrupt_devices_prob=0.0 subtract_symmetry_point=True
        reference_std=0.05
    """,
    "CapacitorPresetDevice": """
        dw_min=0.005 up_down=0.0 w_max=1.0 w_min=-1.0 mult_noise=False gamma_up=0.05
        gamma_down=0.05 dw_min_dtod=0.1 up_down_dtod=0.06 w_max_dtod=0.07 w_min_dtod=0.07
        gamma_up_dtod=0.01 gamma_down_dtod=0.01 dw_min_std=0.3 write_noise_std=0.0
        mean_bound_reference=True lifetime=1.0e6 lifetime_dtod=0.3
    """,
    "EcRamPresetDevice": """
        dw_min=0.002 up_down=0.0 w_max=1.1724 w_min=-0.8276 mult_noise=True gamma_up=0.1153
        gamma_down=0.5085 dw_min_dtod=0.1 up_down_dtod=0.01 w_max_dtod=0.05 w_min_dtod=0.05
        gamma_up_dtod=0.05 gamma_down_dtod=0.05 dw_min_std=0.3 write_noise_std=0.0
        mean_bound_reference=True
    """,
    "EcRamMOPresetDevice": """
        dw_min=2.8214e-4 up_down=0.0 w_max=1.1714 w_min=-0.8286 mult_noise=True
        gamma_up=0.4152 gamma_down=0.7342 dw_min_dtod=0.1 up_down_dtod=0.01 w_max_dtod=0.05
        w_min_dtod=0.05 gamma_up_dtod=0.05 gamma_down_dtod=0.05 dw_min_std=2.0
        write_noise_std=0.0 mean_bound_reference=True
    """,
    "IdealizedPresetDevice": """
        dw_min=0.0002 dw_min_dtod=0.3 dw_min_std=0.3 up_down=0.0 up_down_dtod=0.0 w_max=1.0
        w_min=-1.0 w_max_dtod=0.3 w_min_dtod=0.3
    """,
    "GokmenVlasovPresetDevice": """
        dw_min=0.0016 dw_min_dtod=0.3 dw_min_std=0.3 up_down=0.0 up_down_dtod=0.01 w_max=1.0
        w_min=-1.0 w_max_dtod=0.3 w_min_dtod=0.3
    """,
    "PCMPresetDevice": """
        dw_min=0.01 dw_min_dtod=0.2 dw_min_std=0.6 up_down=0.0 up_down_dtod=0.05 w_max=2.0
        w_min=0.0 w_max_dtod=0.1 w_min_dtod=0.0 a=-1.0 b=0.0 gamma_up=2.5 gamma_down=2.5
        A_up=-27.235 A_down=-2.235 dw_min_std_add=0.042 dw_min_std_slope=0.108
        write_noise_std=0.0 reset=0.01 reset_dtod=0.02
    """,
    "PresetIOParameters": """
        bound_management=ITERATIVE noise_management=ABS_MAX inp_res=1/(2**7-2)
        inp_sto_round=False out_bound=20.0 out_noise=0.1 out_res=1/(2**9-2) w_noise=0.0
        w_noise_type=NONE
    """,
    "StandardIOParameters": """
        bound_management=ITERATIVE noise_management=ABS_MAX inp_res=1/(2**8-2)
        inp_sto_round=False out_bound=10.0 out_noise=0.04 out_res=1/(2**8-2) w_noise=0.0
        w_noise_type=NONE
    """,
    "PresetUpdateParameters": """
        desired_bl=31 pulse_type=STOCHASTIC_COMPRESSED update_bl_management=True
        update_management=True
    """,
}


def _expected(text):
    result = {}
    for item in text.split():
        name, _, value = item.partition("=")
        try:
            result[name] = eval(value)
        except NameError:
            result[name] = value
    return result


def _plain(value):
    return value.name if isinstance(value, Enum) else value


@pytest.mark.parametrize("name", TABLE)
class TestPreset:
    def test_values(self, name):
        preset, expected = getattr(presets, name)(), _expected(TABLE[name])
        assert {key: _plain(getattr(preset, key)) for key in expected} == expected

    def test_other_fields_are_those_of_the_base_class(self, name):
        preset, base = getattr(presets, name)(), BASES[name]()
        expected = _expected(TABLE[name])
        for item in fields(base):
            if item.name not in expected:
                assert getattr(preset, item.name) == getattr(base, item.name), item.name

    def test_is_an_ordinary_class(self, name):
        cls = getattr(presets, name)
        assert cls.__name__ == cls.__qualname__ == name
        assert issubclass(cls, BASES[name])
        assert getattr(__import__(cls.__module__, fromlist=[name]), name) is cls
        assert [item.name for item in fields(cls)] == [item.name for item in fields(BASES[name])]
        assert cls.__doc__

    def test_copies(self, name):
        preset = getattr(presets, name)()
        assert pickle.loads(pickle.dumps(preset)) == preset
        assert copy.deepcopy(preset) == preset

    def test_can_be_subclassed(self, name):
        @dataclass
        class Mine(getattr(presets, name)):
            note: str = "mine"

        assert Mine().note == "mine"

    def test_converts(self, name):
        preset = getattr(presets, name)()
        if hasattr(preset, "as_bindings"):
            assert preset.as_bindings().dw_min == pytest.approx(preset.dw_min)


def test_fields_stay_arguments():
    device = presets.ReRamSBPresetDevice(subtract_symmetry_point=True)
    assert device.subtract_symmetry_point
    assert device.dw_min == 0.002


def test_limits_of_fields_stay():
    with pytest.raises(ConfigError, match=r"ReRamSBPresetDevice\.w_max must be at least"):
        presets.ReRamSBPresetDevice(w_max=-1.0)


def test_pcm_unit_cell():
    cell = presets.PCMPresetUnitCell()
    assert isinstance(cell, configs.OneSidedUnitCell)
    assert cell == presets.PCMPresetUnitCell(
        unit_cell_devices=[presets.PCMPresetDevice(), presets.PCMPresetDevice()],
        construction_seed=0,
        refresh_every=1,
        units_in_mbatch=True,
        refresh_upper_thres=0.75,
        refresh_lower_thres=0.25,
        refresh_forward=presets.PresetIOParameters(),
        refresh_update=presets.PresetUpdateParameters(desired_bl=31),
        copy_inverted=False,
    )
    assert cell.unit_cell_devices is not presets.PCMPresetUnitCell().unit_cell_devices


WEB = {
    "WebComposerWeightModifierParameter": "type=ADD_NORMAL std_dev=0.1",
    "WebComposerWeightClipParameter": "fixed_value=1.0 type=FIXED_VALUE",
    "WebComposerMappingParameter": """
        digital_bias=True weight_scaling_omega=1.0 weight_scaling_columnwise=True
        learn_out_scaling=True out_scaling_columnwise=False max_input_size=512
        max_output_size=512
    """,
    "OldWebComposerMappingParameter": """
        digital_bias=False weight_scaling_omega=1.0 weight_scaling_columnwise=True
        learn_out_scaling=False out_scaling_columnwise=False max_input_size=0
        max_output_size=0
    """,
    "WebComposerIOParameters": TABLE["PresetIOParameters"],
}


@pytest.mark.parametrize("name", WEB)
def test_web_composer_values(name):
    parameters, expected = getattr(web, name)(), _expected(WEB[name])
    assert {key: _plain(getattr(parameters, key)) for key in expected} == expected
