"""Responses of all device presets, and numbers of pulses, against recordings of the reference.

A comparison fails beyond five standard errors of the difference, those of the recording included.
There are 881 that are random on both sides; as many normal deviates exceed the limit once in 2,000
sets. Their root mean square is 1.05 standard errors, the largest is 4.6.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.aihwkit.engine.reference.workload import (
    CHECKPOINTS,
    COUNTED_TYPES,
    DEVICES,
    RANDOM_TYPES,
    RATES,
    count_moments,
    curve_statistics,
    device_curve,
    pulse_counts,
)

from aihwkit.simulator.presets import devices as presets

LIMIT = 5.0
REPETITIONS = 1500


@pytest.fixture(scope="module")
def recording():
    with np.load(Path(__file__).parent / "reference" / "recording.npz") as data:
        return dict(data)


def curve_errors(values):
    """Return standard errors of what `curve_statistics` returns, from independent samples."""
    centred = values - values.mean(axis=1, keepdims=True)
    squares, products = centred**2, centred[1:] * centred[:-1]
    spreads = [centred.std(axis=1), squares.std(axis=1), products.std(axis=1)]
    return np.concatenate(spreads) / np.sqrt(values.shape[1])


def assert_same(names, got, error, expected, expected_error):
    scale = np.sqrt(error**2 + expected_error**2)
    exact = np.isclose(got, expected, rtol=1e-5, atol=1e-9)
    z = np.where(exact, 0.0, (got - expected) / np.maximum(scale, 1e-30))
    wrong = {
        name: f"{a:.5g} instead of {b:.5g}, z = {c:.1f}"
        for name, a, b, c in zip(names, got, expected, z, strict=True)
        if abs(c) > LIMIT
    }
    assert not wrong, wrong


@pytest.mark.parametrize("name", DEVICES)
def test_devices_respond_as_in_the_reference(name, recording):
    torch.manual_seed(1)
    states, hidden = device_curve(name)
    names = [f"{what} after {point}" for what in ("mean", "variance") for point in CHECKPOINTS]
    names += [f"covariance of {a} and {b}" for a, b in zip(CHECKPOINTS, CHECKPOINTS[1:])]  # noqa: B905, RUF007
    assert_same(
        names,
        curve_statistics(states),
        curve_errors(states),
        recording[f"{name}/curve"],
        recording[f"{name}/curve error"],
    )
    assert list(hidden) == recording[f"{name}/hidden names"].tolist()
    rows = np.stack(list(hidden.values()))
    centred = rows - rows.mean(axis=1, keepdims=True)
    errors = np.concatenate([rows.std(axis=1), (centred**2).std(axis=1)]) / np.sqrt(rows.shape[1])
    assert_same(
        [f"{what} of {key}" for what in ("mean", "variance") for key in hidden],
        np.concatenate([rows.mean(axis=1), rows.var(axis=1)]),
        errors,
        recording[f"{name}/hidden"],
        recording[f"{name}/hidden error"],
    )


def test_steps_that_are_three_percent_larger_are_noticed(recording, monkeypatch):
    larger = partial(presets.GokmenVlasovPresetDevice, dw_min=0.0016 * 1.03)
    monkeypatch.setattr(presets, "GokmenVlasovPresetDevice", larger)
    with pytest.raises(AssertionError, match="mean after 100 up"):
        test_devices_respond_as_in_the_reference("GokmenVlasovPresetDevice", recording)


@pytest.mark.parametrize("managed", [True, False])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", RANDOM_TYPES)
def test_numbers_of_random_pulses_vary_as_in_the_reference(kind, rate, managed, recording):
    torch.manual_seed(2)
    values, errors = count_moments(pulse_counts(kind, rate, managed, REPETITIONS))
    key = f"{kind}/{rate}/{managed}"
    names = [f"moment {index}" for index in range(len(values))]
    assert_same(names, values, errors, recording[key], recording[f"{key} error"])


@pytest.mark.parametrize("managed", [True, False])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", COUNTED_TYPES)
def test_counted_pulses_are_those_of_the_reference(kind, rate, managed, recording):
    counts = pulse_counts(kind, rate, managed, 1)[0]
    assert counts.tolist() == recording[f"{kind}/{rate}/{managed}"].tolist()
