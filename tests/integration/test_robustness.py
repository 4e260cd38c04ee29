"""Whatever is passed in, it works or raises a documented error and leaves objects as they were."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integration.states import assert_equal
from torch import nn

from aihwkit.nn import AnalogConv2d, AnalogLinear
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    InferenceRPUConfig,
    SingleRPUConfig,
    SoftBoundsDevice,
)
from bioplnn.models import SpatiallyEmbeddedRNN
from bioplnn.models.sparse import SparseLinear, SparseRNN
from inferno import learn, neural
from pynsm import MultiSimilarityMatching, SimilarityMatching
from synaptensor.random import RandomStream

# What the packages document; anything else is a slip that reached the user.
DOCUMENTED = (ValueError, TypeError, RuntimeError, FileNotFoundError)

JUNK = (
    None, True, -1, 0, 3, 1.5, -0.5, math.nan, math.inf, "x", "", b"x", (), [], [1, 2], (3, 3), {},
    {"a": 1}, object(), int, np.zeros(2), torch.tensor([]), torch.tensor([1.0, 2.0]), 1j,
)  # fmt: skip


def lif(**changes):
    arguments = {
        "shape": 4, "step_time": 1.0, "rest_v": -60.0, "reset_v": -60.0, "thresh_v": -50.0,
        "refrac_t": 2.0, "time_constant": 10.0, "resistance": 1.0, "batch_size": 2,
    }  # fmt: skip
    return neural.LIF(**{**arguments, **changes})


def dense(**changes):
    arguments = {
        "in_shape": 3, "out_shape": 4, "step_time": 1.0,
        "synapse": neural.DeltaCurrent.partialconstructor(1.0), "bias": False, "delay": 2.0,
        "batch_size": 2, "weight_init": None,
    }  # fmt: skip
    return neural.LinearDense(**{**arguments, **changes})


def circuit(**changes):
    arguments = {
        "encoder": nn.Linear(3, 4), "out_channels": 4, "tau": 0.1, "tol": 0.0,
        "max_iterations": 5, "regularization": "weight", "relaxation": "auto",
        "convergence": "batch", "iteration_projection": None, "iteration_lr": 0.1,
    }  # fmt: skip
    return SimilarityMatching(**{**arguments, **changes})


def area(**changes):
    arguments = {
        "in_size": (6, 6), "in_channels": 1, "out_channels": 4, "num_neuron_types": 2,
        "num_neuron_subtypes": [3, 2], "neuron_type_class": ["excitatory", "inhibitory"],
        "inter_neuron_type_connectivity": [[1, 1, 0], [1, 1, 1], [1, 1, 0]], "tau_mode": "subtype",
    }  # fmt: skip
    return SpatiallyEmbeddedRNN(area_kwargs=[{**arguments, **changes}])


def analog(**changes):
    arguments = {
        "in_features": 3, "out_features": 4, "bias": True,
        "rpu_config": SingleRPUConfig(device=ConstantStepDevice()),
    }  # fmt: skip
    return AnalogLinear(**{**arguments, **changes})


def analog_conv(**changes):
    arguments = {
        "in_channels": 1, "out_channels": 2, "kernel_size": 3, "stride": 1, "padding": 0,
        "dilation": 1, "bias": True, "rpu_config": InferenceRPUConfig(),
    }  # fmt: skip
    return AnalogConv2d(**{**arguments, **changes})


def device(**changes):
    arguments = {"dw_min": 0.01, "w_max": 0.6, "w_min": -0.6, "up_down": 0.0, "lifetime": 0.0}
    return AnalogLinear(
        2, 2, rpu_config=SingleRPUConfig(device=SoftBoundsDevice(**{**arguments, **changes}))
    )


def stdp(**changes):
    arguments = {
        "lr_post": 0.1, "lr_pre": -0.1, "tc_post": 20.0, "tc_pre": 20.0, "step_time": 1.0,
        "trace_mode": "cumulative", "delayed": False,
    }  # fmt: skip
    return learn.STDP(**{**arguments, **changes})


def sparse(**changes):
    arguments = {"input_size": 4, "hidden_size": 5, "connectivity_hh": torch.eye(5).to_sparse()}
    return SparseRNN(**{**arguments, **changes})


FACTORIES = {
    "LIF": (lif, ("shape", "step_time", "thresh_v", "refrac_t", "time_constant", "batch_size")),
    "LinearDense": (dense, ("in_shape", "out_shape", "step_time", "delay", "batch_size",
                            "synapse", "weight_init")),
    "STDP": (stdp, ("lr_post", "tc_post", "tc_pre", "step_time", "trace_mode")),
    "SimilarityMatching": (circuit, ("encoder", "out_channels", "tau", "tol", "max_iterations",
                                     "regularization", "relaxation", "convergence",
                                     "iteration_projection")),
    "SpatiallyEmbeddedRNN": (area, ("in_size", "in_channels", "out_channels", "num_neuron_types",
                                    "num_neuron_subtypes", "neuron_type_class",
                                    "inter_neuron_type_connectivity", "tau_mode")),
    "AnalogLinear": (analog, ("in_features", "out_features", "rpu_config")),
    "AnalogConv2d": (analog_conv, ("in_channels", "out_channels", "kernel_size", "stride",
                                   "padding", "dilation", "rpu_config")),
    "SoftBoundsDevice": (device, ("dw_min", "w_max", "w_min", "up_down", "lifetime")),
    "SparseRNN": (sparse, ("input_size", "hidden_size", "connectivity_hh")),
    "RandomStream": (lambda **k: RandomStream(**k), ("seed", "generator")),
}  # fmt: skip
CASES = [(name, argument) for name, (_, arguments) in FACTORIES.items() for argument in arguments]


def documented_error(call, *args, **kwargs):
    """The documented error that a call raised, or `None`; any other error fails the test."""
    try:
        call(*args, **kwargs)
    except DOCUMENTED as error:
        return error
    return None


@pytest.mark.parametrize(("name", "argument"), CASES)
@pytest.mark.filterwarnings("ignore")
def test_a_constructor_takes_an_argument_or_refuses_it(name, argument):
    make, _ = FACTORIES[name]
    for value in JUNK:
        error = documented_error(make, **{argument: value})
        assert error is None or str(error), f"{argument}={value!r}: an error without a message"


SHAPES = st.lists(st.integers(0, 5), max_size=5).map(tuple)
DTYPES = st.sampled_from([torch.float32, torch.float64, torch.int64, torch.bool, torch.complex64])
INPUTS = st.one_of(
    st.builds(lambda shape, dtype: torch.ones(shape, dtype=dtype), SHAPES, DTYPES),
    st.sampled_from([None, 3, "x", [1.0], np.ones((2, 3)), torch.full((2, 3), math.nan)]),
)
MODELS = {
    "pynsm": (circuit, torch.ones(2, 3)),
    "pynsm, two encoders": (
        lambda: MultiSimilarityMatching([nn.Linear(3, 4)], 4), torch.ones(2, 3)),
    "bioplnn": (lambda: SparseLinear(3, 4, torch.ones(4, 3).to_sparse()), torch.ones(2, 3)),
    "inferno": (dense, torch.ones(2, 3, dtype=torch.bool)),
    "inferno, neuron": (lif, torch.ones(2, 4)),
    "aihwkit": (lambda: analog().eval(), torch.ones(2, 3)),
    "aihwkit, convolution": (lambda: analog_conv().eval(), torch.ones(2, 1, 4, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=15)
@given(value=INPUTS)
def test_a_forward_pass_works_or_refuses_and_changes_nothing(name, value):
    make, good = MODELS[name]
    with torch.no_grad():
        model = make()
        model(good)
        before = copy.deepcopy(model.state_dict())
        error = documented_error(model, value)
        if error is not None:
            assert str(error)
            assert_equal(model.state_dict(), before, equal_nan=True)
        model(good)
