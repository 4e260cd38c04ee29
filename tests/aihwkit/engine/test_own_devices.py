"""Pulsed devices that a user defines stand wherever the others do."""

import io
from dataclasses import dataclass

import pytest
import torch

from aihwkit.engine.own_devices import register_device
from aihwkit.functional.response import Response, ResponseModel
from aihwkit.nn import AnalogLinear
from aihwkit.simulator.configs import SingleRPUConfig, build_config
from aihwkit.simulator.configs.devices import PulsedDevice
from aihwkit.simulator.tiles import AnalogTile


@dataclass(frozen=True)
class ParabolicResponse(ResponseModel):
    """Step proportional to 1 - (w / b)^2."""

    def response(self, weight, up, p):
        size = torch.where(up, p["step_up"], -p["step_down"])
        position = weight * p["inverse_bound"]
        step = size * (1 - position**2).clamp(min=0)
        return Response(step, -2 * size * position * p["inverse_bound"], self._spread(step))

    def derive(self, p):
        bound = torch.maximum(p["max_bound"], -p["min_bound"])
        return {"step_up": p["dwmin_up"], "step_down": p["dwmin_down"], "inverse_bound": 1 / bound}


@dataclass
class ParabolicDevice(PulsedDevice):
    """Device whose steps vanish as a parabola at both bounds."""

    gain: float = 1.0


def draw(meta, p, generator):
    p["dwmin_up"] = p["dwmin_up"] * meta.gain
    return ParabolicResponse(max(meta.dw_min_std, 0.0))


register_device(ParabolicDevice, draw, granularity=lambda meta: meta.dw_min * (1 + meta.gain) / 2)


def exact(**options):
    names = ("dw_min_dtod", "dw_min_std", "w_max_dtod", "w_min_dtod", "up_down_dtod")
    return ParabolicDevice(dw_min=0.01, **dict.fromkeys(names, 0.0), **options)


def tile_of(device, weight=0.3):
    config = SingleRPUConfig(device=device)
    config.update.desired_bl = 1
    config.update.update_management = config.update.update_bl_management = False
    tile = AnalogTile(1, 1, config)
    tile.set_learning_rate(1.0)
    tile.set_weights(torch.full((1, 1), weight))
    return tile


def test_pulses_are_answered_as_defined():
    tile, expected = tile_of(exact(gain=2.0)), 0.3
    for sign in (1.0, 1.0, -1.0, 1.0, -1.0):
        tile.update(-torch.ones(1, 1), sign * torch.ones(1, 1))
        step = 0.02 if sign > 0 else -0.01
        expected += step * (1 - (expected / 0.6) ** 2)
    assert tile.get_weights()[0].item() == pytest.approx(expected, rel=1e-5)


def test_bounds_and_variation_are_those_of_all_devices():
    tile = tile_of(ParabolicDevice(dw_min=0.1, dw_min_std=0.0), weight=0.0)
    for _ in range(200):
        tile.update(-torch.ones(1, 1), torch.ones(1, 1))
    bound = tile.get_hidden_parameters()["max_bound"]
    assert tile.get_weights()[0].item() == pytest.approx(bound.item(), rel=0.05)
    assert bound.item() != 0.6
    with pytest.raises(TypeError, match="gian"):
        ParabolicDevice(gian=2.0)


def test_granularity_scales_the_trains():
    device = exact(gain=3.0)
    assert device.as_bindings().calc_weight_granularity() == pytest.approx(0.02)


@pytest.mark.parametrize("algorithm", ["sgd", "ttv2", "mp"])
def test_algorithms_train_it_and_checkpoints_keep_it(algorithm):
    torch.manual_seed(0)
    layers = [
        AnalogLinear(3, 2, bias=False, rpu_config=build_config(algorithm, ParabolicDevice()))
        for _ in range(2)
    ]
    first, second = (next(layer.analog_tiles()) for layer in layers)
    first.update(torch.randn(4, 3), torch.randn(4, 2))
    file = io.BytesIO()
    torch.save(layers[0].state_dict(), file)
    file.seek(0)
    layers[1].load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(first.get_weights()[0], second.get_weights()[0])


def test_other_classes_are_refused():
    with pytest.raises(TypeError, match="config_class must derive from PulsedDevice"):
        register_device(SingleRPUConfig, draw)
