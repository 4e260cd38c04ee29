"""`str()` shows what differs from the defaults."""

import pytest

from aihwkit.simulator.configs import (
    ConstantStepDevice,
    InferenceRPUConfig,
    SingleRPUConfig,
    VectorUnitCell,
)
from aihwkit.simulator.parameters import (
    DriftParameter,
    InputRangeParameter,
    IOParameters,
    WeightClipParameter,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (IOParameters(), "IOParameters()"),
        (IOParameters(out_noise=0.1), "IOParameters(out_noise=0.1)"),
        (IOParameters(is_perfect=True, out_noise=0.1), "IOParameters(is_perfect=True)"),
        (InputRangeParameter(), "InputRangeParameter(enable=False)"),
        (WeightClipParameter(), "WeightClipParameter(type=WeightClipType.NONE)"),
        (ConstantStepDevice(), "ConstantStepDevice()"),
        (
            ConstantStepDevice(drift=DriftParameter(nu=0.1)),
            "ConstantStepDevice(drift=DriftParameter(nu=0.1))",
        ),
    ],
)
def test_one_line(value, text):
    assert str(value) == text


def test_more_than_three_fields_are_one_a_line():
    text = str(IOParameters(inp_noise=0.1, out_noise=0.2, out_scale=3.0, w_noise=0.4))
    assert text.split("\n") == [
        "IOParameters(",
        "    inp_noise=0.1,",
        "    out_noise=0.2,",
        "    out_scale=3.0,",
        "    w_noise=0.4",
        ")",
    ]


def test_lists_are_one_item_a_line():
    text = str(VectorUnitCell([ConstantStepDevice(), ConstantStepDevice(w_max=0.3)]))
    assert text == (
        "VectorUnitCell(\n"
        "    unit_cell_devices=[\n"
        "        ConstantStepDevice(),\n"
        "        ConstantStepDevice(w_max=0.3)\n"
        "    ]\n"
        ")"
    )


def test_configuration_hides_default_classes():
    lines = str(SingleRPUConfig()).split("\n")
    names = [line.strip().partition("=")[0] for line in lines[1:-1]]
    assert names == ["runtime", "pre_post", "mapping", "forward", "backward", "update", "device"]


def test_configuration_shows_another_class():
    config = SingleRPUConfig(tile_class=InferenceRPUConfig)
    assert "tile_class=" in str(config)


def test_repr_is_complete():
    assert "out_bound=12.0" in repr(IOParameters())
