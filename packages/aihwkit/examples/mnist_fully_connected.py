"""A fully connected network learns MNIST on constant-step devices.

Network 784-256-128-10, sigmoids between, batches of 64, learning rate 0.05 halved every 10 epochs,
30 epochs of the full set in the reference.
"""

import torch
from common import accuracy, arguments, load_mnist, plot_training, train
from torch import nn

from aihwkit.nn import AnalogLinear, AnalogSequential
from aihwkit.optim import AnalogSGD
from aihwkit.simulator.configs import ConstantStepDevice, SingleRPUConfig


def build(config: SingleRPUConfig) -> AnalogSequential:
    """Return the network."""
    return AnalogSequential(
        nn.Flatten(),
        AnalogLinear(784, 256, True, rpu_config=config),
        nn.Sigmoid(),
        AnalogLinear(256, 128, True, rpu_config=config),
        nn.Sigmoid(),
        AnalogLinear(128, 10, True, rpu_config=config),
        nn.LogSoftmax(dim=1),
    )


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train, test and return loss and accuracy."""
    description = (__doc__ or "").splitlines()[0]
    options = arguments(description, epochs=10, lr=0.05, batch_size=64).parse_args(argv)
    torch.manual_seed(options.seed)
    device = ConstantStepDevice()
    model = build(SingleRPUConfig(device=device)).to(options.device)
    optimizer = AnalogSGD(model.parameters(), lr=options.lr)
    optimizer.regroup_param_groups(model)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)

    data = load_mnist(options, train=True)
    losses = train(model, optimizer, nn.functional.nll_loss, data, options, scheduler)
    right = accuracy(model, load_mnist(options, train=False))
    print(f"test accuracy {right:.2%}")
    if options.plot:
        plot_training(options.plot, device, losses)
    return {"loss": losses[-1], "accuracy": right}


if __name__ == "__main__":
    main()
