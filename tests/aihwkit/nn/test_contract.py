"""The contract battery on analog layers."""

from typing import ClassVar

import pytest
import torch
from torch import nn

from aihwkit.nn import (
    AnalogConv1d,
    AnalogConv2d,
    AnalogConv2dMapped,
    AnalogConv3d,
    AnalogConv3dMapped,
    AnalogConvTranspose2d,
    AnalogGRUCell,
    AnalogLinear,
    AnalogLinearMapped,
    AnalogLSTMCell,
    AnalogLSTMCellCombinedWeight,
    AnalogRNN,
    AnalogSequential,
    AnalogVanillaRNNCell,
    AnalogWrapper,
)
from aihwkit.optim import AnalogContext, AnalogSGD
from aihwkit.simulator.configs import (
    ConstantStepDevice,
    FloatingPointRPUConfig,
    InferenceRPUConfig,
    MappingParameter,
    SingleRPUConfig,
    TorchInferenceRPUConfig,
)
from aihwkit.simulator.parameters import InputRangeParameter, PrePostProcessingParameter
from synaptensor.testing import ModuleContract

FIXED_DTYPE = "the data type of a native tile is part of its configuration"


def split(**options):
    return MappingParameter(max_input_size=4, max_output_size=2, **options)


def inference(cls, **options):
    config = cls(noise_model=None, drift_compensation=None, **options)
    config.forward.out_noise = 0.0
    return config


class VisibleWeights(ModuleContract):
    """Battery that sees the weights of the tiles in the contexts, not placeholders."""

    def _new(self, seed=None):
        module = super()._new(seed)
        for parameter in module.parameters():
            if isinstance(parameter, AnalogContext):
                # Devices are drawn at the first look, so it must come right after the seed.
                parameter.enable_data_view().get_data()
        return module


class AnalogContract(VisibleWeights):
    """Battery for tiles that are trained in analog."""

    dtypes: ClassVar = {torch.float64: FIXED_DTYPE, torch.bfloat16: FIXED_DTYPE}
    trainable = "analog weights change by tile.update and never have a gradient"
    gradcheck = FIXED_DTYPE
    distributed = "torch's data parallelism reduces gradients, analog tiles have traces"
    device_move = "the simulator keeps random generators, which have no meta device"

    def make_optimizer(self, module):
        return AnalogSGD(module.parameters(), lr=0.05)


class TestAnalogLinearDefault(AnalogContract):
    bad_inputs: ClassVar = [
        ((torch.ones(2, 3),), RuntimeError, "Invalid x_input dimensions"),
        ((torch.ones(2, 5, dtype=torch.float64),), RuntimeError, "right data type"),
    ]

    def make(self):
        return AnalogLinear(5, 3)

    def inputs(self, batch):
        return (torch.randn(batch, 5),)

    def expected_shapes(self, batch):
        return (batch, 3)


class TestAnalogLinearConstantStep(TestAnalogLinearDefault):
    independent_samples = "noise of the analog product comes from one stream"
    pure_eval = "reading draws noise from the tile's stream"

    def make(self):
        return AnalogLinear(5, 3, True, SingleRPUConfig(device=ConstantStepDevice()))


class TestAnalogLinearArray(TestAnalogLinearDefault):
    bad_inputs: ClassVar = [((torch.ones(2, 3),), RuntimeError, "Invalid x_input dimensions")]

    def make(self):
        return AnalogLinear(5, 3, True, FloatingPointRPUConfig(mapping=split()))


class TestAnalogLinearMapped(TestAnalogLinearArray):
    def make(self):
        return AnalogLinearMapped(5, 3, True, FloatingPointRPUConfig(mapping=split()))


class TestAnalogConv1d(AnalogContract):
    bad_inputs: ClassVar = [((torch.ones(2, 3, 7),), ValueError, r"must have shape \[N, 2")]

    def make(self):
        return AnalogConv1d(2, 4, 3, padding=1)

    def inputs(self, batch):
        return (torch.randn(batch, 2, 7),)

    def expected_shapes(self, batch):
        return (batch, 4, 7)


class TestAnalogConv2dConstantStep(AnalogContract):
    independent_samples = "noise of the analog product comes from one stream"
    pure_eval = "reading draws noise from the tile's stream"
    bad_inputs: ClassVar = [
        ((torch.ones(2, 3, 7, 7),), ValueError, r"x_input must have shape"),
        ((torch.ones(2, 2, 2, 2),), RuntimeError, "at least as large as the kernel"),
    ]

    def make(self):
        return AnalogConv2d(2, 3, 3, stride=2, rpu_config=SingleRPUConfig())

    def inputs(self, batch):
        return (torch.randn(batch, 2, 6, 7),)

    def expected_shapes(self, batch):
        return (batch, 3, 2, 3)


class TestAnalogConv2dMapped(AnalogContract):
    bad_inputs: ClassVar = [((torch.ones(2, 3, 7, 7),), ValueError, r"x_input must have shape")]

    def make(self):
        mapping = MappingParameter(max_input_size=9, max_output_size=2)
        return AnalogConv2dMapped(2, 3, 3, rpu_config=FloatingPointRPUConfig(mapping=mapping))

    def inputs(self, batch):
        return (torch.randn(batch, 2, 6, 7),)


class TestAnalogConv3d(AnalogContract):
    compile = "tested for two dimensions"
    bad_inputs: ClassVar = [((torch.ones(2, 3, 4, 4, 4),), ValueError, "x_input must have shape")]

    def make(self):
        return AnalogConv3d(2, 3, 2, rpu_config=FloatingPointRPUConfig())

    def inputs(self, batch):
        return (torch.randn(batch, 2, 3, 4, 3),)

    def expected_shapes(self, batch):
        return (batch, 3, 2, 3, 2)


class TestAnalogConv3dMapped(TestAnalogConv3d):
    def make(self):
        mapping = MappingParameter(max_input_size=8, max_output_size=2)
        return AnalogConv3dMapped(2, 3, 2, rpu_config=FloatingPointRPUConfig(mapping=mapping))


class TestGroupedConvolution(TestAnalogConv1d):
    compile = "tested for one group"

    def make(self):
        return AnalogConv1d(2, 4, 3, padding=1, groups=2, rpu_config=FloatingPointRPUConfig())


class TestAnalogConvTranspose2d(AnalogContract):
    compile = "tested for convolutions"
    bad_inputs: ClassVar = [((torch.ones(2, 3, 4, 4),), ValueError, r"must have shape \[N, 2")]

    def make(self):
        return AnalogConvTranspose2d(2, 3, 3, stride=2, rpu_config=FloatingPointRPUConfig())

    def inputs(self, batch):
        return (torch.randn(batch, 2, 3, 4),)

    def expected_shapes(self, batch):
        return (batch, 3, 7, 9)


class TestAnalogSequential(AnalogContract):
    bad_inputs: ClassVar = [((torch.ones(2, 3),), RuntimeError, "Invalid x_input dimensions")]

    def make(self):
        return AnalogSequential(
            AnalogLinear(5, 4, True, SingleRPUConfig(device=ConstantStepDevice())),
            nn.Sequential(nn.Tanh(), nn.Linear(4, 4)),
            nn.ModuleList([AnalogLinear(4, 2)])[0],
        )

    independent_samples = "noise of the analog product comes from one stream"
    pure_eval = "reading draws noise from the tile's stream"

    def inputs(self, batch):
        return (torch.randn(batch, 5),)


class TestAnalogRNN(AnalogContract):
    batch_dim = 1
    bad_inputs: ClassVar = [((torch.ones(4, 3),), ValueError, r"must have shape \[T, B, 3")]

    def make(self):
        return AnalogRNN(AnalogLSTMCell, 3, 4, True, FloatingPointRPUConfig())

    def inputs(self, batch):
        return (torch.randn(5, batch, 3),)

    def expected_shapes(self, batch):
        return ((5, batch, 4), [((batch, 4), (batch, 4))])

    def _part(self, tree, start, stop):
        pytest.skip("outputs and states have the batch in different dimensions")


class TestBidirectionalRNN(TestAnalogRNN):
    compile = "tested for one direction"

    def make(self):
        config = FloatingPointRPUConfig()
        return AnalogRNN(AnalogGRUCell, 3, 4, True, config, num_layers=2, bidir=True)

    def expected_shapes(self, batch):
        layer = [(batch, 4), (batch, 4)]
        return ((5, batch, 8), [layer, layer])


class TestVanillaRNN(TestAnalogRNN):
    compile = "tested for cells with gates"

    def make(self):
        return AnalogRNN(AnalogVanillaRNNCell, 3, 4, True, SingleRPUConfig())

    pure_eval = "reading draws noise from the tile's stream"
    independent_samples = "noise of the analog product comes from one stream"

    def expected_shapes(self, batch):
        return ((5, batch, 4), [(batch, 4)])


class TestCombinedWeights(TestAnalogRNN):
    compile = "tested for separate weights"

    def make(self):
        return AnalogRNN(AnalogLSTMCellCombinedWeight, 3, 4, True, FloatingPointRPUConfig())


class Digital(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = AnalogLinear(5, 4)
        self.second = nn.Linear(4, 3)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


class TestAnalogWrapper(TestAnalogLinearDefault):
    compile = "tested for sequences"

    def make(self):
        return AnalogWrapper(Digital())


class TestInferenceTile(TestAnalogLinearDefault):
    distributed = True
    pure_eval = "reading draws noise from the tile's stream"
    independent_samples = True

    def make(self):
        layer = AnalogLinear(5, 3, True, inference(InferenceRPUConfig))
        layer.prepare_for_ddp()
        return layer


class TestTorchInferenceTile(VisibleWeights):
    trainable = "the analog context has no gradient; the weights tile.weight have one"
    gradcheck = "the context is a parameter without effect on the output"
    device_move = "the tile keeps the stream of its line parameters, on the CPU"
    bad_inputs: ClassVar = [((torch.ones(2, 3),), RuntimeError, "Invalid x_input dimensions")]

    def make(self):
        config = inference(TorchInferenceRPUConfig)
        config.forward.is_perfect = True
        layer = AnalogLinear(5, 3, True, config)
        layer.prepare_for_ddp()
        return layer

    def inputs(self, batch):
        return (torch.randn(batch, 5),)

    def make_optimizer(self, module):
        return AnalogSGD(module.parameters(), lr=0.05, momentum=0.9)


class TestTorchInferenceTileWithInputRange(TestTorchInferenceTile):
    batch_change = True
    pure_eval = True
    distributed = "the input range adapts to the data of each process"

    def make(self):
        range_ = InputRangeParameter(enable=True, init_from_data=2)
        config = inference(
            TorchInferenceRPUConfig, pre_post=PrePostProcessingParameter(input_range=range_)
        )
        config.forward.inp_res, config.forward.out_res = -1, -1
        return AnalogLinear(5, 3, True, config)

    dtypes: ClassVar = {torch.bfloat16: "the analog product draws its noise in float32 steps"}
