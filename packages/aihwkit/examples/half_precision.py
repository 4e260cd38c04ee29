"""A convolutional network with torch tiles learns in half the number of bits.

Tiles are built with a data type; the rest of the network follows with `.to(dtype)`.
"""

import torch
from common import accuracy, arguments, load_mnist, train
from torch import nn

from aihwkit.nn import AnalogConv2d, AnalogLinear, AnalogSequential
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import IOParameters, MappingParameter, TorchInferenceRPUConfig
from aihwkit.simulator.parameters import RPUDataType

DTYPES = {"bfloat16": RPUDataType.BFLOAT16, "half": RPUDataType.HALF, "float": RPUDataType.FLOAT}


def build(data_type: RPUDataType) -> AnalogSequential:
    """Return the network."""
    config = TorchInferenceRPUConfig(
        forward=IOParameters(out_noise=0.02), mapping=MappingParameter(weight_scaling_omega=1.0)
    )
    config.runtime.data_type = data_type
    model = AnalogSequential(
        AnalogConv2d(1, 8, 3, stride=2, rpu_config=config),
        nn.ReLU(),
        AnalogConv2d(8, 16, 3, stride=2, rpu_config=config),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.25),
        AnalogLinear(576, 64, rpu_config=config),
        nn.ReLU(),
        AnalogLinear(64, 10, rpu_config=config),
        nn.LogSoftmax(dim=1),
    )
    return model.to(data_type.as_torch())


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train and return accuracy and bytes of a weight."""
    parser = arguments((__doc__ or "").splitlines()[0], epochs=3, lr=0.05, batch_size=32)
    parser.add_argument("--data-type", choices=DTYPES, default="bfloat16")
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    data_type = DTYPES[options.data_type]
    model = build(data_type).to(options.device)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr, momentum=0.9)
    optimizer.regroup_param_groups(model)
    images, labels = load_mnist(options, train=True)
    dtype = data_type.as_torch()
    losses = train(model, optimizer, nn.functional.nll_loss, (images.to(dtype), labels), options)
    images, labels = load_mnist(options, train=False)
    right = accuracy(model, (images.to(dtype), labels))
    if options.plot:
        from matplotlib.figure import Figure
        from toy import draw_curves, save

        figure = Figure(figsize=(6, 4), layout="constrained")
        draw_curves(figure.subplots(), {options.data_type: losses})
        save(figure, options.plot)
    size = next(model.analog_tiles()).tile.weight.element_size()
    print(f"{options.data_type}: {size} bytes a weight, test accuracy {right:.2%}")
    return {"loss": losses[-1], "accuracy": right, "bytes": size}


if __name__ == "__main__":
    main()
