"""Each test of the battery fails for a module that breaks its promise."""

import pytest
import torch
from torch import nn

from synaptensor.testing import ModuleContract

REFUSALS = (AssertionError, RuntimeError, AttributeError, pytest.fail.Exception)


class Contract(ModuleContract):
    """A linear map whose class the mutants below replace."""

    module = nn.Linear

    def make(self):
        return self.module(5, 2)

    def inputs(self, batch):
        return (torch.randn(batch, 5),)


class Sound(Contract):
    bad_inputs = (((torch.ones(2, 3),), RuntimeError, "cannot be multiplied"),)


class DropsASample(nn.Linear):
    def forward(self, x):
        return super().forward(x)[1:]


class AlwaysSingle(nn.Linear):
    def forward(self, x):
        return super().forward(x).float()


class OverflowsInHalf(nn.Linear):
    def forward(self, x):
        noise = torch.tensor(3.4e38, dtype=torch.float64).to(x.dtype)
        return super().forward(x) + noise * (2.0 if x.dtype == torch.bfloat16 else 0.0)


class UnusedParameter(nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.unused = nn.Parameter(torch.ones(2))


class InfiniteGradient(nn.Linear):
    def forward(self, x):
        return super().forward(x) + (self.weight - self.weight).sum().abs().sqrt()


class FixedBatch(nn.Linear):
    def forward(self, x):
        if not hasattr(self, "shift"):
            self.shift = torch.zeros(len(x), 2)
        return super().forward(x) + self.shift


class Centred(nn.Linear):
    def forward(self, x):
        y = super().forward(x)
        return y - y.mean(0)


class CountsCalls(nn.Linear):
    calls = 0

    def forward(self, x):
        self.calls += 1
        return super().forward(x)


class EvalDoesNotReachChildren(nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.child = nn.Dropout()

    def train(self, mode=True):
        self.training = mode
        return self


class EvalHalvesTheWeights(nn.Linear):
    def eval(self):
        self.weight.data /= 2
        return super().eval()


class OwnRandomness(nn.Linear):
    def forward(self, x):
        generator = torch.Generator()
        generator.seed()
        return super().forward(x) + torch.randn(2, generator=generator)


class UnregisteredTensor(nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.scales = [{"shift": torch.ones(2)}]

    def forward(self, x):
        return super().forward(x) + self.scales[0]["shift"]


class Drifts(nn.Linear):
    """Its state is a plain number, which no state_dict holds."""

    drift = 0.0

    def forward(self, x):
        self.drift += 0.1
        return super().forward(x) + self.drift


class LiveExtraState(nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.extra = {"calls": 0}

    def forward(self, x):
        self.extra["calls"] += 1
        return super().forward(x)

    def get_extra_state(self):
        return self.extra

    def set_extra_state(self, state):
        self.extra.update(state)


class BoundToTheOriginal(nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.compute = lambda x: nn.functional.linear(x, self.weight, self.bias)

    def forward(self, x):
        return self.compute(x)


class SharesItsBuffer(nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.register_buffer("shift", torch.zeros(2))

    def __deepcopy__(self, memo):
        new = type(self)(5, 2)
        new.load_state_dict(self.state_dict())
        new.shift = self.shift
        return new


class LosesItsBuffer(nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.register_buffer("shift", torch.zeros(2), persistent=False)

    def forward(self, x):
        y = super().forward(x) + self.shift
        self.shift = self.shift + 1.0
        return y


class KeepsInferenceTensors(nn.Linear):
    cache = None

    def forward(self, x):
        if self.cache is None:
            self.cache = self.weight.sum()
        return nn.functional.linear(x, self.weight) * self.cache


class OtherwiseWhenCompiled(nn.Linear):
    def forward(self, x):
        return super().forward(x) * (2.0 if torch.compiler.is_compiling() else 1.0)


class OtherGradientWhenCompiled(nn.Linear):
    def forward(self, x):
        y = super().forward(x)
        return y + (y.detach() * 3 - y * 3 if torch.compiler.is_compiling() else 0)


class WrongBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 3


class WrongGradient(nn.Linear):
    def forward(self, x):
        return WrongBackward.apply(super().forward(x))


class RefusesTooLate(nn.Linear):
    def forward(self, x):
        self.seen = x.shape
        return super().forward(x)


def contract(module, **attributes):
    return type(f"{module.__name__}Contract", (Sound,), {"module": module, **attributes})()


DEEP, PICKLE = {"way": "deepcopy"}, {"way": "pickle"}
MUTANTS = [
    ("test_outputs_have_the_documented_shapes", DropsASample, {}, "batch size 3, expected 4"),
    ("test_computes_in_every_floating_type", AlwaysSingle, {"dtype": torch.float64}, "expected"),
    ("test_computes_in_every_floating_type", OverflowsInHalf, {"dtype": torch.bfloat16}, "finite"),
    ("test_computes_in_every_floating_type", UnusedParameter, {"dtype": torch.float32}, "unused"),
    ("test_every_parameter_gets_a_gradient", UnusedParameter, {}, "unused got no gradient"),
    ("test_every_parameter_gets_a_gradient", InfiniteGradient, {}, "not finite"),
    ("test_takes_other_batch_sizes", FixedBatch, {}, "batch size|must match"),
    ("test_samples_do_not_influence_each_other", Centred, {}, "sample 0 alone"),
    ("test_eval_call_changes_nothing", CountsCalls, {}, "calls"),
    ("test_modes_can_be_switched", EvalDoesNotReachChildren, {}, "left a part in training mode"),
    ("test_modes_can_be_switched", EvalHalvesTheWeights, {}, "after eval"),
    ("test_same_seed_same_result", OwnRandomness, {}, "the outputs differ"),
    ("test_all_state_moves_with_the_module", UnregisteredTensor, {}, "scales.0.shift"),
    ("test_state_dict_restores_a_fresh_module", Drifts, {}, "gives other numbers"),
    ("test_state_dict_is_not_alive", LiveExtraState, {}, "_extra_state.calls"),
    ("test_copy_is_equal_and_independent", BoundToTheOriginal, DEEP, "changed|gives other"),
    ("test_copy_is_equal_and_independent", BoundToTheOriginal, PICKLE, "pickle"),
    ("test_copy_is_equal_and_independent", SharesItsBuffer, DEEP, "memory is shared: shift"),
    ("test_training_resumes_bit_for_bit", LosesItsBuffer, {}, "the resumed training differs"),
    ("test_inference_mode_leaves_training_possible", KeepsInferenceTensors, {}, "[Ii]nference"),
    ("test_compiled_module_gives_the_same_numbers", OtherwiseWhenCompiled, {}, "compiled"),
    ("test_compiled_module_gives_the_same_numbers", OtherGradientWhenCompiled, {}, "gradients"),
    ("test_gradients_agree_with_finite_differences", WrongGradient, {}, "Jacobian mismatch"),
    ("test_bad_input_is_refused_and_changes_nothing", RefusesTooLate, {}, "seen.0: 4 became 2"),
]


@pytest.mark.parametrize(
    ("test", "module", "arguments", "match"),
    MUTANTS,
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_broken_module_fails(test, module, arguments, match):
    getattr(contract(nn.Linear), test)(**arguments)  # the sound module passes
    with pytest.raises(REFUSALS, match=match):
        getattr(contract(module), test)(**arguments)


def test_every_test_of_the_battery_has_a_mutant():
    tests = {name for name in dir(ModuleContract) if name.startswith("test_")}
    elsewhere = {
        "test_data_parallel_equals_the_whole_batch",
        "test_accelerator_gives_the_same_numbers",
    }
    assert tests == {test for test, *_ in MUTANTS} | elsewhere


class SumLossContract(Sound):
    """A sum over the batch: averaging over processes then gives half of it."""

    def loss(self, module, inputs, outputs):
        return outputs.square().sum()


def test_a_loss_that_data_parallel_cannot_average_fails():
    with pytest.raises(AssertionError, match="gradients of rank 0"):
        SumLossContract().test_data_parallel_equals_the_whole_batch()


def test_wrong_shapes_are_reported():
    sizes = contract(nn.Linear, expected_shapes=lambda self, batch: (batch, 3))
    with pytest.raises(AssertionError, match=r"are \(4, 2\), expected \(4, 3\)"):
        sizes.test_outputs_have_the_documented_shapes()
    with pytest.raises(AssertionError, match="expected"):
        sizes.test_takes_other_batch_sizes()


def test_an_accepted_bad_input_fails():
    accepts = contract(nn.Linear, bad_inputs=(((torch.ones(2, 5),), ValueError, "never"),))
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        accepts.test_bad_input_is_refused_and_changes_nothing()


def test_bad_inputs_must_be_given():
    with pytest.raises(AssertionError, match="give bad_inputs"):
        contract(nn.Linear, bad_inputs=()).test_bad_input_is_refused_and_changes_nothing()


def test_a_switch_needs_a_reason():
    with pytest.raises(pytest.skip.Exception, match="gradcheck: it has no gradient"):
        contract(
            nn.Linear, gradcheck="it has no gradient"
        ).test_gradients_agree_with_finite_differences()
    for value in (False, None, ""):
        with pytest.raises(TypeError, match="`compile` must be True or a reason"):
            contract(nn.Linear, compile=value).test_compiled_module_gives_the_same_numbers()


def test_a_dtype_can_be_switched_off_with_a_reason():
    single = contract(AlwaysSingle, dtypes={torch.float64: "its tables are single precision"})
    with pytest.raises(pytest.skip.Exception, match="float64: its tables"):
        single.test_computes_in_every_floating_type(torch.float64)
