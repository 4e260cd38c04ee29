"""Builders of simulator tiles for the tests."""

import pytest

from aihwkit.simulator.configs import (
    DigitalRankUpdateRPUConfig,
    IOParameters,
    MixedPrecisionCompound,
    SingleRPUConfig,
    UnitCellRPUConfig,
    UpdateParameters,
)
from aihwkit.simulator.configs.compounds import UnitCell


@pytest.fixture(scope="session")
def exact():
    """No variation between devices and no noise."""
    return {
        "dw_min_dtod": 0.0,
        "dw_min_std": 0.0,
        "w_max_dtod": 0.0,
        "w_min_dtod": 0.0,
        "up_down_dtod": 0.0,
    }


@pytest.fixture(scope="session")
def unmanaged():
    """One pulse train for each vector, of the desired length."""
    return {"update_bl_management": False, "update_management": False}


@pytest.fixture(scope="session")
def make_tile():
    """Return a simulator tile with the given devices and a seed of its own."""

    def make(device, x_size=4, d_size=3, seed=0, io=None, **update):
        kind = SingleRPUConfig
        if isinstance(device, UnitCell):
            kind = UnitCellRPUConfig
        elif isinstance(device, MixedPrecisionCompound):
            kind = DigitalRankUpdateRPUConfig
        io = io or IOParameters(is_perfect=True)
        config = kind(device=device, forward=io, update=UpdateParameters(**update))
        tile = config.as_bindings().create_array(x_size, d_size, config.device.as_bindings())
        tile.manual_seed(seed)
        return tile

    return make


@pytest.fixture(scope="session")
def hidden():
    """Return the hidden parameters of a tile by name."""

    def read(tile):
        names = tile.get_hidden_parameter_names()
        return dict(zip(names, tile.get_hidden_parameters(), strict=True))

    return read
