"""Collecting, bounding and applying updates."""

import copy
import pickle

import pytest
import torch

from inferno import functional, neural
from inferno.neural.modeling import OuterSum
from synaptensor.kernels import use_kernel


def test_parts_are_summed_and_subtracted() -> None:
    acc = neural.Accumulator()
    assert acc.update(None) is None
    acc.pos, acc.pos, acc.neg = torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([0.5])
    assert acc.pos.item() == 3.0
    assert acc.update(None).item() == 2.5
    assert acc(torch.tensor([1.0])).item() == 3.5
    del acc.pos
    assert acc.update(None).item() == -0.5


def test_bounds_scale_the_parts() -> None:
    acc = neural.Accumulator()
    param = torch.tensor([0.25])
    acc.pos, acc.neg = torch.tensor([2.0]), torch.tensor([3.0])
    acc.upperbound(functional.bound_upper_multiplicative, 1.0)
    assert acc.update(param).item() == -1.5
    acc.lowerbound(functional.bound_lower_multiplicative, 0.0)
    assert acc.update(param).item() == 0.75
    acc.fullbound(functional.bound_multiplicative, 1.0, 0.0)
    assert acc.update(param).item() == 0.75
    acc.upperbound(functional.bound_upper_multiplicative, 1.0)
    assert acc.update(param).item() == -1.5
    acc.upperbound(None)
    assert acc.update(param).item() == -1.0


def test_another_reduction_applies_at_once() -> None:
    acc = neural.Accumulator()
    acc.pos, acc.pos = torch.tensor([1.0]), torch.tensor([2.0])
    assert acc.pos.item() == 3.0
    acc.reduction(torch.mean)
    assert acc.pos.item() == 1.5


def test_contributions_do_not_carry_gradients() -> None:
    acc = neural.Accumulator()
    acc.pos = torch.ones(2, requires_grad=True) * 2
    assert not acc.pos.requires_grad
    assert not acc.state_dict()["_extra_state"]


@pytest.mark.parametrize("bound", [None, 1.0])
@pytest.mark.parametrize("kernel", ["torch", "numba"])
@pytest.mark.parametrize("density", [0.05, 0.9])
def test_factored_updates_equal_dense_ones(bound, kernel: str, density: float) -> None:
    torch.manual_seed(0)
    factors = [torch.rand(6, size) * (torch.rand(6, size) < density) for size in (5, 40, 5, 40)]
    pos = OuterSum(factors[0], factors[1], 0.5, (5, 40))
    neg = OuterSum(factors[2], factors[3], 2.0, (5, 40))
    param = torch.rand(5, 40)
    results = []
    for terms in ((pos, neg), (pos.dense(), neg.dense())):
        acc = neural.Accumulator()
        if bound is not None:
            acc.upperbound(functional.bound_upper_multiplicative, bound)
        acc.pos, acc.neg = terms
        with use_kernel(kernel, "inferno"):
            results.append(acc(param))
    torch.testing.assert_close(*results, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close((pos + neg).dense(), pos.dense() + neg.dense())
    acc = neural.Accumulator()
    acc.neg = neg
    with use_kernel(kernel, "inferno"):
        torch.testing.assert_close(acc(param), param - neg.dense(), atol=1e-6, rtol=1e-5)


def build() -> neural.LinearDense:
    connection = neural.LinearDense(3, 2, 1.0, synapse=neural.DeltaCurrent.partialconstructor(1.0))
    connection.updater = connection.defaultupdater()
    return connection


def test_updater_has_a_property_for_every_parameter() -> None:
    connection = build()
    updater = connection.updater
    assert isinstance(updater, neural.Updater)
    assert type(updater).__name__ == "LinearDenseUpdater"
    assert updater.parent is connection
    before = connection.weight.clone()
    updater.weight = (torch.ones(2, 3), None)
    updater.weight = torch.ones(2, 3)
    connection.update()
    torch.testing.assert_close(connection.weight, before + 2)
    connection.update()
    torch.testing.assert_close(connection.weight, before + 2)
    updater.weight = (None, torch.ones(2, 3))
    del updater.weight
    assert updater.weight.neg is None
    with pytest.raises(RuntimeError, match="weigth"):
        neural.Updater(connection, "weigth")


def test_reduction_of_an_updater_applies_to_all_accumulators() -> None:
    updater = neural.Updater(build(), "weight", reduction=torch.amax)
    updater.weight = torch.zeros(2, 3)
    updater.weight = torch.ones(2, 3)
    assert (updater.weight.pos == 1).all()


@pytest.mark.parametrize("take", [lambda w: w.data, lambda w: w.detach().numpy()])
def test_values_taken_before_an_update_stay_while_the_parameter_changes(take) -> None:
    connection = build()
    parameter, first = connection.weight, connection.weight.clone()
    clamp = neural.Clamping(connection.updater, "parent.weight", min=0.0)
    clamp.register()

    def update() -> None:
        factors = torch.ones(1, 2), torch.ones(1, 3)
        connection.updater.weight = (OuterSum(*factors, 1.0, (2, 3)), None)
        connection.update()

    address = parameter.data_ptr()
    update()
    assert parameter.data_ptr() == address
    taken = take(parameter)
    update()
    assert connection.weight is parameter
    torch.testing.assert_close(torch.as_tensor(taken), first + 1)
    torch.testing.assert_close(parameter.detach(), first + 2)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_update_their_own_parameters(duplicate) -> None:
    connection = build()
    connection.updater.weight = torch.ones(2, 3)
    connection.updater.weight.upperbound(functional.bound_upper_multiplicative, 2.0)
    other = duplicate(connection)
    before = connection.weight.clone()
    assert other.updater.parent is other
    other.update()
    assert torch.equal(connection.weight, before)
    torch.testing.assert_close(other.weight, before + (2 - before))


def test_updating_some_parameters_leaves_the_others_pending() -> None:
    connection = neural.LinearDense(
        3, 2, 1.0, synapse=neural.DeltaCurrent.partialconstructor(1.0), bias=True
    )
    with pytest.raises(TypeError, match="updater"):
        connection.updatesome("weight")
    connection.updater = connection.defaultupdater()
    connection.updater.weight, connection.updater.bias = torch.ones(2, 3), torch.ones(2)
    before = connection.bias.clone()
    connection.updatesome("weight")
    assert connection.updater.weight.pos is None
    assert connection.updater.bias.pos is not None
    assert torch.equal(connection.bias, before)
