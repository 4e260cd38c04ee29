"""Estimators of ranges."""

import pytest
import torch

from aihwkit.simulator.digital_low_precision.quantizers import (
    AsymmetricUniformQuantizer,
    SymmetricUniformQuantizer,
)
from aihwkit.simulator.digital_low_precision.range_estimators import (
    AllMinMaxEstimator,
    CrossEntropyEstimator,
    CurrentMinMaxEstimator,
    MSE_Estimator,
    NoDataPassedError,
    OptMethod,
    RangeEstimators,
    RunningMinMaxEstimator,
)
from aihwkit.simulator.digital_low_precision.range_search import golden_section


def ends(estimator, x):
    return [end.tolist() for end in estimator(x)]


def test_current_extremes():
    x = torch.tensor([[1.0, -2.0, 3.0], [0.0, 5.0, 4.0]])
    assert ends(CurrentMinMaxEstimator(), x) == [-2.0, 5.0]
    assert ends(CurrentMinMaxEstimator(per_channel=True), x) == [[-2.0, 0.0], [3.0, 5.0]]
    assert ends(CurrentMinMaxEstimator(axis=1), x) == [[0.0, -2.0, 3.0], [1.0, 5.0, 4.0]]
    assert ends(CurrentMinMaxEstimator(axis=0, n_groups=1), x) == [[-2.0, -2.0], [5.0, 5.0]]


def test_percentiles_at_both_ends():
    assert ends(CurrentMinMaxEstimator(10), torch.arange(11.0)) == [1.0, 9.0]
    rows = torch.arange(22.0).view(2, 11)
    assert ends(CurrentMinMaxEstimator(10, per_channel=True), rows) == [[1.0, 12.0], [9.0, 20.0]]
    x = torch.randn(1000)
    low, high = CurrentMinMaxEstimator(2.5)(x)
    torch.testing.assert_close(low, x.quantile(0.025))
    torch.testing.assert_close(high, x.quantile(0.975))


def test_extremes_of_all_data():
    estimator = AllMinMaxEstimator()
    estimator(torch.tensor([-1.0, 2.0]))
    assert ends(estimator, torch.tensor([-3.0, 1.0])) == [-3.0, 2.0]
    estimator.reset()
    assert ends(estimator, torch.tensor([0.5, 1.0])) == [0.5, 1.0]


def test_running_extremes():
    estimator = RunningMinMaxEstimator(momentum=0.75)
    assert ends(estimator, torch.tensor([-1.0, 2.0])) == [-1.0, 2.0]
    assert ends(estimator, torch.tensor([-3.0, 1.0])) == [-1.5, 1.75]
    grouped = RunningMinMaxEstimator(momentum=0.5, axis=0, n_groups=1)
    grouped(torch.tensor([[0.0], [4.0]]))
    assert ends(grouped, torch.tensor([[2.0], [4.0]])) == [[1.0, 1.0], [4.0, 4.0]]


def test_a_used_estimator_goes_through_a_state_dict():
    used, fresh = AllMinMaxEstimator(), AllMinMaxEstimator()
    assert list(fresh.state_dict()) == []
    used(torch.tensor([-2.0, 1.0]))
    fresh.load_state_dict(used.state_dict())
    assert ends(fresh, torch.tensor([0.0, 3.0])) == [-2.0, 3.0]


@pytest.mark.parametrize("method", OptMethod)
@pytest.mark.parametrize("cls", [SymmetricUniformQuantizer, AsymmetricUniformQuantizer])
@pytest.mark.parametrize("shift", [0.0, 1.0, 8.0])
def test_the_best_range_beats_the_extremes(method, cls, shift):
    torch.manual_seed(3)
    x = torch.randn(2000) + shift
    x[0] = 3 * float(x.abs().max())
    quantizer = cls(4)
    low, high = MSE_Estimator(50, method, quantizer=quantizer)(x)

    def error(low, high):
        return float((quantizer.quantize_with_range(x, low, high) - x).square().sum())

    assert error(low, high) < 0.9 * error(x.min(), x.max())


def test_grid_and_golden_section_agree_where_the_range_is_searched_in_one_dimension():
    torch.manual_seed(4)
    x = torch.randn(3, 4000)
    quantizer = SymmetricUniformQuantizer(3, per_channel=True)
    results = [
        MSE_Estimator(400, method, quantizer=quantizer, per_channel=True)(x)[1]
        for method in OptMethod
    ]
    torch.testing.assert_close(results[0], results[1], rtol=0.05, atol=0.0)


def test_losses_on_a_grid_add_up():
    quantizer = SymmetricUniformQuantizer(3)
    together, apart = (MSE_Estimator(30, range_margin=0.0, quantizer=quantizer) for _ in range(2))
    x = torch.linspace(-1, 1, 60)
    together(x)
    apart(x[[0, -1]])
    apart(x[1:-1])
    torch.testing.assert_close(apart.current_xmax, together.current_xmax)


def test_cross_entropy_keeps_the_largest_logit():
    torch.manual_seed(5)
    x = 4 * torch.randn(50, 10)
    quantizer = AsymmetricUniformQuantizer(6)
    low, high = CrossEntropyEstimator(30, quantizer=quantizer)(x)
    quantized = quantizer.quantize_with_range(x, low, high)
    assert (quantized.argmax(1) == x.argmax(1)).float().mean() > 0.85
    with pytest.raises(ValueError, match="whole logits"):
        CrossEntropyEstimator(quantizer=quantizer, per_channel=True)


def test_a_search_without_data_or_quantizer_is_refused():
    estimator = MSE_Estimator(quantizer=SymmetricUniformQuantizer(4))
    for name in ("step_size", "optimization_method"):
        with pytest.raises(NoDataPassedError):
            getattr(estimator, name)
    with pytest.raises(NoDataPassedError):
        estimator(torch.empty(0))
    with pytest.raises(NotImplementedError, match="quantizer"):
        MSE_Estimator()(torch.ones(3))


def test_golden_section_finds_the_minimum_of_every_element():
    target = torch.tensor([0.2, 0.9, 0.5])
    zero, one = torch.zeros(3), torch.ones(3)
    found = golden_section(lambda x: (x - target).square(), zero, one)
    torch.testing.assert_close(found, target, atol=1e-3, rtol=0.0)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="axis must be None"):
        CurrentMinMaxEstimator(per_channel=True, axis=1)
    with pytest.raises(ValueError, match="n_groups needs an axis"):
        CurrentMinMaxEstimator(n_groups=2)
    with pytest.raises(ValueError, match="n_groups must divide"):
        CurrentMinMaxEstimator(axis=0, n_groups=2)(torch.ones(3, 4))
    with pytest.raises(ValueError, match="percentile"):
        CurrentMinMaxEstimator(60.0)


def test_estimators_are_listed_by_name():
    assert RangeEstimators.list() == [
        "current_minmax",
        "allminmax",
        "running_minmax",
        "MSE",
        "cross_entropy",
    ]
    assert [member.value.value for member in RangeEstimators] == [0, 1, 2, 3, 4]
