"""Weight programming optimisation: tables, errors, search."""

import copy

import numpy as np
import pytest
import torch

from aihwkit.exceptions import ArgumentError
from aihwkit.inference import (
    CustomPairConductanceConverter,
    DualPairConductanceConverter,
    PCMLikeNoiseModel,
    SingleDeviceConductanceConverter,
    SinglePairConductanceConverter,
)
from aihwkit.inference.converter.wpo import (
    ProgrammingProblem,
    WeightProgrammingOptimizer,
    denormalize,
    downsample_weight_distribution,
    loss_rpu_config,
    shuffle_weights,
)
from aihwkit.nn import AnalogLinear
from aihwkit.simulator.configs import InferenceRPUConfig, IOParameters, MappingParameter

pytest.importorskip("scipy")


def config(**options):
    return InferenceRPUConfig(forward=IOParameters(is_perfect=True), **options)


def optimizer(rpu_config=None, f_lst=(1.0,), baseline=None, **options):
    torch.manual_seed(0)
    defaults = {
        "test_in_features": 32,
        "test_out_features": 8,
        "popsize": 4,
        "maxiter": 2,
        "polish": False,
        "disp": False,
        "baseline_iterations": 4,
        "callback": None,
    }
    return WeightProgrammingOptimizer(
        torch.randn(2000) * 0.3,
        list(f_lst),
        rpu_config or config(),
        [1.0, 3600.0, 1e6],
        baseline or SinglePairConductanceConverter(),
        **(defaults | options),
    )


@pytest.mark.parametrize(
    ("x", "plus", "minus"),
    [
        ([1, 0, 0], [0, 0, 25], [25, 0, 0]),
        ([1, 1, 1], [0, 25, 25], [25, 25, 0]),
        ([0, 0, 0], [0, 0, 1.25], [1.25, 0, 0]),
    ],
)
def test_recorded_tables(x, plus, minus):
    problem = ProgrammingProblem([1.0], np.linspace(-1, 1, 3), 0.0, 25.0)
    assert problem.dimensions == 3
    factors, table = denormalize(x, problem)
    assert factors == [1.0]
    np.testing.assert_allclose(table, [plus, minus], atol=1e-12)


@pytest.mark.parametrize(
    ("f_lst", "options", "dimensions"),
    [
        ([1.0], {}, 7),
        ([1.0], {"use_max_kw": True}, 6),
        ([1.0], {"symmetric": False}, 12),
        ([1.0, None], {}, 6 * 3 + 1 + 1),
    ],
)
def test_dimensions(f_lst, options, dimensions):
    nodes = np.linspace(-1, 1, 11)
    assert ProgrammingProblem(f_lst, nodes, 0.0, 25.0, **options).dimensions == dimensions


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("f_lst", [[1.0], [1.0, None], [1.0, 2.0, None]])
def test_all_points_are_invertible_converters(f_lst, symmetric):
    problem = ProgrammingProblem(f_lst, np.linspace(-1, 1, 11), 1.0, 25.0, symmetric=symmetric)
    generator = np.random.default_rng(0)
    for _ in range(20):
        factors, table = denormalize(generator.random(problem.dimensions), problem)
        converter = CustomPairConductanceConverter(factors, table, 25.0, 1.0)
        assert np.min(table) >= 1.0
        assert np.max(table) <= 25.0
        weights = torch.linspace(-2, 2, 41).view(1, -1)
        back = converter.convert_back_to_weights(*converter.convert_to_conductances(weights))
        torch.testing.assert_close(back, weights, rtol=0, atol=1e-4)


def test_many_tables_at_once_have_the_errors_of_single_converters():
    search = optimizer(config(mapping=MappingParameter(max_input_size=16)), [1.0, 2.0])
    torch.manual_seed(1)
    generator = np.random.default_rng(1)
    for _ in range(3):
        factors, table = denormalize(generator.random(search.problem.dimensions), search.problem)
        converter = CustomPairConductanceConverter(factors, table)
        single = [search.errors.of_converter(converter) for _ in range(40)]
        many = search.errors.of_tables([factors] * 40, [table] * 40)
        error = np.hypot(np.std(single), np.std(many)) / np.sqrt(40)
        assert abs(np.mean(single) - np.mean(many)) < 5 * error


def test_error_is_that_of_a_layer():
    torch.manual_seed(0)
    rpu_config = config(noise_model=PCMLikeNoiseModel(prog_noise_scale=0.0, read_noise_scale=0.0))
    weights = torch.randn(4, 16)
    values, expected = [], []
    for _ in range(20):
        values.append(loss_rpu_config(weights, rpu_config, [1e5]))
        layer = AnalogLinear(16, 4, bias=False, rpu_config=rpu_config)
        layer.set_weights(weights, apply_weight_scaling=False)
        layer.eval().drift_analog_weights(1e5)
        actual = layer.get_weights()[0] * layer.analog_module.alpha
        error = (10 * (actual - weights) / weights.abs().max()).square().mean()
        expected.append(float(error))
    spread = np.hypot(np.std(values), np.std(expected)) / np.sqrt(20)
    assert abs(np.mean(values) - np.mean(expected)) < 5 * spread


def test_search_improves_a_bad_baseline():
    # The baseline wastes most of its range on a pair of little significance.
    bad = DualPairConductanceConverter([0.1, 5.0])
    search = optimizer(baseline=bad, f_lst=[1.0, None], popsize=10, maxiter=6, loss_margin=0.2)
    before = copy.deepcopy(search.rpu_config.noise_model)
    converter, success = search.run_optimizer()
    assert search.best_loss < search.loss_baseline
    assert success is (search.best_loss < 0.8 * search.loss_baseline)
    assert search.rpu_config.noise_model.g_converter == converter
    assert before.g_converter == SinglePairConductanceConverter()
    again = optimizer(baseline=bad, f_lst=[1.0, None], popsize=10, maxiter=6, loss_margin=0.2)
    assert again.run_optimizer()[0] == converter
    model = PCMLikeNoiseModel(g_converter=converter)
    assert model.apply_noise(torch.randn(3, 3), 10.0).shape == (3, 3)


def test_baselines_differ():
    good = optimizer(baseline=SinglePairConductanceConverter()).loss_baseline
    bad = optimizer(baseline=DualPairConductanceConverter([0.1, 5.0])).loss_baseline
    assert abs(good - bad) > 0.02 * good


def test_search_stops_when_the_baseline_is_beaten(capsys):
    from aihwkit.inference.converter.wpo import stop_criterion

    search = optimizer(loss_margin=-10.0, callback=stop_criterion, maxiter=50)
    assert search.run_optimizer()[1] is True
    assert "stopped" in capsys.readouterr().out


def test_samples_keep_the_distribution():
    torch.manual_seed(0)
    weights = torch.randn(5000)
    sample = downsample_weight_distribution(weights, (10, 20))
    assert sample.shape == (10, 20)
    assert sample.min() == weights.min()
    assert sample.max() == weights.max()
    assert float((sample.sort().values.median() - weights.median()).abs()) < 0.5
    shuffled = shuffle_weights(sample)
    assert not torch.equal(shuffled, sample)
    assert torch.equal(shuffled.flatten().sort().values, sample.flatten().sort().values)


def test_bad_arguments_are_refused():
    with pytest.raises(TypeError, match="g_converter_baseline"):
        optimizer(baseline=SingleDeviceConductanceConverter())
    with pytest.raises(ArgumentError, match="'popsizes' is no option"):
        optimizer(popsizes=3)
