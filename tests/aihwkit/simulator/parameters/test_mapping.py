"""When configurations fit together, and when weights are split."""

import pytest

from aihwkit.simulator.configs import SingleRPUConfig
from aihwkit.simulator.parameters import InputRangeParameter, IOParameters, MappingParameter
from aihwkit.simulator.parameters.enums import BoundManagementType, NoiseManagementType


@pytest.mark.parametrize(
    ("values", "compatible"),
    [
        ({}, True),
        ({"weight_scaling_omega": 0.5}, True),
        ({"weight_scaling_columnwise": True}, True),
        ({"weight_scaling_lr_compensation": True}, True),
        ({"digital_bias": False}, False),
        ({"learn_out_scaling": True}, False),
        ({"out_scaling_columnwise": True}, False),
        ({"max_input_size": 256}, False),
        ({"max_output_size": 256}, False),
    ],
)
def test_compatible_mappings_differ_in_weight_scaling_only(values, compatible):
    assert MappingParameter().compatible_with(MappingParameter(**values)) is compatible


@pytest.mark.parametrize(
    ("limits", "size", "split"),
    [
        ((512, 512), (512, 512), False),
        ((512, 512), (513, 10), True),
        ((512, 512), (10, 513), True),
        ((0, 0), (10000, 10000), False),
        ((512, 0), (10000, 512), False),
        ((512, 0), (10, 513), True),
        ((-1, 512), (513, 10000), True),
    ],
)
def test_matrix_is_split_only_if_a_limit_is_exceeded(limits, size, split):
    max_in, max_out = limits
    mapping = MappingParameter(max_input_size=max_in, max_output_size=max_out)
    config = SingleRPUConfig(mapping=mapping)
    out_size, in_size = size
    expected = config.tile_array_class if split else config.tile_class
    assert config.get_default_tile_module_class(out_size, in_size) is expected


def test_without_array_class_nothing_is_split():
    config = SingleRPUConfig(tile_array_class=None)
    assert config.get_default_tile_module_class(10000, 10000) is config.tile_class


@pytest.mark.parametrize(
    ("values", "supported"),
    [
        ({}, False),
        ({"noise_management": NoiseManagementType.NONE}, False),
        (
            {
                "noise_management": NoiseManagementType.NONE,
                "bound_management": BoundManagementType.NONE,
            },
            True,
        ),
    ],
)
def test_output_clipping_can_be_managed_without_other_management(values, supported):
    config = SingleRPUConfig(forward=IOParameters(**values))
    assert InputRangeParameter().supports_manage_output_clipping(config) is supported


def test_configurations_that_differ_in_runtime_are_equal():
    first, second = SingleRPUConfig(), SingleRPUConfig()
    second.runtime.offload_input = True
    assert first == second


def test_create_tile_hands_over_the_configuration():
    class Tile:
        def __init__(self, *sizes, rpu_config):
            self.sizes, self.rpu_config = sizes, rpu_config

    config = SingleRPUConfig(tile_class=Tile)
    tile = config.create_tile(2, 3)
    assert tile.sizes == (2, 3)
    assert tile.rpu_config is config
    assert config.compatible_with("Tile")
    assert not config.compatible_with("AnalogTile")
