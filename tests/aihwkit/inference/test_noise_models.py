"""Noise models: recorded values with fixed draws, statistics, fits, refusals."""

import math
from unittest.mock import patch

import pytest
import torch

from aihwkit.exceptions import ArgumentError
from aihwkit.inference import (
    BaseNoiseModel,
    CustomDriftPCMLikeNoiseModel,
    DualPairConductanceConverter,
    HermesNoiseModel,
    PCMLikeNoiseModel,
    ReRamCMONoiseModel,
    ReRamWan2022NoiseModel,
    SingleDeviceConductanceConverter,
    SinglePairConductanceConverter,
    StateIndependentNoiseModel,
)
from aihwkit.inference.noise.physics import noise_generator
from synaptensor.testing.statistics import assert_mean, assert_variance

G = torch.tensor([0, 0.1, 1, 2.5, 5, 10, 12.5, 20, 25])
RELATIVE = torch.tensor([0, 0.05, 0.0944, 0.0945, 0.16, 0.3, 0.3055, 0.5, 1])
G_CMO = torch.tensor([9, 20, 50, 80, 88.2])
TABLE = {"g_lst": [0, 10, 25], "nu_mean_lst": [0.08, 0.05, 0.03], "nu_std_lst": [0.03, 0.02, 0.01]}
MODELS = [
    PCMLikeNoiseModel(),
    CustomDriftPCMLikeNoiseModel(TABLE),
    StateIndependentNoiseModel(),
    HermesNoiseModel(),
    HermesNoiseModel(num_devices=1),
    ReRamWan2022NoiseModel(),
    ReRamCMONoiseModel(),
]


def fixed(xi):
    """Replace all normal draws by a constant."""
    return patch("torch.randn_like", lambda like: torch.full_like(like, xi))


def close(actual, expected):
    torch.testing.assert_close(actual, torch.tensor(expected), rtol=2e-5, atol=2e-6)


# Conductance, then expected values with all draws 1: programming, exponents, drift to 3600 s.
GOLDEN = [
    (
        PCMLikeNoiseModel(),
        G,
        [0.263480, 0.371321, 1.340203, 2.948249, 5.609556, 10.861784, 13.452705, 21.084696, 26.055380],  # noqa: E501
        [0.145, 0.145, 0.108629, 0.082972, 0.063564, 0.057, 0.057, 0.057, 0.057],
        [0, 0.091903, 0.761696, 1.928294, 4.021903, 8.001121, 9.905948, 15.591944, 19.368269],
        [0.1, 0.1, 0.074293, 0.060090, 0.049346, 0.049, 0.049, 0.049, 0.049],
        [0, 0.059461, 0.679628, 1.829262, 3.868672, 7.751286, 9.689108, 15.502572, 19.378216],
    ),
    (
        StateIndependentNoiseModel(),
        G,
        (G + 0.2).tolist(),
        [0.15] * 9,
        [0, 0.054590, 0.545897, 1.364742, 2.729484, 5.458967, 6.823709, 10.917934, 13.647419],
        [0.1] * 9,
        [0, 0.059461, 0.594610, 1.486525, 2.973050, 5.946099, 7.432624, 11.892199, 14.865248],
    ),
    (
        HermesNoiseModel(num_devices=1),
        RELATIVE * 10.35,
        [0.157818, 0.786218, 1.335588, 1.336817, 2.133173, 3.784058, 3.847605, 6.040313, 11.357567],
        [0.17, 0.131384, 0.099163, 0.098030, 0.090159, 0.078296, 0.078085, 0.068475, 0.0229],
        [0, 0.396304, 0.805706, 0.809226, 1.376595, 2.714139, 2.766469, 4.660955, 10.438121],
        [0.13, 0.097735, 0.073140, 0.072020, 0.070468, 0.065896, 0.065682, 0.0564, 0.0174],
        [0, 0.388089, 0.787742, 0.791182, 1.345703, 2.557389, 2.605920, 4.383173, 9.833091],
    ),
    (
        HermesNoiseModel(num_devices=2),
        RELATIVE * 20.7,
        [0.166032, 1.416319, 2.493865, 2.496259, 4.035017, 7.154780, 7.273428, 11.341014, 21.792700],  # noqa: E501
        [0.17, 0.127085, 0.095055, 0.093922, 0.086209, 0.074996, 0.074721, 0.0654, 0.0222],
        [0, 0.845872, 1.680271, 1.686856, 2.841856, 5.515452, 5.621341, 9.438590, 20.683910],
        [0.13, 0.097735, 0.073140, 0.072020, 0.070468, 0.065896, 0.065682, 0.0564, 0.0174],
        [0, 0.805507, 1.619825, 1.626208, 2.764351, 5.244296, 5.343380, 8.955997, 19.796471],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "g", "programmed", "nu", "drifted", "nu_mean", "drifted_mean"),
    GOLDEN,
    ids=["pcm", "independent", "hermes1", "hermes2"],
)
def test_recorded_values(model, g, programmed, nu, drifted, nu_mean, drifted_mean):
    with fixed(1.0):
        close(model.apply_programming_noise_to_conductance(g), programmed)
        exponents = model.generate_drift_coefficients(g)
        close(exponents, nu)
        close(model.apply_drift_noise_to_conductance(g, exponents, 3600), drifted)
    with fixed(0.0):
        torch.testing.assert_close(model.apply_programming_noise_to_conductance(g), g)
        exponents = model.generate_drift_coefficients(g)
        close(exponents, nu_mean)
        close(model.apply_drift_noise_to_conductance(g, exponents, 3600), drifted_mean)
        torch.testing.assert_close(model.apply_drift_noise_to_conductance(g, exponents, 0), g)


def test_pcm_read_noise_right_after_programming():
    with fixed(1.0):
        drifted = PCMLikeNoiseModel().apply_drift_noise_to_conductance(G, torch.ones(9), 0)
    close(drifted, [0, 0.183677, 1.298344, 2.911146, 5.524031, 10.667909, 13.222164, 20.851290, 25.920441])  # fmt: skip  # noqa: E501


def test_pcm_programming_noise_scales_with_the_range():
    with fixed(1.0):
        noisy = PCMLikeNoiseModel(g_max=10).apply_programming_noise_to_conductance(0.4 * G)
    close(noisy, [0.105392, 0.148529, 0.536081, 1.179300, 2.243822, 4.344714, 5.381082, 8.433878, 10.422152])  # fmt: skip  # noqa: E501


def test_explicit_reference_of_the_coefficients():
    same = PCMLikeNoiseModel([0.26348, 1.9650, -1.1731], g_max=10, prog_coeff_g_max_reference=25.0)
    with fixed(1.0):
        a = same.apply_programming_noise_to_conductance(0.4 * G)
        b = PCMLikeNoiseModel(g_max=10).apply_programming_noise_to_conductance(0.4 * G)
    assert torch.equal(a, b)
    assert HermesNoiseModel([0.1], prog_coeff_g_max_reference=9.0).prog_coeff_g_max_reference == 9.0
    assert PCMLikeNoiseModel([0.1], g_max=12.0).prog_coeff_g_max_reference == 12.0


def test_custom_drift_table():
    model = CustomDriftPCMLikeNoiseModel(TABLE, drift_scale=2)
    g = torch.tensor([0, 5, 10, 17.5, 25])
    with fixed(1.0):
        nu = model.generate_drift_coefficients(g)
    close(nu, [0.22, 0.18, 0.14, 0.11, 0.08])
    assert torch.equal(g, torch.tensor([0, 5, 10, 17.5, 25]))


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (1, [0.348, 0.511421, 1.921897, 4.056181, 7.136120, 12.218208, 14.522938, 21.459873, 26.103001]),  # noqa: E501
        (86400, [0.701, 0.888535, 2.506175, 4.947319, 8.437708, 14.004476, 16.409, 23.246525, 27.651003]),  # noqa: E501
        (172800.0, [0.782, 0.962402, 2.525690, 4.910199, 8.373921, 13.996937, 16.429125, 23.244295, 27.677]),  # noqa: E501
    ],
)  # fmt: skip
def test_wan(time, expected):
    model = ReRamWan2022NoiseModel()
    with fixed(1.0):
        if time == 1:
            close(model.apply_programming_noise_to_conductance(G), expected)
        coefficients = model.generate_drift_coefficients(G)
        close(model.apply_drift_noise_to_conductance(torch.zeros(9), coefficients, time), expected)


def test_wan_refuses_times_without_coefficients():
    with pytest.raises(ArgumentError, match=r"must be one of \[1.0, 86400.0, 172800.0\].*got 60"):
        ReRamWan2022NoiseModel().apply_drift_noise_to_conductance(G, G, 60)
    scaled = ReRamWan2022NoiseModel(coeff_g_max_reference=40.0)
    with fixed(1.0):
        deviation = scaled.apply_programming_noise_to_conductance(G) - G
    assert float(deviation[0]) == pytest.approx(0.348 * 25 / 40)


@pytest.mark.parametrize(
    ("acceptance", "programmed"),
    [
        (0.2, [9.010430, 20.022186, 50.054249, 80.086311, 88.295074]),
        (2, [9.112831, 20.237024, 50.575733, 80.914444, 89.207016]),
        (2e-2, [9.010430, 20.022186, 50.054249, 80.086311, 88.295074]),
    ],
)
def test_cmo_programming(acceptance, programmed):
    model = ReRamCMONoiseModel(acceptance_range=acceptance)
    with fixed(1.0):
        close(model.apply_programming_noise_to_conductance(G_CMO), programmed)


def test_cmo_drift():
    model = ReRamCMONoiseModel()
    with fixed(1.0):
        at = [model.apply_drift_noise_to_conductance(G_CMO, None, t) for t in (0, 1, 3600)]
    assert torch.equal(at[0], G_CMO)
    close(at[1], [9.509646, 20.543421, 50.582867, 80.603241, 88.199997])
    close(at[2], [9.149370, 20.193676, 50.244576, 80.270691, 88.199997])
    with fixed(0.0):
        mean = model.apply_drift_noise_to_conductance(G_CMO, None, 3600)
    close(mean, [9, 19.271191, 49.271191, 79.271187, 87.471184])
    with fixed(-500.0):
        assert torch.isfinite(model.apply_drift_noise_to_conductance(G_CMO, None, 3600)).all()
    with pytest.raises(ArgumentError, match=r"one of \[0.2, 2\] percent, got 5"):
        ReRamCMONoiseModel(acceptance_range=5)


# -- statistics ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("g", "nu_mean", "nu_std"), [(2.5, 0.06009, 0.02288), (12.5, 0.049, 0.008)]
)
def test_pcm_statistics(g, nu_mean, nu_std):
    torch.manual_seed(1)
    model = PCMLikeNoiseModel()
    target = torch.full((200_000,), g)
    sigma = 0.26348 + 1.9650 * g / 25 - 1.1731 * (g / 25) ** 2
    programmed = model.apply_programming_noise_to_conductance(target)
    assert_mean(programmed, g, z=5)
    assert_variance(programmed, sigma**2, z=5)
    nu = model.generate_drift_coefficients(target)
    # The absolute value shifts the mean by less than the limit: the draws are over 2.6 sigma away.
    assert float(nu.mean()) == pytest.approx(nu_mean, rel=2e-3)
    assert float(nu.std()) == pytest.approx(nu_std, rel=1e-2)
    noise = model.apply_drift_noise_to_conductance(target, torch.zeros_like(target), 1000.0)
    growth = math.log((1020 + 250e-9) / 500e-9)
    width = g * 0.0088 / (g / 25) ** 0.65
    assert_mean(noise, g, z=5)
    assert_variance(noise, width**2 * growth, z=5)


@pytest.mark.parametrize("exponent", [0.03, 0.07])
def test_drift_exponent_is_recovered_by_a_fit(exponent):
    torch.manual_seed(2)
    model = StateIndependentNoiseModel(
        drift_nu_mean=exponent, drift_nu_std=0.0, prog_noise_scale=0.0, read_noise_scale=0.5
    )
    weights = torch.ones(200, 200)
    times = torch.logspace(1, 7, 13, dtype=torch.float64)
    programmed, parameters = model.apply_programming_noise(weights)
    means = [float(model.apply_drift_noise(programmed, parameters, float(t)).mean()) for t in times]
    x = torch.log((times + 20) / 20)
    y = torch.log(torch.tensor(means, dtype=torch.float64))
    design = torch.stack([x, torch.ones_like(x)], dim=1)
    slope = float(torch.linalg.lstsq(design, y.unsqueeze(1)).solution[0])
    residual = y - design @ torch.linalg.lstsq(design, y.unsqueeze(1)).solution.squeeze(1)
    error = float(residual.std() / (x.std() * math.sqrt(len(x))))
    assert abs(-slope - exponent) < 5 * error
    assert error < 1e-4


@pytest.mark.parametrize("model", MODELS, ids=lambda m: f"{type(m).__name__}")
def test_whole_matrices(model):
    time = 86400 if isinstance(model, ReRamWan2022NoiseModel) else 100
    weights = torch.randn(10, 35, generator=torch.Generator().manual_seed(0))
    before = weights.clone()
    torch.manual_seed(5)
    first = model.apply_noise(weights, time)
    torch.manual_seed(5)
    assert torch.equal(first, model.apply_noise(weights, time))
    assert not torch.allclose(first, weights, atol=1e-4)
    assert torch.equal(weights, before)
    programmed = model.apply_noise(weights, 0)
    assert not torch.equal(programmed, weights)
    assert float((programmed - weights).abs().mean()) < 0.3
    for dtype in (torch.float64, torch.bfloat16):
        assert model.apply_noise(weights.to(dtype), time).dtype == dtype


def test_explicit_generator_leaves_the_global_one_alone():
    model, weights = PCMLikeNoiseModel(), torch.randn(4, 4)
    results = []
    state = torch.get_rng_state()
    for seed in (3, 3, 4):
        with noise_generator(torch.Generator().manual_seed(seed)):
            results.append(model.apply_noise(weights, 10.0))
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("model", MODELS[:5], ids=lambda m: type(m).__name__)
def test_bad_input_is_refused(model):
    weights = torch.ones(2, 2)
    with pytest.raises(ValueError, match="t_inference"):
        model.apply_noise(weights, -1.0)
    _, parameters = model.apply_programming_noise(weights)
    with pytest.raises(ValueError, match="t_inference"):
        model.apply_drift_noise(weights, parameters, -1.0)
    with pytest.raises(ValueError, match="programmed before they drift"):
        model.apply_drift_noise(weights, None, 1.0)
    with pytest.raises(ValueError, match="one entry for each of the 2 slices"):
        model.apply_drift_noise(weights, parameters[:1], 1.0)


def test_impossible_models_are_refused():
    with pytest.raises(TypeError, match="g_converter"):
        PCMLikeNoiseModel(g_converter="pair")
    with pytest.raises(AssertionError, match="num_devices"):
        HermesNoiseModel(num_devices=3)
    with pytest.raises(AssertionError, match=r"at most 10\.35"):
        HermesNoiseModel(num_devices=1, g_max=20.0)
    for table, message in (
        ([], "dict"),
        ({**TABLE, "more": []}, "dict"),
        ({"g_lst": [0, 25]}, "dict"),
        ({**TABLE, "g_lst": [0]}, "2 or more"),
        ({**TABLE, "g_lst": [0, 25]}, "equally long"),
        ({**TABLE, "g_lst": [10, 0, 25]}, "ascend"),
        ({**TABLE, "nu_std_lst": [0.1, -0.1, 0.1]}, "negative"),
    ):
        with pytest.raises(AssertionError, match=message):
            CustomDriftPCMLikeNoiseModel(table)
    with pytest.raises(ValueError, match="must cover"):
        CustomDriftPCMLikeNoiseModel({**TABLE, "g_lst": [0, 10, 20]})
    with pytest.raises(ValueError, match="t_read"):
        PCMLikeNoiseModel(t_read=0.0)


def test_comparison_and_text():
    assert PCMLikeNoiseModel() == PCMLikeNoiseModel()
    assert PCMLikeNoiseModel() != PCMLikeNoiseModel(t_0=1.0)
    assert PCMLikeNoiseModel() != StateIndependentNoiseModel()
    text = str(PCMLikeNoiseModel(g_max=10))
    assert text.startswith("PCMLikeNoiseModel(")
    assert "g_max=10" in text
    assert PCMLikeNoiseModel().__str__(keys=["t_0"]) == "PCMLikeNoiseModel(t_0=20.0)"


def test_converter_is_copied_and_gives_the_range():
    pair = DualPairConductanceConverter([1, 2], g_max=12.0)
    model = PCMLikeNoiseModel(g_converter=pair, g_max=40.0)
    assert model.g_max == 12.0
    assert model.g_converter == pair
    assert model.g_converter is not pair
    assert BaseNoiseModel().g_converter == SinglePairConductanceConverter()
    assert ReRamCMONoiseModel().g_converter == SingleDeviceConductanceConverter()


def test_own_model():
    class Shrinks(BaseNoiseModel):
        def apply_programming_noise_to_conductance(self, g_target):
            return g_target

        def apply_drift_noise_to_conductance(self, g_prog, drift_noise_param, t_inference):
            assert drift_noise_param is None
            return g_prog / (1 + t_inference)

    torch.testing.assert_close(
        Shrinks().apply_noise(torch.ones(2, 2), 1.0), torch.full((2, 2), 0.5)
    )
