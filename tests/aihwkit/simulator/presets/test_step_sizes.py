"""One pulse of every preset device without spread and noise, against known numbers."""

import pytest
import torch

from aihwkit.simulator import presets
from aihwkit.simulator.configs import SingleRPUConfig
from aihwkit.simulator.parameters import UpdateParameters
from aihwkit.simulator.tiles import AnalogTile

# weight: (step up, step down); steps end at the bounds
TABLE = {
    "ReRamESPresetDevice": {
        -1.0: (2.949e-3, 0.0),
        -0.5: (1.808e-3, -1.284e-3),
        0.0: (1.481e-3, -1.991e-3),
        0.5: (1.388e-3, -4.461e-3),
        1.0: (0.0, -1.308e-2),
    },
    "ReRamSBPresetDevice": {
        -0.75: (3.2e-3, 0.0),
        -0.375: (2.6e-3, -1.0e-3),
        0.0: (2e-3, -2e-3),
        0.625: (1e-3, -3.667e-3),
        1.25: (0.0, -5.333e-3),
    },
    "CapacitorPresetDevice": {
        -1.0: (5.25e-3, 0.0),
        -0.5: (5.125e-3, -4.875e-3),
        0.0: (5e-3, -5e-3),
        0.5: (4.875e-3, -5.125e-3),
        1.0: (0.0, -5.25e-3),
    },
    "EcRamPresetDevice": {
        -0.8276: (2.163e-3, 0.0),
        -0.4138: (2.081e-3, -1.491e-3),
        0.0: (2e-3, -2e-3),
        0.5862: (1.885e-3, -2.720e-3),
        1.1724: (0.0, -3.441e-3),
    },
    "EcRamMOPresetDevice": {
        -0.8286: (3.650e-4, 0.0),
        -0.4143: (3.236e-4, -1.786e-4),
        0.0: (2.821e-4, -2.821e-4),
        0.5857: (2.236e-4, -4.286e-4),
        1.1714: (0.0, -5.749e-4),
    },
    "IdealizedPresetDevice": {-0.5: (2e-4, -2e-4), 0.0: (2e-4, -2e-4), 0.7: (2e-4, -2e-4)},
    "GokmenVlasovPresetDevice": {-0.5: (1.6e-3, -1.6e-3), 0.7: (1.6e-3, -1.6e-3)},
    "PCMPresetDevice": {
        0.0: (0.2824, 0.0),
        0.5: (0.08803, -0.08801),
        1.0: (0.03236, -0.2823),
        2.0: (0.0, -2.0),
    },
    "ReRamArrayOMPresetDevice": {
        -1.0: (0.1898, 0.0),
        -0.5: (0.1423, -0.04745),
        0.0: (0.0949, -0.0949),
        0.5: (0.04745, -0.1423),
        1.0: (0.0, -0.1898),
    },
    "ReRamArrayHfO2PresetDevice": {
        -1.0: (0.9244, 0.0),
        -0.5: (0.6933, -0.2311),
        0.0: (0.4622, -0.4622),
        0.5: (0.2311, -0.6933),
        1.0: (0.0, -0.9244),
    },
}


def _exact(device):
    for name in vars(device):
        if name.endswith(("_dtod", "_std")):
            setattr(device, name, 0.0)
    device.lifetime = 0.0
    return device


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_step(name, direction):
    device = _exact(getattr(presets, name)())
    update = UpdateParameters(desired_bl=1, update_bl_management=False, update_management=False)
    weights = torch.tensor([list(TABLE[name])]).T.contiguous()
    tile = AnalogTile(len(weights), 1, SingleRPUConfig(device=device, update=update))
    tile.set_learning_rate(1.0)
    tile.set_weights(weights)
    tile.update(-torch.ones(1, 1), direction * torch.ones(1, len(weights)))
    steps = (tile.get_weights()[0] - weights)[:, 0]
    expected = torch.tensor([up if direction > 0 else down for up, down in TABLE[name].values()])
    # The table has four digits; a small weight change on a weight of 1 has seven in float32.
    torch.testing.assert_close(steps, expected, rtol=6e-4, atol=3e-7)
