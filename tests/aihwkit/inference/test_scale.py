"""Hardware-aware training in several processes, and conversion without a second copy of weights."""

import gc
import inspect
import weakref

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss
from torch.nn.parallel import DistributedDataParallel

from aihwkit.nn import AnalogLinear, AnalogSequential
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.optim import AnalogContext, AnalogSGD
from aihwkit.simulator.configs import (
    InputRangeParameter,
    IOParameters,
    MappingParameter,
    PrePostProcessingParameter,
    TorchInferenceRPUConfig,
)
from synaptensor.testing import run_distributed

STEPS = 3


def network():
    torch.manual_seed(0)
    parameters = InputRangeParameter(enable=True, init_value=0.7, init_from_data=0, decay=0.0)
    config = TorchInferenceRPUConfig(
        forward=IOParameters(is_perfect=True),
        mapping=MappingParameter(max_input_size=4, weight_scaling_omega=1.0),
        pre_post=PrePostProcessingParameter(input_range=parameters),
    )
    return AnalogSequential(
        AnalogLinear(6, 8, rpu_config=config), nn.Tanh(), AnalogLinear(8, 2, rpu_config=config)
    )


def train(model, forward, part):
    generator = torch.Generator().manual_seed(1)
    x, y = torch.randn(8, 6, generator=generator), torch.randn(8, 2, generator=generator)
    optimizer = AnalogSGD(model.parameters(), lr=0.1)
    optimizer.regroup_param_groups(model)
    for _ in range(STEPS):
        optimizer.zero_grad()
        mse_loss(forward(x[part]), y[part]).backward()
        optimizer.step()


def weights(model):
    """Return everything that was trained, whole if it is shared out."""
    values = {
        name: value
        for name, value in model.named_parameters()
        if not isinstance(value, AnalogContext)
    }
    return {
        name: (v.full_tensor() if hasattr(v, "full_tensor") else v).detach().clone()
        for name, v in values.items()
    }


def sharded(rank):
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    model, mesh = network(), init_device_mesh("cpu", (2,))
    # What is no weight stays whole: the contexts of tiles, and counters without gradient.
    whole = {p for p in model.parameters() if isinstance(p, AnalogContext) or not p.requires_grad}
    for part in (model[0], model[2], model):
        fully_shard(part, mesh=mesh, ignored_params=whole)
    train(model, model, slice(4 * rank, 4 * rank + 4))
    return weights(model)


def replicated(rank):
    model = network()
    model.prepare_for_ddp()
    train(model, DistributedDataParallel(model), slice(4 * rank, 4 * rank + 4))
    return weights(model)


def has_ignored_params():
    try:
        from torch.distributed.fsdp import fully_shard
    except ImportError:
        return False
    return "ignored_params" in inspect.signature(fully_shard).parameters


@pytest.mark.parametrize(
    "train_in_process",
    [
        replicated,
        pytest.param(
            sharded,
            marks=pytest.mark.skipif(not has_ignored_params(), reason="needs ignored_params"),
        ),
    ],
)
def test_two_processes_learn_what_one_learns_from_the_whole_batch(train_in_process):
    model = network()
    before = weights(model)
    train(model, model, slice(None))
    expected = weights(model)
    learned = {name for name in before if not torch.equal(before[name], expected[name])}
    assert {name for name in before if name.endswith("weight")} < learned
    assert any(name.endswith("input_range") for name in learned)
    for result in run_distributed(train_in_process):
        assert result.keys() == expected.keys()
        for name, value in expected.items():
            torch.testing.assert_close(result[name], value, rtol=1e-5, atol=1e-6)


def test_digital_layers_give_their_memory_back_when_they_are_converted():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    layers = [weakref.ref(layer) for layer in model]
    assert convert_to_analog(model, TorchInferenceRPUConfig(), inplace=True)
    gc.collect()
    assert [layer() for layer in layers] == [None, None]
