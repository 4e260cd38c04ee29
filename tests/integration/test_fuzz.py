"""Whatever a constructor or a forward pass is given, it works or says what is wrong."""

import copy
from random import Random

import pytest
import torch
from tests.integration.fuzz.calls import call_class, call_module, contracts
from tests.integration.fuzz.targets import targets_of

CONTRACTS = dict(contracts())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("package", ["synaptensor", "pynsm", "bioplnn", "inferno", "aihwkit"])
def test_constructors_take_arguments_or_refuse_them_by_name(package):
    classes = [target for target in targets_of(package) if target.is_class]
    assert classes
    slips = [call_class(target, Random(target.name)) for target in classes]
    assert not any(slips), "\n".join(filter(None, slips))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CONTRACTS)
def test_forward_passes_take_inputs_or_refuse_them_and_stay_as_they_were(name):
    contract, slips = CONTRACTS[name], []
    torch.manual_seed(0)
    whole = contract.make()
    inputs = contract.inputs(contract.batch)
    for seed in range(6):
        module = copy.deepcopy(whole)
        slips.append(call_module(module, inputs, Random(f"{seed} {name}")))
    assert not any(slips), "\n".join(filter(None, slips))
