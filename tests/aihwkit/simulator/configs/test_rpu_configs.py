"""The RPU configurations: their fields, and the modules they are imported from."""

from dataclasses import fields
from importlib import import_module

import pytest

from aihwkit.simulator.configs import configs
from aihwkit.simulator.parameters import IOParameters, PulseType, UpdateParameters
from aihwkit.simulator.parameters.io import IOParametersIRDropT
from aihwkit.simulator.parameters.pre_post import PrePostProcessingParameterQuant

COMMON = ["tile_class", "runtime", "pre_post", "tile_array_class", "mapping"]
INFERENCE = [*COMMON, "forward", "noise_model", "drift_compensation", "clip", "remap", "modifier"]
ORDER = {
    "FloatingPointRPUConfig": [*COMMON, "device"],
    "SingleRPUConfig": [*COMMON, "forward", "backward", "update", "device"],
    "UnitCellRPUConfig": [*COMMON, "forward", "backward", "update", "device"],
    "DigitalRankUpdateRPUConfig": [*COMMON, "forward", "backward", "update", "device"],
    "InferenceRPUConfig": INFERENCE,
    "TorchInferenceRPUConfig": [*INFERENCE, "simulator_tile_class"],
    "TorchInferenceRPUConfigIRDropT": [*INFERENCE, "simulator_tile_class"],
    "QuantizedTorchInferenceRPUConfig": [*INFERENCE, "simulator_tile_class", "act_quant_config"],
}
TRAINING = [name for name in ORDER if "Inference" not in name]
TILES = {
    "FloatingPointRPUConfig": ("FloatingPointTile", "TileModuleArray"),
    "SingleRPUConfig": ("AnalogTile", "TileModuleArray"),
    "UnitCellRPUConfig": ("AnalogTile", "TileModuleArray"),
    "DigitalRankUpdateRPUConfig": ("AnalogTile", "TileModuleArray"),
}
INFERENCE_TILES = {
    "InferenceRPUConfig": ("InferenceTile", "TileModuleArray"),
    "TorchInferenceRPUConfig": ("TorchInferenceTile", "TileModuleArray"),
    "TorchInferenceRPUConfigIRDropT": ("TorchInferenceTile", "TileModuleArray"),
    "QuantizedTorchInferenceRPUConfig": (
        "QuantizedTorchInferenceTile",
        "QuantizedTileModuleArray",
    ),
}


@pytest.mark.parametrize("name", ORDER)
def test_positional_order(name):
    config_class = getattr(configs, name)
    assert [item.name for item in fields(config_class) if item.init] == ORDER[name]


@pytest.mark.parametrize("name", TILES)
def test_default_tile_classes_of_training_configurations(name):
    config = getattr(configs, name)()
    assert (config.tile_class.__name__, config.tile_array_class.__name__) == TILES[name]


def test_io_managed_configuration_needs_a_tile_class():
    with pytest.raises(TypeError, match="tile_class"):
        configs.IOManagedRPUConfig()


class TestInference:
    @pytest.fixture(autouse=True)
    def _needs_noise_models(self):
        pytest.importorskip("aihwkit.inference.noise.pcm")
        pytest.importorskip("aihwkit.inference.compensation.drift")

    @pytest.mark.parametrize("name", INFERENCE_TILES)
    def test_default_tile_classes(self, name):
        config = getattr(configs, name)()
        tiles = config.tile_class.__name__, config.tile_array_class.__name__
        assert tiles == INFERENCE_TILES[name]
        assert type(config.noise_model).__name__ == "PCMLikeNoiseModel"
        assert type(config.drift_compensation).__name__ == "GlobalDriftCompensation"

    def test_backward_and_update_are_exact_but_can_be_assigned(self):
        config = configs.InferenceRPUConfig()
        assert config.backward == IOParameters(is_perfect=True)
        assert config.update == UpdateParameters(pulse_type=PulseType.NONE)
        config.backward = IOParameters()
        assert not config.as_bindings().backward_io.is_perfect

    @pytest.mark.parametrize("name", ["backward", "update", "device"])
    def test_fixed_fields_are_no_arguments(self, name):
        with pytest.raises(TypeError, match=f"no parameter '{name}'"):
            configs.InferenceRPUConfig(**{name: None})

    def test_state_of_the_torch_tile_fits(self):
        config = configs.InferenceRPUConfig()
        assert config.compatible_with("InferenceTile")
        assert config.compatible_with("TorchInferenceTile")
        assert not configs.TorchInferenceRPUConfig().compatible_with("InferenceTile")

    def test_special_parameters(self):
        assert type(configs.TorchInferenceRPUConfigIRDropT().forward) is IOParametersIRDropT
        quantized = configs.QuantizedTorchInferenceRPUConfig()
        assert type(quantized.pre_post) is PrePostProcessingParameterQuant
        assert quantized.act_quant_config is None

    def test_drift_compensation_can_be_left_out(self):
        assert configs.InferenceRPUConfig(drift_compensation=None).drift_compensation is None


EXPORTS = {
    "aihwkit.simulator.parameters": """
        AnalogContextDataViewMode RPUDataType BoundManagementType NoiseManagementType
        WeightNoiseType PulseType WeightModifierType WeightClipType WeightRemapType
        VectorUnitCellUpdatePolicy AnalogMVType UpdateParameters IOParameters
        IOParametersIRDropT MappingParameter InputRangeParameter PrePostProcessingParameter
        PrePostProcessingParameterQuant WeightModifierParameter WeightClipParameter
        WeightRemapParameter SimpleDriftParameter DriftParameter
    """,
    "aihwkit.simulator.configs": """
        IOParameters IOParametersIRDropT UpdateParameters WeightModifierParameter
        WeightClipParameter WeightRemapParameter SimpleDriftParameter DriftParameter
        MappingParameter InputRangeParameter PrePostProcessingParameter RPUDataType
        BoundManagementType NoiseManagementType WeightNoiseType PulseType WeightModifierType
        WeightClipType WeightRemapType VectorUnitCellUpdatePolicy AnalogMVType
        CountLRFeedbackPolicy FloatingPointDevice IdealDevice ConstantStepDevice
        LinearStepDevice SoftBoundsDevice SoftBoundsPmaxDevice SoftBoundsReferenceDevice
        ExpStepDevice PowStepDevice PowStepReferenceDevice PiecewiseStepDevice VectorUnitCell
        ReferenceUnitCell OneSidedUnitCell DifferenceUnitCell TransferCompound
        BufferedTransferCompound ChoppedTransferCompound DynamicTransferCompound
        MixedPrecisionCompound FloatingPointRPUConfig InferenceRPUConfig SingleRPUConfig
        UnitCellRPUConfig DigitalRankUpdateRPUConfig TorchInferenceRPUConfig
        TorchInferenceRPUConfigIRDropT QuantizedTorchInferenceRPUConfig build_config
    """,
    "aihwkit.simulator.configs.devices": """
        PulsedDevice FloatingPointDevice IdealDevice ConstantStepDevice VectorUnitCell
        ReferenceUnitCell OneSidedUnitCell DifferenceUnitCell TransferCompound
        BufferedTransferCompound MixedPrecisionCompound DynamicTransferCompound
        ChoppedTransferCompound
    """,
    "aihwkit.simulator.configs.compounds": "UnitCell DigitalRankUpdateCell VectorUnitCell",
    "aihwkit.simulator.configs.configs": "IOManagedRPUConfig SingleRPUConfig",
    "aihwkit.simulator.configs.helpers": "build_config",
    "aihwkit.simulator.configs.utils": """
        IOParameters UpdateParameters WeightModifierParameter WeightClipParameter
        WeightRemapParameter SimpleDriftParameter DriftParameter MappingParameter
        InputRangeParameter PrePostProcessingParameter BoundManagementType
        NoiseManagementType WeightNoiseType PulseType WeightModifierType WeightClipType
        WeightRemapType VectorUnitCellUpdatePolicy AnalogMVType
    """,
    "aihwkit.simulator.parameters.io": "IOParameters IOParametersIRDropT",
    "aihwkit.simulator.parameters.training": "UpdateParameters",
    "aihwkit.simulator.parameters.mapping": "MappingParameter MappableRPU",
    "aihwkit.simulator.parameters.pre_post": """
        InputRangeParameter PeripheryQuantizationParameter PrePostProcessingParameter
        PrePostProcessingParameterQuant PrePostProcessingRPU
    """,
    "aihwkit.simulator.parameters.inference": """
        WeightModifierParameter WeightClipParameter WeightRemapParameter SimpleDriftParameter
        DriftParameter
    """,
    "aihwkit.simulator.parameters.quantization": """
        BaseQuantConfig ActivationQuantConfig WeightQuantConfig QuantizationConfig
        QuantizedModuleConfig QuantizationMap
    """,
    "aihwkit.simulator.parameters.runtime": "RuntimeParameter",
    "aihwkit.simulator.parameters.base": "RPUConfigBase RPUConfigGeneric",
    "aihwkit.simulator.parameters.helpers": """
        get_bindings_class parameters_to_bindings tile_parameters_to_bindings _PrintableMixin
        ALL_SKIP_FIELD FIELD_MAP ALWAYS_INCLUDE
    """,
    "aihwkit.exceptions": """
        AihwkitException ModuleError TileError ArgumentError CudaError ConfigError CloudError
        TileModuleError AnalogBiasConfigError TorchTileConfigError FusionExportError
    """,
}


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module, names in EXPORTS.items() for name in names.split()],
)
def test_name_is_importable(module, name):
    assert hasattr(import_module(module), name)
