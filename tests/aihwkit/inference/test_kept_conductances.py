"""Devices that keep their conductances, and stuck ones."""

import io

import pytest
import torch

from aihwkit.inference import (
    DualPairConductanceConverter,
    GlobalDriftCompensation,
    KeptConductances,
    PCMLikeNoiseModel,
    ReRamCMONoiseModel,
    SinglePairConductanceConverter,
)
from aihwkit.inference.converter.fusion import FusionConductanceConverter
from aihwkit.nn import AnalogLinear
from aihwkit.simulator.configs import IOParameters, TorchInferenceRPUConfig

QUIET = {"prog_noise_scale": 0.0, "read_noise_scale": 0.0}


def test_without_noise_nothing_differs_from_the_model_itself():
    weights = torch.randn(40, 30, generator=torch.Generator().manual_seed(0))
    results = []
    for wrap in (lambda model: model, KeptConductances):
        model = wrap(PCMLikeNoiseModel(**QUIET))
        torch.manual_seed(1)
        programmed, parameters = model.apply_programming_noise(weights)
        results.append((programmed, model.apply_drift_noise(programmed, parameters, 1e5)))
    torch.testing.assert_close(results[0], results[1])


def test_a_device_that_should_be_off_keeps_its_error():
    """Both devices of a pair drift, each by its own conductance."""
    model = KeptConductances(PCMLikeNoiseModel(read_noise_scale=0.0, drift_scale=0.0))
    weights = torch.full((50, 50), 0.1)
    weights[0, 0] = 1.0
    torch.manual_seed(2)
    programmed, kept = model.apply_programming_noise(weights)
    assert float(kept[1]["g"].mean()) > 0.05
    # Without drift and read noise what was programmed is read, whatever the largest weight is.
    assert torch.equal(model.apply_drift_noise(programmed, kept, 1e6), programmed)


@pytest.mark.parametrize(
    "converter",
    [SinglePairConductanceConverter(20.0, 1.0), DualPairConductanceConverter([1.0, 2.0], 20.0)],
    ids=lambda c: type(c).__name__,
)
def test_stuck_devices_stay_where_they_are(converter):
    inner = PCMLikeNoiseModel(g_converter=converter)
    model = KeptConductances(inner, stuck_low=0.1, stuck_high=0.05)
    torch.manual_seed(3)
    _, kept = model.apply_programming_noise(torch.randn(200, 200))
    for entry in kept:
        stuck = entry["stuck"]
        # Binomial of 40,000 devices: five standard deviations are 0.0075 and 0.0055.
        assert float((stuck == converter.g_min).float().mean()) == pytest.approx(0.1, abs=0.0075)
        assert float((stuck == converter.g_max).float().mean()) == pytest.approx(0.05, abs=0.0055)
        held = ~stuck.isnan()
        assert torch.equal(entry["g"][held], stuck[held])


def layer(model):
    config = TorchInferenceRPUConfig(
        forward=IOParameters(is_perfect=True),
        noise_model=model,
        drift_compensation=GlobalDriftCompensation(),
    )
    return AnalogLinear(30, 20, bias=False, rpu_config=config).eval()


def test_programmed_tiles_are_saved_and_drift_on():
    torch.manual_seed(4)
    model = KeptConductances(PCMLikeNoiseModel(), stuck_low=0.05)
    first = layer(model)
    first.drift_analog_weights(1e6)
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second = layer(model)
    second.load_state_dict(torch.load(file, weights_only=True))
    for one in (first, second):
        torch.manual_seed(5)
        one.drift_analog_weights(100.0)
    assert torch.equal(first.get_weights()[0], second.get_weights()[0])


def test_one_device_for_each_weight():
    model = KeptConductances(ReRamCMONoiseModel(), stuck_high=0.1)
    weights = torch.randn(20, 20)
    assert torch.isfinite(model.apply_noise(weights, 3600.0)).all()
    assert torch.isfinite(model.apply_noise(weights, 0.0)).all()


def test_impossible_arguments_are_refused():
    inner = PCMLikeNoiseModel()
    with pytest.raises(TypeError, match="noise_model"):
        KeptConductances("pcm")
    with pytest.raises(TypeError, match="must define apply_programming_noise_to_conductance"):
        KeptConductances(KeptConductances(inner))
    with pytest.raises(ValueError, match="stuck_low"):
        KeptConductances(inner, stuck_low=1.5)
    with pytest.raises(ValueError, match="add up"):
        KeptConductances(inner, stuck_low=0.6, stuck_high=0.6)
    model, weights = KeptConductances(inner), torch.ones(2, 2)
    for parameters in (None, [], inner.apply_programming_noise(weights)[1]):
        with pytest.raises(ValueError, match="programmed before they drift"):
            model.apply_drift_noise(weights, parameters, 1.0)
    with pytest.raises(ValueError, match="t_inference"):
        model.apply_noise(weights, -1.0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_of_few_digits_are_programmed_as_those_of_many(dtype):
    weights = torch.linspace(-1, 1, 60).view(6, 10).to(dtype)
    model = KeptConductances(PCMLikeNoiseModel())
    results = []
    for given in (weights, weights.float()):
        torch.manual_seed(7)
        programmed, kept = model.apply_programming_noise(given)
        assert kept[0]["g"].dtype == torch.float32
        results.append((programmed, model.apply_drift_noise(programmed, kept, 1e5)))
    for few, many in zip(*results, strict=True):
        assert few.dtype == dtype
        assert torch.equal(few, many.to(dtype))


def test_devices_are_stuck_only_at_ends_of_a_known_range():
    inner = PCMLikeNoiseModel(g_converter=FusionConductanceConverter())
    KeptConductances(inner)
    with pytest.raises(TypeError, match="FusionConductanceConverter"):
        KeptConductances(inner, stuck_high=0.1)


def test_readouts_follow_the_default_type():
    single = GlobalDriftCompensation().get_readout_tensor(5)
    torch.set_default_dtype(torch.float64)
    try:
        double = GlobalDriftCompensation().get_readout_tensor(5)
    finally:
        torch.set_default_dtype(torch.float32)
    assert (single.dtype, double.dtype) == (torch.float32, torch.float64)
    assert GlobalDriftCompensation().get_readout_tensor(5) is single
