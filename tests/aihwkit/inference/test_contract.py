"""The contract battery on layers that are programmed, and learning of ranges when compiled."""

from typing import ClassVar

import torch

from aihwkit.nn import AnalogLinear, AnalogSequential
from aihwkit.optim import AnalogContext, AnalogSGD
from aihwkit.simulator.configs import (
    InferenceRPUConfig,
    InputRangeParameter,
    IOParameters,
    MappingParameter,
    PrePostProcessingParameter,
    TorchInferenceRPUConfig,
    TorchInferenceRPUConfigIRDropT,
)
from synaptensor.testing import ModuleContract

FIXED_DTYPE = "the data type of a native tile is part of its configuration"


class ProgrammedLayer(ModuleContract):
    """Battery on a layer whose weights have drifted."""

    config_class = TorchInferenceRPUConfig
    trainable = "the analog context has no gradient; the weights tile.weight have one"
    gradcheck = "the context is a parameter without effect on the output"
    device_move = "the tile keeps the stream of its line parameters, on the CPU"
    distributed = "covered with the tiles; programming is for evaluation"
    bad_inputs: ClassVar = [((torch.ones(2, 3),), RuntimeError, "mat1 and mat2|size|shape|Invalid")]

    def _new(self, seed=None):
        module = super()._new(seed)
        for parameter in module.parameters():
            if isinstance(parameter, AnalogContext):
                parameter.enable_data_view().get_data()
        return module

    def make(self):
        config = self.config_class()
        config.forward.is_perfect = True
        layer = AnalogLinear(5, 3, True, config).eval()
        layer.drift_analog_weights(1e4)
        return layer.train()

    def inputs(self, batch):
        return (torch.randn(batch, 5),)

    def expected_shapes(self, batch):
        return (batch, 3)

    def make_optimizer(self, module):
        return AnalogSGD(module.parameters(), lr=0.05)


class TestProgrammedTorchTile(ProgrammedLayer):
    pass


class TestProgrammedNativeTile(ProgrammedLayer):
    config_class = InferenceRPUConfig
    dtypes: ClassVar = {torch.float64: FIXED_DTYPE, torch.bfloat16: FIXED_DTYPE}
    device_move = "the simulator keeps random generators, which have no meta device"


class TestIRDropTile(ProgrammedLayer):
    dtypes: ClassVar = {torch.bfloat16: "the pulses of 8 bits do not fit its 8 significant bits"}

    def make(self):
        config = TorchInferenceRPUConfigIRDropT(mapping=MappingParameter(max_input_size=16))
        config.forward.out_noise = 0.0
        return AnalogLinear(5, 3, True, config)


def test_ranges_are_learned_when_compiled():
    results = []
    for compiled in (False, True):
        torch.manual_seed(0)
        range_ = InputRangeParameter(enable=True, init_from_data=2, init_value=0.5)
        config = TorchInferenceRPUConfig(
            forward=IOParameters(is_perfect=True),
            pre_post=PrePostProcessingParameter(input_range=range_),
        )
        model = AnalogSequential(AnalogLinear(6, 4, rpu_config=config), torch.nn.Tanh())
        optimizer = AnalogSGD(model.parameters(), lr=0.1)
        optimizer.regroup_param_groups(model)
        run = torch.compile(model, backend="aot_eager") if compiled else model
        for step in range(5):
            x = torch.randn(8, 6, generator=torch.Generator().manual_seed(step))
            optimizer.zero_grad()
            run(x).square().sum().backward()
            optimizer.step()
        tile = model[0].analog_module
        results.append((tile.input_range.detach().clone(), *model[0].get_weights()))
    assert results[0][0].item() != 0.5
    for eager, compiled in zip(*results, strict=True):
        torch.testing.assert_close(eager, compiled)
