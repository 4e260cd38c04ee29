"""What is measured of devices and of pulse trains, alike in the reference and in this package.

Only names that both packages have are used, so that one file serves the recording and the test.
"""

import numpy as np
import torch

from aihwkit.simulator.configs import (
    ConstantStepDevice,
    IOParameters,
    MappingParameter,
    PulseType,
    SingleRPUConfig,
    UpdateParameters,
)
from aihwkit.simulator.presets import devices as presets
from aihwkit.simulator.tiles import AnalogTile

DEVICES = (
    "ReRamESPresetDevice",
    "ReRamSBPresetDevice",
    "ReRamArrayOMPresetDevice",
    "ReRamArrayHfO2PresetDevice",
    "CapacitorPresetDevice",
    "EcRamPresetDevice",
    "EcRamMOPresetDevice",
    "IdealizedPresetDevice",
    "GokmenVlasovPresetDevice",
    "PCMPresetDevice",
)
PULSES = (10, 100, 500)
CHECKPOINTS = tuple(f"{n} {way}" for way in ("up", "down") for n in PULSES)
SIZE = 100

X = [[1.0, 0.5, -0.25, 0.1, 0.0]]
D = [[1.0, -0.5, 0.2]]
RATES = (0.01, 0.1)
RANDOM_TYPES = ("STOCHASTIC_COMPRESSED", "STOCHASTIC")
COUNTED_TYPES = ("MEAN_COUNT", "DETERMINISTIC_IMPLICIT")
STEP = 0.001


def _tile(rows, columns, device, **update):
    config = SingleRPUConfig(
        device=device,
        forward=IOParameters(is_perfect=True),
        backward=IOParameters(is_perfect=True),
        update=UpdateParameters(**update),
        mapping=MappingParameter(max_input_size=0, max_output_size=0),
    )
    return AnalogTile(rows, columns, config)


def _weights(tile):
    return tile.get_weights()[0].double().numpy().copy()


def device_curve(name):
    """Return weights `[checkpoint, element]`, and the parameters of the devices by name.

    Devices start at weight zero and get up pulses, then the same numbers of down pulses. Trains
    have one slot and a learning rate at which every slot certainly has a pulse.
    """
    device = getattr(presets, name)()
    single = {"update_management": False, "update_bl_management": False, "desired_bl": 1}
    tile = _tile(SIZE, SIZE, device, **single)
    tile.set_learning_rate(1e3)
    hidden = {key: value.double().numpy() for key, value in tile.get_hidden_parameters().items()}
    tile.set_weights(torch.zeros(SIZE, SIZE))
    states = []
    for sign in (-1.0, 1.0):
        done = 0
        for n in PULSES:
            x = torch.ones(n - done, SIZE)
            tile.update(x, sign * torch.ones(n - done, SIZE))
            done = n
            states.append(_weights(tile).reshape(-1))
    return np.stack(states), {key: value.reshape(-1) for key, value in hidden.items()}


def curve_statistics(values):
    """Return means, variances and covariances of successive rows `[row, sample]`, as one vector."""
    centred = values - values.mean(axis=1, keepdims=True)
    successive = (centred[1:] * centred[:-1]).mean(axis=1)
    return np.concatenate([values.mean(axis=1), centred.var(axis=1), successive])


def pulse_counts(pulse_type, rate, managed, repetitions):
    """Return numbers of pulses `[repetition, row * column]`, down pulses positive."""
    exact = {name: 0.0 for name in ("dw_min_dtod", "dw_min_std", "up_down_dtod")}
    bounds = {"w_max": 10.0, "w_min": -10.0, "w_max_dtod": 0.0, "w_min_dtod": 0.0}
    device = ConstantStepDevice(dw_min=STEP, **exact, **bounds)
    tile = _tile(
        len(D[0]),
        len(X[0]),
        device,
        pulse_type=PulseType[pulse_type],
        update_management=managed,
        update_bl_management=managed,
    )
    tile.set_learning_rate(rate)
    zero, x, d = torch.zeros(len(D[0]), len(X[0])), torch.tensor(X), torch.tensor(D)
    counts = []
    for _ in range(repetitions):
        tile.set_weights(zero)
        tile.update(x, d)
        counts.append(np.rint(-_weights(tile).reshape(-1) / STEP))
    return np.stack(counts)


def count_moments(counts):
    """Return means and covariances of counts `[repetition, element]`, and their standard errors."""
    n = len(counts)
    mean = counts.mean(axis=0)
    products = (counts - mean)[:, :, None] * (counts - mean)[:, None, :]
    upper = np.triu_indices(counts.shape[1])
    products = products[:, upper[0], upper[1]]
    values = np.concatenate([mean, products.mean(axis=0)])
    errors = np.concatenate([counts.std(axis=0), products.std(axis=0)]) / np.sqrt(n)
    return values, errors
