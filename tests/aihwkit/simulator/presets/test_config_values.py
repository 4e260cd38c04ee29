"""Contents of the preset configurations."""

import copy
import pickle

import pytest

from aihwkit.simulator import presets
from aihwkit.simulator.configs import (
    ChoppedTransferCompound,
    DigitalRankUpdateRPUConfig,
    DynamicTransferCompound,
    MixedPrecisionCompound,
    SingleRPUConfig,
    TransferCompound,
    UnitCellRPUConfig,
    VectorUnitCell,
)
from aihwkit.simulator.parameters import (
    BoundManagementType,
    MappingParameter,
    NoiseManagementType,
    VectorUnitCellUpdatePolicy,
    WeightClipType,
    WeightNoiseType,
    WeightRemapType,
)
from aihwkit.simulator.presets import PresetIOParameters, PresetUpdateParameters

ES, SB = presets.ReRamESPresetDevice, presets.ReRamSBPresetDevice
CAP, EC = presets.CapacitorPresetDevice, presets.EcRamPresetDevice
ECMO, ID = presets.EcRamMOPresetDevice, presets.IdealizedPresetDevice
GV, PCM = presets.GokmenVlasovPresetDevice, presets.PCMPresetUnitCell
OM, HFO2 = presets.ReRamArrayOMPresetDevice, presets.ReRamArrayHfO2PresetDevice


def SB0():  # noqa: N802 - an abbreviation like the others
    return SB(subtract_symmetry_point=True)


SINGLE = {
    "ReRamESPreset": ES,
    "ReRamSBPreset": SB,
    "CapacitorPreset": CAP,
    "EcRamPreset": EC,
    "EcRamMOPreset": ECMO,
    "IdealizedPreset": ID,
    "GokmenVlasovPreset": GV,
    "ReRamArrayOMPreset": OM,
    "ReRamArrayHfO2Preset": HFO2,
}
SEVERAL = {
    "ReRamES2Preset": (ES, 2),
    "ReRamSB2Preset": (SB, 2),
    "Capacitor2Preset": (CAP, 2),
    "EcRam2Preset": (EC, 2),
    "EcRamMO2Preset": (ECMO, 2),
    "Idealized2Preset": (ID, 2),
    "ReRamArrayOM2Preset": (OM, 2),
    "ReRamArrayHfO22Preset": (HFO2, 2),
    "ReRamES4Preset": (ES, 4),
    "ReRamSB4Preset": (SB, 4),
    "Capacitor4Preset": (CAP, 4),
    "EcRam4Preset": (EC, 4),
    "EcRamMO4Preset": (ECMO, 4),
    "Idealized4Preset": (ID, 4),
    "ReRamArrayOM4Preset": (OM, 4),
    "ReRamArrayHfO24Preset": (HFO2, 4),
}
TIKI_TAKA = {
    "TikiTakaReRamESPreset": ES,
    "TikiTakaReRamSBPreset": SB0,
    "TikiTakaCapacitorPreset": CAP,
    "TikiTakaEcRamPreset": EC,
    "TikiTakaEcRamMOPreset": ECMO,
    "TikiTakaIdealizedPreset": ID,
    "TikiTakaReRamArrayOMPreset": OM,
    "TikiTakaReRamArrayHfO2Preset": HFO2,
}
# device, in_chop_prob, fast_lr, auto_granularity, desired_bl of the update
CHOPPED = {
    "TTv2ReRamESPreset": (ES, 0.0, 0.5, 1000, 31),
    "TTv2ReRamSBPreset": (SB0, 0.0, 0.5, 1000, 31),
    "TTv2CapacitorPreset": (CAP, 0.0, 0.1, 1000, 31),
    "TTv2EcRamPreset": (EC, 0.0, 0.1, 500, 100),
    "TTv2EcRamMOPreset": (ECMO, 0.0, 0.1, 500, 100),
    "TTv2IdealizedPreset": (ID, 0.0, 0.1, 500, 100),
    "ChoppedTTv2ReRamESPreset": (ES, 0.01, 0.5, 1000, 31),
    "ChoppedTTv2ReRamSBPreset": (SB0, 0.01, 0.5, 1000, 31),
    "ChoppedTTv2CapacitorPreset": (CAP, 0.01, 0.1, 1000, 31),
    "ChoppedTTv2EcRamPreset": (EC, 0.01, 1.0, 500, 100),
    "ChoppedTTv2EcRamMOPreset": (ECMO, 0.001, 0.1, 500, 100),
    "ChoppedTTv2IdealizedPreset": (ID, 0.001, 0.1, 500, 100),
}
# device, in_chop_prob, fast_lr, auto_granularity, tail_weightening, desired_bl of the update
AGAD = {
    "AGADReRamESPreset": (ES, 0.02, 0.5, 1000, 5.0, 31),
    "AGADReRamSBPreset": (SB0, 0.02, 0.5, 1000, 5.0, 31),
    "AGADCapacitorPreset": (CAP, 0.01, 0.1, 1000, 20.0, 31),
    "AGADEcRamPreset": (EC, 0.005, 0.1, 750, 50.0, 31),
    "AGADEcRamMOPreset": (ECMO, 0.005, 0.1, 500, 50.0, 100),
    "AGADIdealizedPreset": (ID, 0.005, 0.1, 500, 50.0, 100),
}
MIXED_PRECISION = {
    "MixedPrecisionReRamESPreset": ES,
    "MixedPrecisionReRamSBPreset": SB,
    "MixedPrecisionCapacitorPreset": CAP,
    "MixedPrecisionEcRamPreset": EC,
    "MixedPrecisionEcRamMOPreset": ECMO,
    "MixedPrecisionIdealizedPreset": ID,
    "MixedPrecisionGokmenVlasovPreset": GV,
    "MixedPrecisionPCMPreset": PCM,
    "MixedPrecisionReRamArrayOMPreset": OM,
    "MixedPrecisionReRamArrayHfO2Preset": HFO2,
}
ALL = [*SINGLE, "PCMPreset", *SEVERAL, *TIKI_TAKA, *CHOPPED, *AGAD, *MIXED_PRECISION]

PLAIN_READ = PresetIOParameters(
    noise_management=NoiseManagementType.NONE, bound_management=BoundManagementType.NONE
)
SINGLE_PULSE = PresetUpdateParameters(
    desired_bl=1, update_bl_management=False, update_management=False
)


def _check(name, base, device, desired_bl=31):
    config = getattr(presets, name)()
    assert isinstance(config, base)
    assert config.device == device
    assert type(config.forward) is type(config.backward) is PresetIOParameters
    assert config.forward == config.backward == PresetIOParameters()
    assert config.update == PresetUpdateParameters(desired_bl=desired_bl)
    assert type(config.update) is PresetUpdateParameters


@pytest.mark.parametrize("name", SINGLE)
def test_single_device(name):
    _check(name, SingleRPUConfig, SINGLE[name]())


def test_phase_change_pair():
    _check("PCMPreset", UnitCellRPUConfig, PCM())


@pytest.mark.parametrize("name", SEVERAL)
def test_several_devices(name):
    device, count = SEVERAL[name]
    cell = VectorUnitCell(
        [device() for _ in range(count)], update_policy=VectorUnitCellUpdatePolicy.SINGLE_RANDOM
    )
    _check(name, UnitCellRPUConfig, cell)


@pytest.mark.parametrize("name", TIKI_TAKA)
def test_tiki_taka(name):
    device = TIKI_TAKA[name]
    compound = TransferCompound(
        [device(), device()],
        transfer_forward=PLAIN_READ,
        transfer_update=PresetUpdateParameters(),
        units_in_mbatch=True,
        transfer_every=1.0,
    )
    _check(name, UnitCellRPUConfig, compound)


@pytest.mark.parametrize("name", CHOPPED)
def test_buffered_transfer(name):
    device, in_chop_prob, fast_lr, auto_granularity, desired_bl = CHOPPED[name]
    compound = ChoppedTransferCompound(
        [device(), device()],
        transfer_forward=PLAIN_READ,
        transfer_update=SINGLE_PULSE,
        units_in_mbatch=False,
        auto_scale=True,
        in_chop_prob=in_chop_prob,
        fast_lr=fast_lr,
        auto_granularity=auto_granularity,
    )
    _check(name, UnitCellRPUConfig, compound, desired_bl)


@pytest.mark.parametrize("name", AGAD)
def test_agad(name):
    device, in_chop_prob, fast_lr, auto_granularity, tail, desired_bl = AGAD[name]
    compound = DynamicTransferCompound(
        [device(), device()],
        transfer_forward=PLAIN_READ,
        transfer_update=SINGLE_PULSE,
        units_in_mbatch=False,
        auto_scale=True,
        in_chop_random=False,
        in_chop_prob=in_chop_prob,
        fast_lr=fast_lr,
        auto_granularity=auto_granularity,
        tail_weightening=tail,
        buffer_cap=0.0,
        forget_buffer=True,
    )
    _check(name, UnitCellRPUConfig, compound, desired_bl)


@pytest.mark.parametrize("name", MIXED_PRECISION)
def test_mixed_precision(name):
    device = MixedPrecisionCompound(device=MIXED_PRECISION[name]())
    _check(name, DigitalRankUpdateRPUConfig, device)


@pytest.mark.parametrize("name", ALL)
class TestEveryPreset:
    def test_is_an_ordinary_class(self, name):
        cls = getattr(presets, name)
        assert cls.__name__ == cls.__qualname__ == name
        assert cls.__module__ == "aihwkit.simulator.presets.configs"
        assert cls.__doc__

    def test_copies_are_equal_and_independent(self, name):
        config = getattr(presets, name)()
        for duplicate in (copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
            assert duplicate == config
            duplicate.forward.out_noise = 0.0
            assert config.forward.out_noise == 0.1

    def test_two_objects_share_nothing(self, name):
        cls = getattr(presets, name)
        first, second = cls(), cls()
        assert first == second
        assert first.device is not second.device

    def test_converts(self, name):
        config = getattr(presets, name)()
        assert config.as_bindings().forward_io.out_bound == 20.0
        assert config.device.as_bindings() is not None

    def test_fields_stay_arguments(self, name):
        mapping = MappingParameter(digital_bias=False)
        assert getattr(presets, name)(mapping=mapping).mapping == mapping


def test_list_is_complete():
    from aihwkit.simulator.presets import configs

    assert set(configs.__all__) == set(ALL)
    assert len([name for name in ALL if "Array" not in name]) == 52


class TestInference:
    @pytest.fixture(autouse=True)
    def _needs_noise_models(self):
        pytest.importorskip("aihwkit.inference.noise.pcm")
        pytest.importorskip("aihwkit.inference.compensation.drift")

    def test_standard_hardware_aware_training(self):
        config = presets.StandardHWATrainingPreset()
        assert config.mapping == MappingParameter(
            weight_scaling_omega=1.0,
            weight_scaling_columnwise=True,
            max_input_size=512,
            max_output_size=0,
            digital_bias=True,
            learn_out_scaling=True,
            out_scaling_columnwise=True,
        )
        assert config.forward == PresetIOParameters(
            inp_res=254.0,
            out_res=254.0,
            bound_management=BoundManagementType.NONE,
            noise_management=NoiseManagementType.CONSTANT,
            nm_thres=1.0,
            w_noise=0.0175,
            w_noise_type=WeightNoiseType.PCM_READ,
            ir_drop=1.0,
            out_noise=0.04,
            out_bound=10.0,
        )
        assert config.remap.type is WeightRemapType.CHANNELWISE_SYMMETRIC
        assert config.remap.remapped_wmax == 1.0
        assert config.clip.type is WeightClipType.FIXED_VALUE
        assert config.clip.fixed_value == 1.0
        assert config.pre_post.input_range.enable
        assert config.pre_post.input_range.init_from_data == 100
        assert not config.pre_post.input_range.manage_output_clipping

    def test_floating_point(self):
        config = presets.FloatingPointPreset()
        assert config.forward.is_perfect
        assert config.mapping == MappingParameter(max_input_size=0, max_output_size=0)
        assert not config.pre_post.input_range.enable

    def test_web_composer(self):
        from aihwkit.simulator.presets import web

        config = web.WebComposerInferenceRPUConfig()
        assert config.mapping == web.WebComposerMappingParameter()
        assert config.clip == web.WebComposerWeightClipParameter()
        assert config.modifier == web.WebComposerWeightModifierParameter()
        assert config.forward == web.WebComposerIOParameters()
        old = web.OldWebComposerInferenceRPUConfig()
        assert old.mapping == web.OldWebComposerMappingParameter()
