"""Noise models have the statistics of the reference's, by mean and variance of 100,000 draws each.

`reference_statistics.json` holds, by model, rows of relative conductance, quantity (programmed
conductance, drift exponent, or conductance at a time in seconds), mean, standard deviation and
fourth central moment, recorded from reference aihwkit 1.2.0.
"""

import json
import math
from pathlib import Path

import pytest
import torch

from aihwkit.inference import (
    CustomDriftPCMLikeNoiseModel,
    HermesNoiseModel,
    PCMLikeNoiseModel,
    ReRamCMONoiseModel,
    ReRamWan2022NoiseModel,
    StateIndependentNoiseModel,
)

N_RECORDED, N = 100_000, 20_000
# 264 comparisons: by chance one in about 6,600 seeds exceeds five somewhere.
Z_LIMIT = 5.0
RECORDED = json.loads(Path(__file__).with_name("reference_statistics.json").read_text())
TABLE = {"g_lst": [0, 10, 25], "nu_mean_lst": [0.08, 0.05, 0.03], "nu_std_lst": [0.03, 0.02, 0.01]}
MODELS = {
    "pcm": PCMLikeNoiseModel(),
    "pcm10": PCMLikeNoiseModel(
        g_max=10.0, prog_noise_scale=0.5, read_noise_scale=2.0, drift_scale=0.7
    ),
    "custom": CustomDriftPCMLikeNoiseModel(TABLE),
    "independent": StateIndependentNoiseModel(),
    "hermes1": HermesNoiseModel(num_devices=1),
    "hermes2": HermesNoiseModel(num_devices=2),
    "wan": ReRamWan2022NoiseModel(),
    "cmo": ReRamCMONoiseModel(),
    "cmo2": ReRamCMONoiseModel(acceptance_range=2),
}


def draws(model, relative, quantity):
    """Return draws of a quantity at a relative conductance."""
    low = getattr(model, "g_min", None) or 0.0
    target = torch.full((N,), low + relative * (model.g_max - low))
    if quantity == "prog":
        return model.apply_programming_noise_to_conductance(target).double()
    coefficients = model.generate_drift_coefficients(target)
    if quantity == "nu":
        return coefficients.double()
    time = float(quantity.removeprefix("t="))
    return model.apply_drift_noise_to_conductance(target, coefficients, time).double()


@pytest.mark.parametrize("name", MODELS)
def test_mean_and_variance_are_those_of_the_reference(name):
    torch.manual_seed(1)
    for relative, quantity, mean, std, fourth in RECORDED[name]:
        values = draws(MODELS[name], relative, quantity)
        where = f"{name} at {relative}, {quantity}"
        rate = 1 / N_RECORDED + 1 / N
        error = std * math.sqrt(rate) + 1e-6 * abs(mean)
        z = (float(values.mean()) - mean) / max(error, 1e-9)
        assert abs(z) < Z_LIMIT, f"mean of {where}: {float(values.mean())}, recorded {mean}"
        error = math.sqrt(max(fourth - std**4, 0.0) * rate) + 1e-5 * std**2
        z = (float(values.var()) - std**2) / max(error, 1e-9)
        assert abs(z) < Z_LIMIT, f"variance of {where}: {float(values.var())}, recorded {std**2}"
