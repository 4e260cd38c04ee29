"""Conditions of single devices, and the response of the pulse-counted one."""

import math

import numpy as np
import pytest

from aihwkit.exceptions import ConfigError
from aihwkit.simulator.configs import (
    LinearStepDevice,
    PiecewiseStepDevice,
    SoftBoundsDevice,
    SoftBoundsPmaxDevice,
)


@pytest.mark.parametrize("cls", [LinearStepDevice, SoftBoundsDevice])
@pytest.mark.parametrize("name", ["reverse_up", "reverse_down"])
def test_reversed_steps_need_multiplicative_noise(cls, name):
    device = cls(**{name: True}, mult_noise=False)
    with pytest.raises(RuntimeError, match=rf"{cls.__name__}\.{name}=True needs mult_noise=True"):
        device.as_bindings()


@pytest.mark.parametrize(("up", "down"), [([], []), ([1.0], [1.0, 2.0])])
def test_piecewise_nodes_must_match(up, down):
    device = PiecewiseStepDevice(piecewise_up=up, piecewise_down=down)
    with pytest.raises(RuntimeError, match=f"got {len(up)} and {len(down)}"):
        device.as_bindings()


class TestSoftBoundsPmax:
    @staticmethod
    def _pulse(device, weight, direction, count):
        step = device.dw_min * (1 + min(direction * device.up_down, 0))
        bound = device.w_max if direction > 0 else device.w_min
        for _ in range(count):
            weight += direction * step * (1 - weight / bound)
        return weight

    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"p_max": 200, "alpha": 0.01},
            {"p_max": 500, "alpha": 0.002, "range_min": -0.5, "range_max": 1.0},
        ],
    )
    def test_pulses_follow_the_defining_curve(self, values):
        given = SoftBoundsPmaxDevice(**values)
        device = given.to_soft_bounds()
        span = given.range_max - given.range_min
        amplitude = span / (1 - math.exp(-given.alpha * given.p_max))
        for count in (1, given.p_max // 3, given.p_max):
            rise = amplitude * (1 - math.exp(-given.alpha * count))
            up = self._pulse(device, given.range_min, +1, count)
            down = self._pulse(device, given.range_max, -1, count)
            np.testing.assert_allclose(up, given.range_min + rise, rtol=0, atol=1e-9)
            np.testing.assert_allclose(down, given.range_max - rise, rtol=0, atol=1e-9)

    def test_upper_bound_is_the_asymptote(self):
        assert SoftBoundsPmaxDevice().to_soft_bounds().w_max == pytest.approx(4.0829882, abs=1e-7)

    def test_other_fields_are_kept(self):
        device = SoftBoundsPmaxDevice(dw_min_std=0.1, write_noise_std=2.0, construction_seed=5)
        converted = device.to_soft_bounds()
        assert converted.dw_min_std == 0.1
        assert converted.write_noise_std == 2.0
        assert converted.construction_seed == 5

    def test_given_bounds_have_no_effect(self):
        with pytest.warns(UserWarning, match="w_max=0.3 has no effect"):
            core = SoftBoundsPmaxDevice(w_max=0.3).as_bindings()
        assert core.w_max == pytest.approx(4.0829882, abs=1e-6)

    @pytest.mark.parametrize(
        "values", [{"p_max": 0}, {"alpha": 0.0}, {"range_min": 1.0}, {"range_min": 0.9}]
    )
    def test_impossible_curves_are_refused(self, values):
        if values == {"range_min": 0.9}:
            values = {"range_min": 0.9, "alpha": 1.0}
        with pytest.raises(ConfigError, match="SoftBoundsPmaxDevice"):
            SoftBoundsPmaxDevice(**values).as_bindings()
