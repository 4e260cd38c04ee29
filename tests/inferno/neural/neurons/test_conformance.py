"""Eight steps of every neuron model against recorded reference values."""

from collections.abc import Iterator

import pytest
import torch

from inferno import neural
from synaptensor.kernels import use_kernel

REST = {"rest_v": -60.0, "refrac_t": 2.0}
RESET = {**REST, "reset_v": -65.0}
THRESHOLDS = {"tc_adaptation": (10.0, 100.0), "spike_increment": (1.0, 0.5)}
CURRENTS = {
    "tc_adaptation": (10.0, 50.0),
    "voltage_coupling": (0.1, 0.2),
    "spike_increment": (1.0, 0.5),
}
LEAKY = [-54.14754, -65, -65, -58.90369, -53.10469, -65, -65, -58.90369]
THETA = [
    (0, 0),
    (1, 0.5),
    (1, 0.5),
    (0.904837, 0.495025),
    (0.818731, 0.490099),
    (1.818731, 0.990099),
    (1.818731, 0.990099),
    (1.645656, 0.980248),
]
MODELS = {
    "LIF": ({**RESET, "thresh_v": -50.0, "time_constant": 20.0}, LEAKY, None),
    "GLIF1": ({**RESET, "thresh_v": -50.0, "time_constant": 20.0}, LEAKY, None),
    "ALIF": ({**RESET, **THRESHOLDS, "thresh_eq_v": -50.0, "tc_membrane": 20.0}, LEAKY, THETA),
    "GLIF2": (
        {
            **REST,
            "reset_v_add": 5.0,
            "reset_v_mul": -0.1,
            "thresh_eq_v": -50.0,
            "tc_membrane": 20.0,
            "rc_adaptation": (0.1, 0.01),
            "spike_increment": (1.0, 0.5),
        },
        [-54.14754, -66.14195, -66.14195, -59.98993, -54.13795, -66.14286, -66.14286, -59.99081],
        THETA,
    ),
    "QIF": (
        {**RESET, "crit_v": -55.0, "affinity": 0.1, "thresh_v": -50.0, "time_constant": 20.0},
        [-54, -65, -65, -58.75, -52.77344, -65, -65, -58.75],
        None,
    ),
    "Izhikevich": (
        {**RESET, **CURRENTS, "crit_v": -55.0, "affinity": 0.1, "thresh_v": -50.0}
        | {"tc_membrane": 20.0},
        [-54, -65, -65, -58.8292, -52.92581, -65, -65, -58.8988],
        [
            (0.06, 0.024),
            (1.06, 0.524),
            (1.06, 0.524),
            (0.965708, 0.518203),
            (0.939879, 0.536136),
            (1.939879, 1.036136),
            (1.939879, 1.036136),
            (1.756903, 1.019818),
        ],
    ),
    "EIF": (
        {**RESET, "rheobase_v": -55.0, "sharpness": 1.5, "thresh_v": -50.0}
        | {"time_constant": 20.0},
        [-53.99733, -65, -65, -58.7499, -52.80625, -65, -65, -58.7499],
        None,
    ),
    "AdEx": (
        {**RESET, **CURRENTS, "rheobase_v": -55.0, "sharpness": 1.5, "thresh_v": -50.0}
        | {"tc_membrane": 20.0},
        [-53.99733, -65, -65, -58.82911, -52.95601, -65, -65, -58.89869],
        [
            (0.060027, 0.024011),
            (1.060027, 0.524011),
            (1.060027, 0.524011),
            (0.965733, 0.518214),
            (0.9396, 0.536026),
            (1.9396, 1.036026),
            (1.9396, 1.036026),
            (1.756653, 1.019711),
        ],
    ),
}
SPIKES = [0, 1, 0, 0, 0, 1, 0, 0]
REFRACS = [0, 2, 1, 0, 0, 2, 1, 0]


@pytest.fixture(params=["torch", "numba"], autouse=True)
def kernel(request: pytest.FixtureRequest) -> Iterator[str]:
    with use_kernel(request.param, "inferno"):
        yield request.param


def adaptations_of(neuron: neural.Neuron) -> torch.Tensor:
    return next(buffer for name, buffer in neuron.named_buffers() if name.endswith("_adaptation_"))


@pytest.mark.parametrize("name", MODELS)
def test_model_reproduces_recorded_steps(name: str) -> None:
    options, voltages, adaptations = MODELS[name]
    neuron = getattr(neural, name)(1, 1.0, **options)
    for step in range(8):
        spikes = neuron(torch.tensor([[120.0]]))
        assert spikes.item() == neuron.spike.item() == SPIKES[step]
        assert neuron.refrac.item() == REFRACS[step]
        assert neuron.voltage.item() == pytest.approx(voltages[step], abs=1e-5)
        if adaptations is not None:
            got = adaptations_of(neuron).flatten().tolist()
            assert got == pytest.approx(adaptations[step], abs=1.5e-6)


def test_adaptation_is_the_mean_over_the_batch() -> None:
    options = MODELS["ALIF"][0] | {"tc_adaptation": 10.0, "spike_increment": 1.0}
    neuron = neural.ALIF(1, 1.0, batch_size=4, **options)
    inputs = torch.tensor([[300.0], [0.0], [120.0], [300.0]])
    spikes, shared = [], []
    for _ in range(4):
        spikes.append(neuron(inputs).int().flatten().tolist())
        shared.append(neuron.threshold_adaptation.item())
    assert spikes == [[1, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 1]]
    assert shared == pytest.approx([0.5, 0.738105, 0.685425, 1.152811], abs=1e-6)


def test_adaptation_stays_in_evaluation_unless_asked_for() -> None:
    neuron = neural.ALIF(1, 1.0, **MODELS["ALIF"][0]).eval()
    neuron(torch.full((1, 1), 500.0))
    assert neuron.threshold_adaptation.abs().sum() == 0
    neuron(torch.full((1, 1), 0.0))
    neuron(torch.full((1, 1), 500.0), adapt=True)
    assert neuron.threshold_adaptation.abs().sum() > 0


def test_voltage_evolves_during_refractoriness_without_lock() -> None:
    neuron = neural.LIF(1, 1.0, **MODELS["LIF"][0] | {"refrac_t": 3.0})
    neuron(torch.full((1, 1), 300.0))
    got = []
    for _ in range(4):
        neuron(torch.full((1, 1), 5.0), refrac_lock=False)
        got.append(neuron.voltage.item())
    assert got == pytest.approx([-64.756149, -64.524193, -64.059693, -63.617844], abs=1e-5)


@pytest.mark.parametrize("period", [2.5, 3.0])
def test_refractory_period_rounds_up_to_steps(period: float) -> None:
    neuron = neural.LIF(1, 1.0, **MODELS["LIF"][0] | {"refrac_t": period})
    spikes = [neuron(torch.full((1, 1), 1e4)).item() for _ in range(8)]
    assert [i for i, s in enumerate(spikes) if s] == [0, 3, 6]
